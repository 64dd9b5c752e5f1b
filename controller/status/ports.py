"""A port's status: where it is plugged in, and each hop from intent to flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.courses import Middlebox
from controller.derived import Endpoint
from controller.entities import Chassis, Interface, Network, Port
from controller.links import Heading
from controller.status.chains import middlebox_status
from controller.status.conditions import condition, progress, ready, refusals, waiting_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.core import Core


def port_status(core: Core, key: str, started: float) -> dict[str, object]:
    """Where the port is plugged in, its conditions, and each hop from intent to flows."""
    box: Middlebox | None = core.compiler.store.get(Middlebox, key)
    if box is not None:
        return middlebox_status(core, box, started)
    subject = ("Port", key)
    port: Port | None = core.compiler.store.get(Port, key)
    endpoint: Endpoint | None = core.compiler.store.get(Endpoint, key)
    since = core.readiness.since(subject, started)
    found: dict[str, object] = {
        "chassis": endpoint.chassis if endpoint else None,
        "interface": endpoint.interface if endpoint else None,
        "ofport": endpoint.ofport if endpoint else None,
        "conditions": [
            ready(core, subject, _port_reason(core, port, endpoint), started),
            condition("Bound", *_bound(endpoint), since, holds=endpoint is not None),
        ],
        "hops": _hops(core, port, endpoint),
    }
    return found


def _bound(endpoint: Endpoint | None) -> tuple[str, str]:
    if endpoint is None:
        return "NotPlugged", "no interface names this port"
    return "Plugged", f"interface {endpoint.interface} on chassis {endpoint.chassis}"


def _port_reason(core: Core, port: Port | None, endpoint: Endpoint | None) -> tuple[str, str]:
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
    refused = refusals(core, endpoint.chassis, subject)
    if refused:
        return "Refused", f"chassis {endpoint.chassis} refused a flow: {refused[0]}"
    return progress(core, subject)


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
    return [*hops, *_ways_out(core, endpoint, len(core.compiler.chassis_of(("Port", port.key)) - {endpoint.chassis}))]


def _ways_out(core: Core, endpoint: Endpoint, others: int) -> Iterator[dict[str, object]]:
    """The tunnel, or the links of a bridge that has none, which others need it for or which it has anyway."""
    there: Chassis | None = core.compiler.store.get(Chassis, endpoint.chassis)
    linked = core.compiler.store.get(Heading, endpoint.chassis) is not None
    if there is not None and there.encap_ip is None and linked:
        yield _hop("links", f"by links between bridges to {others} other chassis", holds=True)
        return
    tunnel = there is not None and there.encap_ip is not None and endpoint.encap in dict(there.tunnels)
    if others or tunnel:
        detail = f"{endpoint.encap} from {there.encap_ip if there else None} to {others} other chassis"
        yield _hop("tunnel", detail, holds=tunnel)


def _hop(name: str, detail: str, *, holds: bool) -> dict[str, object]:
    return {"hop": name, "holds": holds, "detail": detail}
