"""A router's status: which chassis carries what leaves by it, or why none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.entities import Chassis, Network, Router, Seat
from controller.status.conditions import condition, progress, ready

if TYPE_CHECKING:
    from controller.compiler.ownership import Subject
    from controller.core import Core
    from controller.entities import External


def router_status(core: Core, key: str, started: float) -> dict[str, object]:
    """The chassis that route, the one that leads out, and whether all have the flows."""
    subject = ("Router", key)
    router: Router | None = core.compiler.store.get(Router, key)
    seat: Seat | None = core.compiler.store.get(Seat, key)
    external = router.external if router else None
    conditions = [ready(core, subject, _reason(core, router, subject), started)]
    if external is not None:
        conditions.append(_seated(core, external, seat, started))
    return {
        "chassis": sorted(core.compiler.chassis_of(subject)),
        "seat": seat.chassis if seat and external else None,
        "conditions": conditions,
    }


def _reason(core: Core, router: Router | None, subject: Subject) -> tuple[str, str]:
    if router is None or not any(core.compiler.store.get(Network, each.network) for each in router.interfaces):
        return "NetworkMissing", "it joins no network that exists"
    return progress(core, subject)


def _seated(core: Core, external: External, seat: Seat | None, since: float) -> dict[str, object]:
    """Whether a chassis carries the router's external traffic."""
    network: Network | None = core.compiler.store.get(Network, external.network)
    if network is None:
        reason, message = "NetworkMissing", f"network {external.network} does not exist yet"
    elif network.mode == "nat":
        return condition("Seated", "EveryHost", "every host translates for the ports on it", since, holds=True)
    elif seat is not None:
        return condition("Seated", "Elected", f"chassis {seat.chassis} carries it", since, holds=True)
    else:
        reason, message = unseated(core, network)
    return condition("Seated", reason, message, since, holds=False)


def unseated(core: Core, network: Network) -> tuple[str, str]:
    """Why no chassis carries what leaves by a bridged network."""
    physical = network.physical_network
    able = [key for key in sorted(core.compiler.store.keys(Chassis)) if _carries(core, key, physical)]
    if not able:
        remedy = "set external_ids:netloom-bridge-mappings of a host"
        return "NoSegment", f"no chassis has a bridge for physical network {physical}: {remedy}"
    return "NoneInReach", f"none of {', '.join(able)} is in reach"


def _carries(core: Core, key: str, physical: str | None) -> bool:
    chassis: Chassis | None = core.compiler.store.get(Chassis, key)
    return chassis is not None and physical in dict(chassis.segments)
