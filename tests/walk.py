"""What a switch would do with a packet, computed from the very bytes of its flows.

Written from the OpenFlow and ovs-actions(7) texts, not from our encoder: it reads flows as a switch reads them. Its
limits are those of Open vSwitch's userspace datapath, as measured on version 3.1.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.cloning import Clone
from controller.flow.groups import ToGroup
from controller.flow.headers import Decap, DecNshTtl, EncapEthernet, EncapNsh, PopVlan, PushVlan
from controller.flow.tracking import Ct
from tests.connections import ADDRESSES, Connections, way
from tests.entries import by_table, claimed
from tests.layers import put_ethernet, put_nsh, take_off
from tests.packets import LENGTH, TAG_PRESENT
from tests.ways import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from controller.flow.fields import Field
    from controller.flow.flow import Flow
    from tests.packets import Packet

MOST_BACKWARD, MOST_ROUNDS, MOST_LOOKUPS = 64, 6, 4096
TAG_LENGTH = 4
WIDE = {wide: f.REGS[2 * i : 2 * i + 2] for i, wide in enumerate(f.XREGS)}
WIDE |= {wide: f.REGS[4 * i : 4 * i + 4] for i, wide in enumerate(f.XXREGS)}
TRACKED = (f.CT_STATE, f.CT_ZONE, f.CT_MARK)
BEFORE_ALL = -1
"""Where a packet is that has not met the first table."""


class TooDeep(Exception):
    """A packet went back to earlier tables, or from table to table, more often than the switch follows."""


@dataclass(slots=True)
class Walk:
    """A packet on its way through one bridge.

    ``pending``: a header was put on, and nothing has made the switch write it yet. It forgets that only then, not with
    the copy that it was put on, and ends over it where the packet itself is written (Open vSwitch 3.1).

    ``steps`` are the tables it met, each with the cookie of the flow that took it or None; ``outputs`` are ports, each
    with the packet as it left there; ``punts`` is what went to the controller. ``lost`` tells why some of it came to
    nothing, where a limit of the switch was the reason.
    """

    came: Packet
    packet: Packet
    outputs: list[tuple[int, Packet]] = field(default_factory=list)
    punts: list[Packet] = field(default_factory=list)
    steps: list[tuple[int, int | None]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    rounds: int = 0
    pending: bool = False

    def read(self, of: Field) -> int:
        """A field's value; a wide register is several."""
        value = 0
        for part in WIDE.get(of, (of,)):
            value = value << part.bits | self.packet.get(part, 0)
        return value

    def write(self, of: Field, value: int, mask: int) -> None:
        """Set the bits of ``mask``."""
        whole = self.read(of) & ~mask | value & mask
        for part in reversed(WIDE.get(of, (of,))):
            self.packet[part] = whole & part.all_ones
            whole >>= part.bits

    def leave(self, port: int) -> None:
        """Output; a packet never goes back to where it came from unless it is told so by name."""
        self.commit()
        came = self.packet[f.IN_PORT]
        if port == act.CONTROLLER_RESERVED:
            self.punts.append(dict(self.packet))
        elif port == act.IN_PORT_RESERVED and came:
            self.outputs.append((came, dict(self.packet)))
        elif port not in {came, act.IN_PORT_RESERVED}:
            self.outputs.append((port, dict(self.packet)))

    def commit(self) -> None:
        """What was done to the packet so far is written."""
        assert not self.pending or f.NSH_SPI in self.packet, "a header of a copy that came to nothing is put on another"
        self.pending = False

    def age(self, ttl: Field) -> bool:
        """One hop less to live; whether there was one left."""
        alive = self.packet[ttl] > 1
        self.packet[ttl] -= alive
        return alive

    def tag(self, vlan: int) -> None:
        """Put a tag on, or take it off where ``vlan`` is 0. Open vSwitch would replace the tag of a tagged packet."""
        assert bool(vlan) != bool(self.packet.get(f.VLAN)), "a tag on a tag, or none to take off"
        self.packet[f.VLAN] = vlan
        if LENGTH in self.packet:
            self.packet[LENGTH] += TAG_LENGTH if vlan else -TAG_LENGTH


def path(packet: Packet, asked: act.Multipath) -> int:
    """One of so many, the same for both directions of a connection (RFC 2992's reasons, by highest random weight)."""
    going = way(packet) if packet[f.ETH_TYPE] in ADDRESSES else None
    ends = sorted(((going.source, going.source_port), (going.destination, going.destination_port))) if going else []
    if asked.modulo:
        return int.from_bytes(blake2b(f"{ends}".encode()).digest()) % asked.paths
    return max(range(asked.paths), key=lambda one: blake2b(f"{ends}{one}".encode()).digest())


class Bridge:
    """One bridge's flows, by table, their groups, the connections that it knows, and its ports that are dead."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.connections = Connections()
        self.dead: set[int] = set()
        found = tuple(flows)
        self._tables = by_table(found)
        self._groups = {group.number: group for flow in found for group in flow.groups}

    def walk(self, packet: Packet, in_port: int, rounds: int = 0) -> Walk:
        """The packet's way from table 0 on; it has been round so often already, as the switch counts."""
        return self.emitted(packet, (act.resubmit(0),), in_port, rounds)

    def emitted(self, packet: Packet, actions: Sequence[act.Action], in_port: int, rounds: int = 0) -> Walk:
        """What becomes of a packet that the controller sends with these actions."""
        came = {**packet, f.IN_PORT: in_port}
        walk = Walk(came, dict(came))
        later: deque[_Round] = deque([_Round(tuple(actions), dict(came), rounds)])
        while later:
            now = later.popleft()
            walk.packet = now.packet
            walk.rounds = max(walk.rounds, now.number)
            if now.number > MOST_ROUNDS:
                walk.lost.append("too many rounds through conntrack")
                continue
            later += self._pass(walk, now)
        return walk

    def _pass(self, walk: Walk, now: _Round) -> list[_Round]:
        """All that happens until conntrack has answered; those to go on with then."""
        trip = _Trip(walk, now.number, len(walk.outputs), len(walk.punts))
        try:
            self._do(trip, now.actions, BEFORE_ALL, 0)
        except TooDeep as reason:
            del walk.outputs[trip.outputs :], walk.punts[trip.punts :]
            walk.lost.append(str(reason))
            return []
        return trip.later

    def _enter(self, trip: _Trip, table: int, depth: int, before: int) -> None:
        trip.lookups += 1
        if depth >= MOST_BACKWARD or trip.lookups > MOST_LOOKUPS + 1:
            raise TooDeep("too often back to earlier tables")
        walk = trip.walk
        found = claimed(self._tables.get(table, []), walk.packet)
        walk.steps.append((table, found.cookie if found else None))
        if found is not None:
            self._do(trip, found.actions, table, depth + (table <= before))

    def _do(self, trip: _Trip, actions: Sequence[act.Action], table: int, depth: int) -> None:
        for action in actions:
            match action:
                case act.Resubmit(table=there) | act.Goto(table=there):
                    self._enter(trip, there, depth, table)
                case Ct():
                    self._track(trip, action)
                case Clone(actions=inside):
                    self._aside(trip, inside, table, depth)
                case ToGroup(number=number):
                    way = chosen(self._groups[number], trip.walk.packet, self.dead)
                    self._aside(trip, way.actions if way else (), table, depth)
                case Decap():
                    trip.walk.commit()
                    if take_off(trip.walk.packet):
                        trip.turns()
                case act.DecTtl() | DecNshTtl():
                    if not trip.walk.age(f.IP_TTL if isinstance(action, act.DecTtl) else f.NSH_TTL):
                        return
                case _:
                    apply(trip.walk, action)

    def _aside(self, trip: _Trip, actions: Sequence[act.Action], table: int, depth: int) -> None:
        """What is done to a copy, of which the packet itself knows nothing."""
        kept = dict(trip.walk.packet)
        self._do(trip, actions, table, depth)
        trip.walk.packet = kept

    def _track(self, trip: _Trip, action: Ct) -> None:
        """What conntrack finds is known only after the round trip, and forgotten where the flow itself goes on."""
        packet = dict(trip.walk.packet)
        self.connections.track(packet, action)
        if action.table is not None:
            trip.later.append(_Round((act.resubmit(action.table),), packet, trip.number + 1))
        for tracked in TRACKED:
            trip.walk.packet.pop(tracked, None)


@dataclass(frozen=True, slots=True)
class _Round:
    """What to do with a packet that has been round ``number`` times."""

    actions: tuple[act.Action, ...]
    packet: Packet
    number: int


@dataclass(slots=True)
class _Trip:
    """One round of a walk, what had left before it, and the rounds that come of it."""

    walk: Walk
    number: int
    outputs: int
    punts: int
    later: list[_Round] = field(default_factory=list)
    lookups: int = 0

    def turns(self) -> None:
        """The switch looks at the packet anew, and goes on where it was: that counts as a round."""
        self.number += 1
        self.lookups, self.outputs, self.punts = 0, len(self.walk.outputs), len(self.walk.punts)
        self.walk.rounds = max(self.walk.rounds, self.number)
        if self.number > MOST_ROUNDS:
            raise TooDeep("too many rounds through conntrack")


def apply(walk: Walk, action: act.Action) -> None:
    """An action that leads to no table."""
    match action:
        case act.Output(port=port):
            walk.leave(port)
        case act.OutputField(field=register):
            walk.leave(walk.read(register))
        case act.ToController():
            walk.leave(act.CONTROLLER_RESERVED)
        case act.SetField(field=target, value=value, mask=mask):
            walk.write(target, value, mask)
        case act.Copy():
            bits = (1 << action.bits) - 1
            value = walk.read(action.source) >> action.source_at & bits
            walk.write(action.target, value << action.target_at, bits << action.target_at)
        case act.Multipath(field=target, at=at, bits=bits):
            walk.write(target, path(walk.packet, action) << at, ((1 << bits) - 1) << at)
        case act.CheckLarger(size=size, field=target, bit=bit):
            walk.write(target, (walk.packet.get(LENGTH, 0) > size) << bit, 1 << bit)
        case _:
            _put_header(walk, action)


def _put_header(walk: Walk, action: act.Action) -> None:
    match action:
        case PushVlan():
            walk.tag(TAG_PRESENT)
        case PopVlan():
            walk.tag(0)
        case EncapNsh() | EncapEthernet():
            walk.commit()
            (put_nsh if isinstance(action, EncapNsh) else put_ethernet)(walk.packet)
            walk.pending = True
