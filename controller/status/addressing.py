"""Addressing as it is told: leases as rows, whether somebody else claims a port's addresses, whether ports are left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.status.conditions import condition, timestamp

if TYPE_CHECKING:
    from controller.services.outcome import Lease
    from controller.steward import Steward


def lease_rows(services: Steward) -> list[dict[str, object]]:
    """All leases that this daemon has heard of."""
    return [_row(lease) for lease in services.leases.rows(services.clock())]


def _row(lease: Lease) -> dict[str, object]:
    return {
        "port": lease.port,
        "network": lease.network,
        "chassis": lease.chassis,
        "mac": lease.mac,
        "address": lease.address,
        "hostname": lease.hostname,
        "state": lease.state,
        "since": timestamp(lease.since),
        "expires": timestamp(lease.expires) if lease.expires is not None else None,
    }


def with_duplicates(status: dict[str, object], services: Steward, port: str, started: float) -> dict[str, object]:
    """A port's status with the condition Duplicate."""
    before = status["conditions"]
    return status | {"conditions": [*(before if isinstance(before, list) else []), _duplicate(services, port, started)]}


def with_exhaustion(status: dict[str, object], services: Steward, router: str, started: float) -> dict[str, object]:
    """A router's status, or that of a nat network, with the condition PortsExhausted; by the key of its exit."""
    spell = services.exhaustions.of(router, services.clock())
    if spell is None:
        told = condition(
            "PortsExhausted", "PortsLeft", "every connection found a port of its own", started, holds=False
        )
    else:
        message = f"no port of its outer address is left on chassis {spell.chassis}: connections fail"
        told = condition("PortsExhausted", "NoneLeft", message, spell.first, holds=True)
    before = status["conditions"]
    return status | {"conditions": [*(before if isinstance(before, list) else []), told]}


def _duplicate(services: Steward, port: str, started: float) -> dict[str, object]:
    """What was seen on the wire comes first, then what the port's machine says of it."""
    now = services.clock()
    for seen in services.duplicates.of(port, now):
        claim = seen.duplicate
        message = f"{claim.address} is also claimed by {claim.mac} ({claim.by})"
        return condition("Duplicate", "Claimed", message, seen.first, holds=True)
    for lease in services.leases.of(port, now):
        if lease.state == "declined":
            message = f"the port's machine found {lease.address} in use, and declined it"
            return condition("Duplicate", "Declined", message, lease.since, holds=True)
    return condition("Duplicate", "NoneSeen", "nobody else claims its addresses", started, holds=False)
