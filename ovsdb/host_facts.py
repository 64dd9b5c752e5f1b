"""What a host's view says, as values: the host itself, its interfaces, what a plan starts from, and what is wrong."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from ovsdb import mappings, own_ports
from ovsdb.host_plan import Observed, ObservedBridge, ObservedController, Wanted, usable_mappings
from ovsdb.own_ports import ObservedPort
from ovsdb.rows import ChassisRow, InterfaceRow, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ovsdb.columns import Row
    from ovsdb.host_view import HostView
    from ovsdb.rows import Liveness

_LONGEST_NAME = 255
_LONGEST_WORD = 4096
_LABELS = "netloom-labels"


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
        gateway=_labels(external_ids.get(_LABELS, "")).get("gateway") == "true",
    )


def interface(view: HostView, uuid: str, bridge: str) -> InterfaceRow | None:
    """Return an interface; None where it is not on ``bridge``."""
    found = view.interface(uuid)
    if found is None or found[1] != bridge:
        return None
    row = found[0]
    ofport, external_ids = row.get("ofport"), row.get("external_ids", {})
    name = row.get("name", "")
    ours = own_ports.NAME.fullmatch(name) is not None
    peer = _short(external_ids, own_ports.PEER) if ours else None
    return InterfaceRow(
        name=name,
        ofport=ofport if ofport is not None and ofport > 0 else None,  # -1: OVS could not open it
        type=row.get("type", ""),
        iface_id=_short(external_ids, "iface-id"),
        error=row.get("error"),
        physical_network=_short(external_ids, own_ports.PHYSICAL_NETWORK) if ours else None,
        serves=_serves(external_ids) if ours else None,
        state=_short(external_ids, own_ports.STATE) if ours else None,
        watch=None if peer is None else Watch(peer, _liveness(row.get("bfd_status", {}))),
    )


def _short(external_ids: Mapping[str, str], key: str) -> str | None:
    """What stands under a key; None as well where it is so long that nobody can have meant it."""
    found = external_ids.get(key)
    return found if found is not None and len(found) <= _LONGEST_WORD else None


def _serves(external_ids: Mapping[str, str]) -> str | None:
    """What the host has to do for an interface: its part in a network (by key), "" for its link; None: nothing."""
    return "" if own_ports.LINK in external_ids else _short(external_ids, own_ports.NETWORK)


def _liveness(status: Mapping[str, str]) -> Liveness:
    """What BFD says of the other end; before it was up once, silence says nothing (ovs-vswitchd.conf.db(5))."""
    if status.get("state") == "up":
        return "up"
    return "down" if status.get("flap_count", "0") != "0" else "unknown"


def dpids(view: HostView) -> dict[str, int]:
    """The datapath ids of a host's bridges, by name."""
    found = ((row.get("name", ""), _dpid(row.get("datapath_id"))) for _, row in view.bridges())
    return {name: dpid for name, dpid in found if dpid}


def _labels(text: str) -> dict[str, str]:
    """Labels like ``gateway=true,rack=a``; a colon does for the sign."""
    pairs = (item.replace(":", "=", 1).partition("=") for item in text.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}


def observed(view: HostView, peer: str | None) -> Observed | None:
    """Return what a plan starts from; None where the database is empty. ``peer`` is the session's other address."""
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
        ports=tuple(port for name in view.own_names() for port in _port(view, name)),
        mappings=_external_ids(view).get(mappings.KEY, ""),
        encap_ip=_encap_ip(_external_ids(view).get("netloom-encap-ip"), peer),
    )


def problems(view: HostView, wanted: Wanted) -> Iterator[str]:
    """Yield what keeps this host from working as it should, each with what would mend it."""
    external_ids = _external_ids(view)
    if not external_ids.get("system-id"):
        yield "the host has no name: ovs-vsctl set open_vswitch . external_ids:system-id=NAME"
    encap_ip = external_ids.get("netloom-encap-ip")
    if encap_ip is not None and _address(encap_ip) is None:
        yield f"external_ids:netloom-encap-ip is no IP address: {encap_ip}"
    found = observed(view, None)
    if found is not None and found.mappings:
        yield from usable_mappings(found, wanted.bridge).problems
    for uuid, row in view.bridges():
        if row.get("name") == wanted.bridge:
            yield from _bridge_problems(view, row, wanted)
            yield from _port_problems(view, uuid)


def _bridge_problems(view: HostView, row: Row, wanted: Wanted) -> Iterator[str]:
    if row.get("datapath_id") is None:
        yield f"{wanted.bridge} has no datapath: is ovs-vswitchd running?"
    for _, controller in view.controllers(row):
        if not controller.get("is_connected", False):
            yield f"{wanted.bridge} has no OpenFlow session to {controller.get('target')}"


def _port_problems(view: HostView, ours: str) -> Iterator[str]:
    """Of ports that have names of ours: those of other bridges, and those that Open vSwitch could not make."""
    for name in view.own_names():
        found = view.port(name)
        if found is None:
            continue
        _, bridge, interfaces = found
        held = [row for row in map(view.interface, interfaces) if row is not None]
        marked = any(own_ports.PHYSICAL_NETWORK in row.get("external_ids", {}) for row, _ in held)
        if bridge != ours and not marked:
            yield f"{name} is a port of another bridge: ovs-vsctl del-port {name}"
        yield from (f"{name}: {row['error']}" for row, _ in held if row.get("error"))


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


def _port(view: HostView, name: str) -> Iterator[ObservedPort]:
    found = view.port(name)
    if found is None:
        return
    port, bridge, interfaces = found
    for uuid in interfaces[:1]:
        held = view.interface(uuid)
        row: Row = held[0] if held is not None else {}
        yield ObservedPort(
            name=name,
            port=port,
            interface=uuid,
            bridge=bridge,
            type=row.get("type", ""),
            options=tuple(sorted(row.get("options", {}).items())),
            ofport_request=row.get("ofport_request"),
            mac=row.get("mac"),
            mtu_request=row.get("mtu_request"),
            bfd=tuple(sorted(row.get("bfd", {}).items())),
            external_ids=tuple(sorted(row.get("external_ids", {}).items())),
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
