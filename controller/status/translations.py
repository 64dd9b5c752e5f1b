"""The status of floating IPs and port forwards: which chassis translates, or the first thing that is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import DOOR, Endpoint, Exit, Floating
from controller.entities import FloatingIp, Network, Port, PortForward, Router
from controller.status.conditions import progress, ready
from controller.status.routers import unseated

if TYPE_CHECKING:
    from controller.core import Core


def floating_status(core: Core, key: str, started: float) -> dict[str, object]:
    """The router that a floating IP is of, and the chassis that translates it."""
    subject = ("FloatingIP", key)
    found: Floating | None = core.compiler.store.get(Floating, key)
    reason = _floating_reason(core, key) if found is None else progress(core, subject)
    return {
        "chassis": found.chassis if found else None,
        "router": found.router if found else None,
        "conditions": [ready(core, subject, reason, started)],
    }


def _floating_reason(core: Core, key: str) -> tuple[str, str]:
    """Why nobody translates a floating IP."""
    floating: FloatingIp | None = core.compiler.store.get(FloatingIp, key)
    if floating is None:
        return "Incomplete", "it stands for no port yet, or its network does not exist"
    endpoint: Endpoint | None = core.compiler.store.get(Endpoint, floating.port)
    if endpoint is None:
        return _unplugged(core, floating.port)
    if floating.private_address is None:
        return "NoAddress", f"port {floating.port} has no address of the IP version of {floating.address}"
    network: Network | None = core.compiler.store.get(Network, floating.network)
    if network is None or not _led_out(core, endpoint, floating.network):
        return "NoRouter", f"no router leads from network {endpoint.network} to network {floating.network}"
    return unseated(core, network)


def _led_out(core: Core, endpoint: Endpoint, network: str) -> bool:
    """Whether a router of the port's own network leaves by another network."""
    store = core.compiler.store
    routers = (store.get(Router, key) for key in store.where(Router, "network", endpoint.network))
    return any(router and router.external and router.external.network == network for router in routers)


def _unplugged(core: Core, key: str) -> tuple[str, str]:
    """Why a port is nowhere."""
    if core.compiler.store.get(Port, key) is None:
        return "PortMissing", f"port {key} does not exist yet, or its network does not"
    return "NotPlugged", f"port {key} is not plugged in"


def forward_status(core: Core, key: str, started: float) -> dict[str, object]:
    """The chassis that a forward's port is on."""
    subject = ("PortForward", key)
    forward: PortForward | None = core.compiler.store.get(PortForward, key)
    endpoint: Endpoint | None = core.compiler.store.get(Endpoint, forward.port) if forward else None
    reason = _forward_reason(core, forward, endpoint) or progress(core, subject)
    return {
        "chassis": endpoint.chassis if endpoint else None,
        "conditions": [ready(core, subject, reason, started)],
    }


def _forward_reason(core: Core, forward: PortForward | None, endpoint: Endpoint | None) -> tuple[str, str] | None:
    """The first thing that keeps a forward from leading anywhere, or None."""
    if forward is None:
        return "Incomplete", "it has not been compiled yet"
    leaving: Exit | None = core.compiler.store.get(Exit, forward.via)
    way = forward.via.removeprefix(DOOR)
    if leaving is None:
        return "NoWayOut", f"{way} does not exist yet, or does not lead out"
    if endpoint is None:
        return _unplugged(core, forward.port)
    if endpoint.realm != leaving.realm:
        return "NotJoined", f"{way} does not lead to network {endpoint.network}"
    outer, inner = ({":" in address for address in each} for each in (leaving.addresses, endpoint.ipv4 + endpoint.ipv6))
    if not outer & inner:
        return "NoAddress", f"port {forward.port} has no address of an IP version that {way} has outside"
    return None
