"""What a switch would do with a packet, computed from the very bytes of its flows; and several of them, with tunnels.

Written from the OpenFlow and ovs-actions(7) texts, not from our encoder: it reads flows as a switch reads them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from controller.entities import Chassis, Interface
from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.codec import Term, Unknown, flow_actions, match_terms
from tests.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.flow.fields import Field
    from controller.flow.flow import Flow
    from tests.packets import Packet
    from tests.worlds import World

MOST_CROSSINGS = 64
KEY_BITS = {"vxlan": 24, "geneve": 24, "gre": 32}


@dataclass(frozen=True, slots=True)
class Entry:
    """A flow, decoded."""

    cookie: int
    priority: int
    terms: tuple[Term, ...]
    actions: tuple[act.Action, ...]

    def takes(self, packet: Packet) -> bool:
        """Whether the packet matches."""
        return all(packet.get(term.field, 0) & term.mask == term.value for term in self.terms)


def entry(flow: Flow) -> Entry:
    """The flow decoded; what cannot be decoded has no business in a flow of ours."""
    terms, actions = tuple(match_terms(flow.match)), tuple(flow_actions(flow.instructions))
    known = tuple(term for term in terms if isinstance(term, Term))
    does = tuple(action for action in actions if not isinstance(action, Unknown))
    assert (len(known), len(does)) == (len(terms), len(actions)), flow
    return Entry(flow.cookie, flow.priority, known, does)


@dataclass(slots=True)
class Walk:
    """A packet on its way through one bridge.

    ``steps`` are the tables it met, each with the cookie of the flow that took it or None; ``outputs`` are ports, each
    with the packet as it left there.
    """

    came: Packet
    packet: Packet
    outputs: list[tuple[int, Packet]] = field(default_factory=list)
    steps: list[tuple[int, int | None]] = field(default_factory=list)

    def read(self, of: Field) -> int:
        """A field's value; a double register is two registers."""
        if of not in f.XREGS:
            return self.packet.get(of, 0)
        return self.packet.get(f.REGS[2 * of.number], 0) << 32 | self.packet.get(f.REGS[2 * of.number + 1], 0)

    def write(self, of: Field, value: int, mask: int) -> None:
        """Set the bits of ``mask``."""
        whole = self.read(of) & ~mask | value & mask
        if of in f.XREGS:
            self.packet[f.REGS[2 * of.number]] = whole >> 32
            self.packet[f.REGS[2 * of.number + 1]] = whole & 0xFFFFFFFF
        else:
            self.packet[of] = whole

    def leave(self, port: int) -> None:
        """Output; a packet never goes back to where it came from unless it is told so by name."""
        came = self.packet[f.IN_PORT]
        if port == act.IN_PORT_RESERVED:
            self.outputs.append((came, dict(self.packet)))
        elif port != came:
            self.outputs.append((port, dict(self.packet)))


class Bridge:
    """One bridge's flows, by table."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self._tables: dict[int, list[Entry]] = defaultdict(list)
        for flow in flows:
            self._tables[flow.table].append(entry(flow))
        for entries in self._tables.values():
            entries.sort(key=lambda one: -one.priority)

    def walk(self, packet: Packet, in_port: int) -> Walk:
        """The packet's way from table 0 on."""
        came = {**packet, f.IN_PORT: in_port}
        walk = Walk(came, dict(came))
        self._enter(walk, 0)
        return walk

    def _enter(self, walk: Walk, table: int) -> None:
        found = [one for one in self._tables.get(table, []) if one.takes(walk.packet)]
        walk.steps.append((table, found[0].cookie if found else None))
        if not found:
            return
        assert len(found) == 1 or found[1].priority < found[0].priority, f"two flows of table {table} claim one packet"
        for action in found[0].actions:
            self._act(walk, action)

    def _act(self, walk: Walk, action: act.Action) -> None:
        match action:
            case act.Output(port=port):
                walk.leave(port)
            case act.OutputField(field=register):
                walk.leave(walk.read(register))
            case act.SetField(field=target, value=value, mask=mask):
                walk.write(target, value, mask)
            case act.Copy():
                bits = (1 << action.bits) - 1
                value = walk.read(action.source) >> action.source_at & bits
                walk.write(action.target, value << action.target_at, bits << action.target_at)
            case act.Resubmit(table=table) | act.Goto(table=table):
                self._enter(walk, table)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet that came out of a port which is no tunnel."""

    chassis: str
    port: int
    packet: Packet


@dataclass(slots=True)
class Journey:
    """Everything that became of one packet.

    ``crossings`` are (from, to, encapsulation, key) of the tunnels it went by, ``walks`` its way through each chassis,
    ``punts`` what the daemon got of it.
    """

    arrivals: list[Arrival] = field(default_factory=list)
    punts: list[Packet] = field(default_factory=list)
    walks: list[tuple[str, Walk]] = field(default_factory=list)
    crossings: list[tuple[str, str, str, int]] = field(default_factory=list)


class DataPlane:
    """Every chassis of a world with the flows it should have, and the underlay between them."""

    def __init__(self, world: World) -> None:
        compiler = compiled(world)
        self._chassis = {one.key: one for one in world.values() if isinstance(one, Chassis)}
        self._interfaces = [one for one in world.values() if isinstance(one, Interface)]
        self._names = {(one.chassis, one.ofport): one.iface_id or one.key for one in self._interfaces}
        self._bridges = {key: Bridge(compiler.catalogue.flows(key)) for key in self._chassis}

    def fate(self, sender: str, packet: Packet) -> list[str]:
        """The ports that a packet from a port reaches, each as often as it is reached."""
        journey = self.sent_by(sender, packet)
        return sorted(self._names[arrival.chassis, arrival.port] for arrival in journey.arrivals)

    def sent_by(self, sender: str, packet: Packet) -> Journey:
        """What becomes of a packet that a port's machine sends, from where it was plugged in last."""
        place = max((one for one in self._interfaces if one.iface_id == sender), key=lambda one: one.seen)
        return self.sent_from(place.chassis, place.ofport, packet)

    def sent_from(self, chassis: str, in_port: int, packet: Packet) -> Journey:
        """What becomes of a packet that enters a chassis by this port."""
        journey = Journey()
        self._enter(journey, chassis, in_port, packet)
        return journey

    def answers(self, sender: str, packet: Packet) -> list[Packet]:
        """What a port's machine hears back from its own chassis, with no tunnel crossed for it."""
        journey = self.sent_by(sender, packet)
        names = [self._names[arrival.chassis, arrival.port] for arrival in journey.arrivals]
        assert set(names) <= {sender}
        assert journey.crossings == []
        return [arrival.packet for arrival in journey.arrivals]

    def _enter(self, journey: Journey, chassis: str, in_port: int, packet: Packet) -> None:
        tunnels = {ofport: encap for encap, ofport in self._chassis[chassis].tunnels}
        walk = self._bridges[chassis].walk(packet, in_port)
        journey.walks.append((chassis, walk))
        for port, sent in walk.outputs:
            if port == act.CONTROLLER_RESERVED:
                journey.punts.append(sent)
            elif port in tunnels:
                self._cross(journey, chassis, tunnels[port], sent)
            else:
                journey.arrivals.append(Arrival(chassis, port, sent))

    def _cross(self, journey: Journey, chassis: str, encap: str, sent: Packet) -> None:
        """Over the underlay: what is in the packet, the key and the outer addresses arrive; registers do not."""
        for there in self._chassis.values():
            if there.encap_ip is None or not _is_for(sent, there.encap_ip):
                continue
            key = sent.get(f.TUN_ID, 0) & (1 << KEY_BITS[encap]) - 1
            journey.crossings.append((chassis, there.key, encap, key))
            assert len(journey.crossings) < MOST_CROSSINGS, "the packet goes round and round"
            for kind, port in there.tunnels:
                if kind == encap:
                    inside = {of: value for of, value in sent.items() if of not in f.REGS and of is not f.IN_PORT}
                    self._enter(journey, there.key, port, inside | {f.TUN_ID: key})


def _is_for(sent: Packet, address: str) -> bool:
    target = f.TUN_IPV6_DST if ":" in address else f.TUN_DST
    return sent.get(target, 0) == f.ip_number(address)
