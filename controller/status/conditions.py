"""Status: how far a resource has come, hop by hop, and what it waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.entities import Chassis, Interface, Network, Port

if TYPE_CHECKING:
    from controller.compiler.compiler import Subject
    from controller.core import Core


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def waiting_for(core: Core, subject: Subject) -> list[str]:
    """The chassis that have yet to confirm, each with why."""
    found = []
    for chassis in sorted(core.compiler.chassis_of(subject)):
        bridge = core.bridges.get(chassis)
        if bridge is None or bridge.confirmed(core.turn) < core.turn:
            found.append(f"chassis {chassis} {chassis_state(core, chassis)}")
        found += [
            f"chassis {chassis} refused a flow: {reason}" for reason in sorted(set(_refusals(core, chassis, subject)))
        ]
    return found


def chassis_state(core: Core, chassis: str) -> str:
    """What keeps a chassis from confirming."""
    bridge = core.bridges.get(chassis)
    if bridge is None or bridge.connection is None:
        return "is not connected"
    return "has not answered yet" if bridge.in_sync else "is being read"


def _refusals(core: Core, chassis: str, subject: Subject) -> list[str]:
    """Why the switch would not take flows of this resource."""
    bridge = core.bridges.get(chassis)
    if bridge is None:
        return []
    found = []
    for cookie, reason in bridge.refusals.items():
        flow = core.compiler.catalogue.find(chassis, cookie)
        if flow is not None and subject in {
            core.compiler.subject(node) for node in core.compiler.catalogue.owners(flow)
        }:
            found.append(reason)
    return found


def _condition(kind: str, reason: str, message: str, since: float, *, holds: bool) -> dict[str, object]:
    return {"type": kind, "status": holds, "reason": reason, "message": message, "since": timestamp(since)}


def port_status(core: Core, key: str, started: float) -> dict[str, object]:
    """Where the port is plugged in, its conditions, and each hop from intent to flows."""
    subject = ("Port", key)
    port: Port | None = core.compiler.store.get(Port, key)
    endpoint: Endpoint | None = core.compiler.store.get(Endpoint, key)
    since = core.readiness.since(subject, started)
    reason, message = _port_reason(core, port, endpoint)
    found: dict[str, object] = {
        "chassis": endpoint.chassis if endpoint else None,
        "interface": endpoint.interface if endpoint else None,
        "ofport": endpoint.ofport if endpoint else None,
        "conditions": [
            _condition("Ready", reason, message, since, holds=reason == "Confirmed"),
            _condition("Bound", *_bound(endpoint), since, holds=endpoint is not None),
        ],
        "hops": _hops(core, port, endpoint),
    }
    return found


def _bound(endpoint: Endpoint | None) -> tuple[str, str]:
    if endpoint is None:
        return "NotPlugged", "no interface names this port"
    return "Plugged", f"interface {endpoint.interface} on chassis {endpoint.chassis}"


def _port_reason(  # noqa: PLR0911 - one reason a line, the first that holds
    core: Core, port: Port | None, endpoint: Endpoint | None
) -> tuple[str, str]:
    """The first thing that keeps the port from being ready."""
    if port is None:
        return "Incomplete", "its network does not exist yet"
    if core.compiler.store.get(Network, port.network) is None:
        return "NetworkMissing", f"network {port.network} does not exist yet"
    if not port.admin_up:
        return "Down", "spec.admin_up is false"
    if endpoint is None:
        where = f" (its binding names {port.binding.chassis}/{port.binding.interface})" if port.binding else ""
        return "NotPlugged", f"no interface names this port{where}: set external_ids:iface-id to its uid or {port.key}"
    subject = ("Port", port.key)
    refused = _refusals(core, endpoint.chassis, subject)
    if refused:
        return "Refused", f"chassis {endpoint.chassis} refused a flow: {refused[0]}"
    if not core.readiness.ready(subject):
        return "Programming", "; ".join(waiting_for(core, subject)) or "flows are on their way"
    return "Confirmed", "every switch that needs its flows has confirmed them"


def _hops(core: Core, port: Port | None, endpoint: Endpoint | None) -> list[dict[str, object]]:
    """Intent, network, interface, switch, flows here, flows elsewhere, tunnel: each with whether it holds."""
    hops = [_hop("intent", "the port is asked for and up", holds=port is not None and port.admin_up)]
    if port is None:
        return hops
    network = core.compiler.store.get(Network, port.network)
    hops.append(_hop("network", port.network, holds=network is not None))
    if endpoint is None:
        claims = [
            *core.compiler.store.where(Interface, "iface_id", port.uid),
            *core.compiler.store.where(Interface, "iface_id", port.key),
        ]
        return [*hops, _hop("interface", ", ".join(claims) or "none names the port", holds=False)]
    hops.append(_hop("interface", f"{endpoint.interface}, OpenFlow port {endpoint.ofport}", holds=True))
    bridge = core.bridges.get(endpoint.chassis)
    hops.append(_hop("switch", endpoint.chassis, holds=bridge is not None and bridge.connection is not None))
    waiting = waiting_for(core, ("Port", port.key))
    hops.append(_hop("flows", "; ".join(waiting) or "confirmed on every chassis of the network", holds=not waiting))
    there = core.compiler.store.get(Chassis, endpoint.chassis)
    tunnel = there is not None and there.encap_ip is not None and endpoint.encap in dict(there.tunnels)
    others = core.compiler.chassis_of(("Port", port.key)) - {endpoint.chassis}
    if others or tunnel:
        detail = f"{endpoint.encap} from {there.encap_ip if there else None} to {len(others)} other chassis"
        hops.append(_hop("tunnel", detail, holds=tunnel))
    return hops


def _hop(name: str, detail: str, *, holds: bool) -> dict[str, object]:
    return {"hop": name, "holds": holds, "detail": detail}


def network_status(core: Core, key: str, started: float) -> dict[str, object]:
    """The chassis a network is on, and whether they have its flows."""
    subject = ("Network", key)
    ready = core.readiness.ready(subject)
    waiting = [] if ready else waiting_for(core, subject)
    message = "; ".join(waiting) or ("confirmed" if ready else "flows are on their way")
    since = core.readiness.since(subject, started)
    return {
        "chassis": sorted(core.compiler.chassis_of(subject)),
        "ports": core.compiler.store.count(Port, "network", key),
        "conditions": [_condition("Ready", "Confirmed" if ready else "Programming", message, since, holds=ready)],
    }


def project_status(_core: Core, _key: str, started: float) -> dict[str, object]:
    """A project has no flows: it is ready as it stands."""
    return {"conditions": [_condition("Ready", "Confirmed", "nothing to program", started, holds=True)]}
