"""What a host's view says, as values: the host itself, its interfaces, what a plan starts from, and what is wrong."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, get_args

from controller.entities import Encap
from ovsdb.host_plan import (
    Observed,
    ObservedBridge,
    ObservedController,
    ObservedTunnel,
    Wanted,
    tunnel_port,
)
from ovsdb.rows import ChassisRow, InterfaceRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ovsdb.columns import Row
    from ovsdb.host_view import HostView

_LONGEST_NAME = 255
_ENCAPS: tuple[Encap, ...] = get_args(Encap)


def chassis(view: HostView, bridge: str, peer: str | None) -> ChassisRow | None:
    """Return the host; None while it has no usable external_ids:system-id. ``peer`` is its session's address."""
    external_ids = _external_ids(view)
    name = external_ids.get("system-id", "")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        return None
    ours = next((row for _, row in view.bridges() if row.get("name") == bridge), {})
    system = view.system()
    dpid = _dpid(ours.get("datapath_id"))
    return ChassisRow(
        name=name,
        hostname=external_ids.get("hostname", ""),
        dpid=dpid,
        datapath_type="" if dpid is None else ours.get("datapath_type", "") or "system",
        encap_ip=_encap_ip(external_ids.get("netloom-encap-ip"), peer),
        ovs_version=(system[1].get("ovs_version") or "") if system else "",
    )


def interface(view: HostView, uuid: str, bridge: str) -> InterfaceRow | None:
    """Return an interface; None where it is not on ``bridge``."""
    found = view.interface(uuid)
    if found is None or found[1] != bridge:
        return None
    row = found[0]
    ofport = row.get("ofport")
    return InterfaceRow(
        name=row.get("name", ""),
        ofport=ofport if ofport is not None and ofport > 0 else None,  # -1: OVS could not open it
        type=row.get("type", ""),
        iface_id=row.get("external_ids", {}).get("iface-id"),
        error=row.get("error"),
    )


def observed(view: HostView) -> Observed | None:
    """Return what a plan starts from; None where the database is empty."""
    system = view.system()
    if system is None:
        return None
    uuid, row = system
    return Observed(
        system=uuid,
        name=row.get("external_ids", {}).get("system-id", ""),
        settled=row.get("cur_cfg", 0) == row.get("next_cfg", 0),
        datapath_types=row.get("datapath_types", frozenset()),
        bridges=tuple(_bridge(view, uuid, row) for uuid, row in view.bridges()),
        tunnels=tuple(tunnel for encap in _ENCAPS for tunnel in _tunnel(view, encap)),
    )


def problems(view: HostView, wanted: Wanted) -> Iterator[str]:
    """Yield what keeps this host from working as it should, each with what would mend it."""
    external_ids = _external_ids(view)
    if not external_ids.get("system-id"):
        yield "the host has no name: ovs-vsctl set open_vswitch . external_ids:system-id=NAME"
    encap_ip = external_ids.get("netloom-encap-ip")
    if encap_ip is not None and _address(encap_ip) is None:
        yield f"external_ids:netloom-encap-ip is no IP address: {encap_ip}"
    for uuid, row in view.bridges():
        if row.get("name") == wanted.bridge:
            yield from _bridge_problems(view, uuid, row, wanted)


def _bridge_problems(view: HostView, uuid: str, row: Row, wanted: Wanted) -> Iterator[str]:
    if row.get("datapath_id") is None:
        yield f"{wanted.bridge} has no datapath: is ovs-vswitchd running?"
    for _, controller in view.controllers(row):
        if not controller.get("is_connected", False):
            yield f"{wanted.bridge} has no OpenFlow session to {controller.get('target')}"
    for encap in wanted.encaps:
        found = view.port(tunnel_port(encap))
        if found is not None and found[1] != uuid:
            yield f"{tunnel_port(encap)} is a port of another bridge: ovs-vsctl del-port {tunnel_port(encap)}"
        for interface_uuid in found[2] if found else ():
            held = view.interface(interface_uuid)
            if held is not None and held[0].get("error"):
                yield f"{tunnel_port(encap)}: {held[0]['error']}"


def _bridge(view: HostView, uuid: str, row: Row) -> ObservedBridge:
    return ObservedBridge(
        uuid=uuid,
        name=row.get("name", ""),
        fail_mode=row.get("fail_mode"),
        datapath_type=row.get("datapath_type", ""),
        datapath_id=row.get("datapath_id"),
        other_config=row.get("other_config", {}),
        protocols=row.get("protocols", frozenset()),
        controllers=tuple(_controller(uuid, row) for uuid, row in view.controllers(row)),
    )


def _controller(uuid: str, row: Row) -> ObservedController:
    return ObservedController(
        uuid=uuid,
        target=row.get("target", ""),
        connection_mode=row.get("connection_mode"),
        max_backoff=row.get("max_backoff"),
        inactivity_probe=row.get("inactivity_probe"),
    )


def _tunnel(view: HostView, encap: Encap) -> Iterator[ObservedTunnel]:
    found = view.port(tunnel_port(encap))
    if found is None:
        return
    port, bridge, interfaces = found
    for uuid in interfaces[:1]:
        held = view.interface(uuid)
        row: Row = held[0] if held is not None else {}
        yield ObservedTunnel(
            encap=encap,
            port=port,
            interface=uuid,
            bridge=bridge,
            type=row.get("type", ""),
            options=row.get("options", {}),
            ofport_request=row.get("ofport_request"),
        )


def _external_ids(view: HostView) -> Mapping[str, str]:
    system = view.system()
    found: Any = system[1].get("external_ids", {}) if system else {}
    return dict(found)


def _dpid(text: str | None) -> int | None:
    try:
        return int(text, 16) if text else None
    except ValueError:
        return None


def _encap_ip(configured: str | None, peer: str | None) -> str | None:
    if configured is not None:
        return _address(configured)
    return None if peer is None or ipaddress.ip_address(peer).is_loopback else peer


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
