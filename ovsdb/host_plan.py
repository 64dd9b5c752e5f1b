"""What a host's bridges should be, and the OVSDB operations that make them so; none where they are so already.

On the integration bridge nothing is forwarded that the controller did not ask for: fail_mode is secure, no in-band
flows, and its datapath id stays whatever is plugged in. Its controllers stand from the first moment, because a bridge
that gets its first controller later loses its flows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from controller.derived import HostOrder
from ovsdb import mappings, operations, own_ports, port_plan, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from controller.entities import Encap
    from ovsdb.operations import Operation
    from ovsdb.own_ports import ObservedPort, OwnPort

_OPENFLOW = "OpenFlow15"
# OpenFlow 1.0 to 1.4 stay for ovs-ofctl, which people call without -O.
_PROTOCOLS = ("OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", _OPENFLOW)
_SESSION = {"connection_mode": "out-of-band", "max_backoff": 1000, "inactivity_probe": 5000}

NOTHING = HostOrder("")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a host should have; all of it but ``order`` is the same for every host.

    ``advertise`` are the OpenFlow targets; empty: the address that the host reaches us by, on ``openflow_port``.
    ``known`` says that orders are known: until then nothing is taken away that one may ask for. ``ends`` counts how
    often other things were asked of the ends of wires.
    """

    openflow_port: int
    bridge: str = "br-int"
    advertise: tuple[str, ...] = ()
    encaps: tuple[Encap, ...] = ("vxlan", "geneve", "gre")
    order: HostOrder = NOTHING
    known: bool = True
    ends: int = 0


@dataclass(frozen=True, slots=True)
class ObservedController:
    """A Controller row; times in milliseconds."""

    uuid: str
    target: str
    connection_mode: str | None
    max_backoff: int | None
    inactivity_probe: int | None


@dataclass(frozen=True, slots=True)
class ObservedBridge:
    """A Bridge row with its controllers; ``datapath_id`` is None while it has no datapath."""

    uuid: str
    name: str
    fail_mode: str | None
    datapath_type: str
    datapath_id: str | None
    other_config: Mapping[str, str]
    protocols: frozenset[str]
    controllers: tuple[ObservedController, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """A host as its database has it.

    ``settled``: ovs-vswitchd has done everything it was told. ``ports`` are those that have names of ours, ``mappings``
    what its operator wrote of bridges and physical networks.
    """

    system: str
    name: str
    settled: bool
    datapath_types: frozenset[str]
    bridges: tuple[ObservedBridge, ...]
    ports: tuple[ObservedPort, ...]
    mappings: str = ""
    encap_ip: str | None = None


def plan(observed: Observed, wanted: Wanted) -> tuple[Operation, ...]:
    """Return one transaction's operations, none if all is as wanted; ``wanted.advertise`` must not be empty."""
    ours = next((bridge for bridge in observed.bridges if bridge.name == wanted.bridge), None)
    changes = list(_creation(observed, wanted) if ours is None else _corrections(observed, ours, wanted))
    for bridge in observed.bridges:
        if bridge.name != wanted.bridge:
            changes.extend(_raised_protocols(bridge, wanted))
    if not changes and ours is not None and _lacks_datapath(observed, ours):
        changes.append(operations.update("Bridge", operations.row(ours.uuid), {"datapath_type": "netdev"}))
    if changes:  # ovs-vswitchd says by cur_cfg when it has done all of it
        changes.append(operations.mutate("Open_vSwitch", [], [["next_cfg", "+=", 1]]))
    return tuple(changes)


def usable_mappings(observed: Observed, bridge: str) -> mappings.Mappings:
    """The physical networks that the host reaches, and what is wrong with what its operator wrote of others."""
    types = {bridge.name: bridge.datapath_type or "system" for bridge in observed.bridges}
    return mappings.mappings(observed.mappings, types, bridge)


def _creation(observed: Observed, wanted: Wanted) -> Iterator[Operation]:
    interface = {"name": wanted.bridge, "type": "internal"}
    yield operations.insert("Interface", interface, "local_interface")
    yield operations.insert("Port", {"name": wanted.bridge, "interfaces": operations.named("local_interface")}, "local")
    ports, controllers = [operations.named("local")], []
    for port in own_ports.tunnels(wanted.bridge, wanted.encaps):
        if not any(found.name == port.name for found in observed.ports):
            yield from port_plan.rows(port)
            ports.append(port_plan.reference(port))
    for index, target in enumerate(wanted.advertise):
        yield operations.insert("Controller", {"target": target} | _SESSION, f"controller{index}")
        controllers.append(operations.named(f"controller{index}"))
    row = {
        "name": wanted.bridge,
        "ports": values.written_set(ports),
        "controller": values.written_set(controllers),
        "fail_mode": "secure",
        "datapath_type": _datapath_type(observed),
        "protocols": values.written_set(_PROTOCOLS),
        "other_config": values.written_map(
            [("disable-in-band", "true"), ("datapath-id", _datapath_id(observed.name))],
        ),
    }
    yield operations.insert("Bridge", row, "bridge")
    yield operations.mutate("Open_vSwitch", [], [["bridges", "insert", operations.named("bridge")]])


def _corrections(observed: Observed, ours: ObservedBridge, wanted: Wanted) -> Iterator[Operation]:
    columns = dict(_wrong_columns(ours))
    if columns:
        yield operations.update("Bridge", operations.row(ours.uuid), columns)
    yield from _controllers(ours, wanted.advertise)
    bridges = {bridge.name: bridge.uuid for bridge in observed.bridges}
    yield from port_plan.changes(
        observed.ports, tuple(_ports(observed, wanted)), bridges, ours.uuid, known=wanted.known
    )


def _ports(observed: Observed, wanted: Wanted) -> Iterator[OwnPort]:
    yield from own_ports.tunnels(wanted.bridge, wanted.encaps)
    yield from own_ports.patches(wanted.bridge, usable_mappings(observed, wanted.bridge).held)
    yield from own_ports.ordered(wanted.bridge, wanted.order, observed.encap_ip)


def _wrong_columns(ours: ObservedBridge) -> Iterator[tuple[str, Any]]:
    if ours.fail_mode != "secure":
        yield "fail_mode", "secure"
    if _OPENFLOW not in ours.protocols:
        yield "protocols", values.written_set(sorted(ours.protocols | set(_PROTOCOLS)))
    config = dict(ours.other_config)
    config["disable-in-band"] = "true"
    if ours.datapath_id is not None:  # else it would follow the lowest MAC address that is plugged in
        config.setdefault("datapath-id", ours.datapath_id)
    if config != ours.other_config:
        yield "other_config", values.written_map(sorted(config.items()))


def _lacks_datapath(observed: Observed, ours: ObservedBridge) -> bool:
    """Whether ovs-vswitchd has tried the kernel's datapath for our bridge and found none."""
    return observed.settled and ours.datapath_id is None and ours.datapath_type in ("", "system")


def _controllers(ours: ObservedBridge, targets: tuple[str, ...]) -> Iterator[Operation]:
    kept: set[str] = set()
    for controller in ours.controllers:
        if controller.target in targets and controller.target not in kept:
            kept.add(controller.target)
            wrong = {name: value for name, value in _SESSION.items() if getattr(controller, name) != value}
            if wrong:
                yield operations.update("Controller", operations.row(controller.uuid), wrong)
        else:
            yield _change_of(ours, "controller", "delete", ["uuid", controller.uuid])
    for index, target in enumerate(targets):
        if target not in kept:
            yield operations.insert("Controller", {"target": target} | _SESSION, f"controller{index}")
            yield _change_of(ours, "controller", "insert", operations.named(f"controller{index}"))


def _raised_protocols(bridge: ObservedBridge, wanted: Wanted) -> Iterator[Operation]:
    """A bridge that asks for us, but is limited to older versions of OpenFlow."""
    asks_for_us = any(controller.target in wanted.advertise for controller in bridge.controllers)
    if asks_for_us and bridge.protocols and _OPENFLOW not in bridge.protocols:
        yield operations.mutate("Bridge", operations.row(bridge.uuid), [["protocols", "insert", _OPENFLOW]])


def _change_of(bridge: ObservedBridge, column: str, mutator: str, value: list[str]) -> Operation:
    return operations.mutate("Bridge", operations.row(bridge.uuid), [[column, mutator, value]])


def _datapath_type(observed: Observed) -> str:
    """Choose by looking at the bridges that work here; with none, ``system`` is tried first.

    ``datapath_types`` names what OVS was built with, also where the kernel has no module for it: then the new bridge
    gets no datapath, and ``netdev`` is asked for instead.
    """
    working = {bridge.datapath_type or "system" for bridge in observed.bridges if bridge.datapath_id is not None}
    if "system" in working:
        return "system"
    if "netdev" in working or (observed.datapath_types and "system" not in observed.datapath_types):
        return "netdev"
    return "system"


def _datapath_id(name: str) -> str:
    """The same for a chassis each time, 16 hexadecimal digits, never zero."""
    return hashlib.sha256(f"netloom bridge of {name}".encode()).hexdigest()[:16]
