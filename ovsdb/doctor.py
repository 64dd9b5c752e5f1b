"""What is wrong with this host, and the command that mends it: ``netloom doctor``.

Every check is a function of facts gathered before; nothing on the host is changed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ovsdb.doctor_facts import DatabaseFacts, Facts, gathered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ovsdb.columns import Row

_BRIDGE = "br-int"
_OLDEST = (2, 17)
_OVERHEAD = 70  # VXLAN or Geneve over IPv6; 50 over IPv4
_LEAST_GUEST_MTU = 1280
_START = "systemctl start openvswitch-switch"
_RESTART = "systemctl restart openvswitch-switch"
_JOIN = "ovs-vsctl set-manager tcp:CONTROLLER:6640"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it holds, what was seen, and the command that would mend it ("" where there is none)."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""


def diagnose(socket_path: str) -> tuple[Finding, ...]:
    """Return every check of the host whose OVSDB socket is at ``socket_path``; what cannot be seen is left out."""
    return findings(gathered(socket_path))


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Return every check of ``facts``, causes before their consequences."""
    found = [_installed(facts), _reachable(facts)]
    if facts.database is None:
        return tuple(found)
    found += [_running(facts), *_version(facts), *_datapath(facts, facts.database)]
    found += [_name(facts.database), *_encap_ip(facts, facts.database), _bridge(facts.database)]
    found += [_manager(facts.database), *_bridge_state(facts.database), *_interfaces(facts.database)]
    return tuple(found)


def _installed(facts: Facts) -> Finding:
    if facts.missing_programs:
        missing = ", ".join(facts.missing_programs)
        return Finding("installed", ok=False, detail=f"not found: {missing}", remedy="apt install openvswitch-switch")
    return Finding("installed", ok=True, detail="Open vSwitch is installed")


def _reachable(facts: Facts) -> Finding:
    place = facts.socket_path
    match facts.obstacle:
        case "":
            return Finding("database", ok=True, detail=f"ovsdb-server answers at {place}")
        case "absent":
            return Finding("database", ok=False, detail=f"there is no socket at {place}", remedy=_START)
        case "denied":
            return Finding("database", ok=False, detail=f"no permission for {place}", remedy="sudo netloom doctor")
        case "refused":
            return Finding("database", ok=False, detail=f"nobody listens at {place}", remedy=_RESTART)
        case other:
            return Finding("database", ok=False, detail=f"{place}: {other}", remedy=_RESTART)


def _running(facts: Facts) -> Finding:
    if facts.switch_version is None:
        return Finding("switch", ok=False, detail="ovs-vswitchd does not answer", remedy=_RESTART)
    return Finding("switch", ok=True, detail=facts.switch_version)


def _version(facts: Facts) -> Iterator[Finding]:
    match = re.search(r"(\d+)\.(\d+)", facts.switch_version or "")
    if match is None:
        return
    is_new_enough = (int(match[1]), int(match[2])) >= _OLDEST
    remedy = "" if is_new_enough else "apt install openvswitch-switch (from a release that has 2.17 or newer)"
    yield Finding("version", ok=is_new_enough, detail=f"{match[0]}; 2.17 is the oldest that will do", remedy=remedy)


def _datapath(facts: Facts, database: DatabaseFacts) -> Iterator[Finding]:
    ours = database.bridge(_BRIDGE)
    kind = "" if ours is None else ours.get("datapath_type", "") or "system"
    if kind == "system" and not facts.kernel_module:
        detail = f"{_BRIDGE} asks for the kernel's datapath, whose module is not loaded"
        yield Finding("datapath", ok=False, detail=detail, remedy="modprobe openvswitch")
    elif facts.kernel_module:
        yield Finding("datapath", ok=True, detail="the kernel module is loaded")
    else:
        yield Finding("datapath", ok=True, detail="no kernel module: packets are forwarded in userspace, more slowly")


def _name(database: DatabaseFacts) -> Finding:
    name = database.external_ids.get("system-id", "")
    remedy = "" if name else "ovs-vsctl set open_vswitch . external_ids:system-id=$(hostname)"
    return Finding("system-id", ok=bool(name), detail=name or "the host has no name", remedy=remedy)


def _encap_ip(facts: Facts, database: DatabaseFacts) -> Iterator[Finding]:
    address = database.external_ids.get("netloom-encap-ip")
    mend = "ovs-vsctl set open_vswitch . external_ids:netloom-encap-ip=ADDRESS"
    if address is None:
        detail = "not set: the address that the host reaches the controller from is used"
        yield Finding("encap-ip", ok=True, detail=detail)
        return
    if facts.mtus is None:
        return
    mtu = facts.mtus.get(address)
    if mtu is None:
        yield Finding("encap-ip", ok=False, detail=f"no interface of this host has {address}", remedy=mend)
        return
    yield Finding("encap-ip", ok=True, detail=address)
    guest = mtu - _OVERHEAD
    remedy = "" if guest >= _LEAST_GUEST_MTU else f"ip link set dev INTERFACE mtu {_LEAST_GUEST_MTU + _OVERHEAD}"
    yield Finding("mtu", ok=not remedy, detail=f"{mtu} bytes on the underlay leave {guest} to guests", remedy=remedy)


def _bridge(database: DatabaseFacts) -> Finding:
    if database.bridge(_BRIDGE) is None:
        detail = f"there is no {_BRIDGE}: the controller has not joined this host yet"
        return Finding("bridge", ok=False, detail=detail, remedy=_JOIN)
    return Finding("bridge", ok=True, detail=f"{_BRIDGE} is there")


def _manager(database: DatabaseFacts) -> Finding:
    targets = ", ".join(row.get("target", "") for row in database.managers)
    if any(row.get("is_connected") for row in database.managers):
        return Finding("manager", ok=True, detail=targets)
    if targets:
        return Finding("manager", ok=False, detail=f"not connected: {targets}", remedy=_JOIN)
    if database.bridge(_BRIDGE) is not None:
        return Finding("manager", ok=True, detail="none: a controller on this host uses the socket itself")
    return Finding("manager", ok=False, detail="this host has not been joined", remedy=_JOIN)


def _bridge_state(database: DatabaseFacts) -> Iterator[Finding]:
    ours = database.bridge(_BRIDGE)
    if ours is None:
        return
    protocols = ours.get("protocols", frozenset())
    speaks = not protocols or "OpenFlow15" in protocols
    mend = f"ovs-vsctl add bridge {_BRIDGE} protocols OpenFlow15"
    yield Finding("protocols", ok=speaks, detail=", ".join(sorted(protocols)) or "all", remedy="" if speaks else mend)
    fail_mode = ours.get("fail_mode") or "standalone"
    mend = f"ovs-vsctl set-fail-mode {_BRIDGE} secure"
    yield Finding("fail-mode", ok=fail_mode == "secure", detail=fail_mode, remedy="" if fail_mode == "secure" else mend)
    yield _controllers(database, ours)


def _controllers(database: DatabaseFacts, ours: Row) -> Finding:
    rows = [database.controllers[uuid] for uuid in ours.get("controller", ()) if uuid in database.controllers]
    targets = ", ".join(sorted(row.get("target", "") for row in rows))
    if not rows:
        return Finding("controller", ok=False, detail=f"{_BRIDGE} has none", remedy=_JOIN)
    if any(row.get("is_connected") for row in rows):
        return Finding("controller", ok=True, detail=targets)
    detail = f"not connected: {targets}; is the daemon running, and does a firewall let this port through?"
    return Finding("controller", ok=False, detail=detail, remedy="netloom serve (on the controller)")


def _interfaces(database: DatabaseFacts) -> Iterator[Finding]:
    broken = [row for row in database.interfaces if row.get("error")]
    for row in broken:
        name = row.get("name", "")
        kind = "tunnel" if name.startswith("nl-") else "interface"
        yield Finding(kind, ok=False, detail=f"{name}: {row.get('error')}", remedy=f"ovs-vsctl del-port {name}")
    ids = Counter(row.get("external_ids", {}).get("iface-id") for row in database.interfaces)
    twice = sorted(name for name, count in ids.items() if name is not None and count > 1)
    for name in twice:
        remedy = "ovs-vsctl remove interface NAME external_ids iface-id"
        yield Finding("iface-id", ok=False, detail=f"{name} stands on {ids[name]} interfaces", remedy=remedy)
    if not broken and not twice:
        yield Finding("interfaces", ok=True, detail=f"{len(database.interfaces)} without an error")
