"""An OpenFlow 1.5 switch, from its specification: a table, bundles, the flow monitor, meters, groups, refusals."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.southbound import beside, conntrack, options, wire
from tests.southbound.fake_groups import FakeGroups, GroupMod, ways
from tests.southbound.fake_meters import ALL, FakeMeters, MeterMod, copies, limits
from tests.southbound.fake_options import FakeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow, Slot

FLOWS_A_REPORT = 5
ADD = 0
BAD_ACTION, BUNDLE_FAILED, MESSAGE_FAILED = 2, 17, 13
INVALID_METER, BAD_OUT_GROUP = (12, 2), (2, 9)
NO_COOKIE = (1 << 64) - 1
FOREVER = struct.pack("!HH", 0, 0)


@dataclass(frozen=True, slots=True)
class FlowMod:
    """A flow-mod as it came, in the bundle message ``xid``."""

    xid: int
    command: int
    cookie: int
    slot: Slot
    instructions: bytes


def flow_mod(message: bytes, xid: int) -> FlowMod:
    """OpenFlow 1.5.1, 7.3.4.2."""
    cookie, mask, table, command = struct.unpack_from("!QQBB", message, 8)
    priority = struct.unpack_from("!H", message, 30)[0]
    kind, length = struct.unpack_from("!HH", message, 48)
    assert kind == 1
    assert mask == (0 if command == ADD or cookie == NO_COOKIE else (1 << 64) - 1)
    end = 48 + (length + 7) // 8 * 8
    return FlowMod(xid, command, cookie, (table, priority, message[52 : 48 + length]), message[end:])


class FakeSwitch:
    """Takes bytes one message at a time; what it says waits in ``said``.

    ``refuses`` are cookies of flows that it does not take: when they are added to a bundle (which is then committed
    without them, as Open vSwitch does), or when the bundle is committed (of which then nothing is done).
    ``unlimited`` is where flows stand that copy without the meter they name: it was not there, or is not any more. One
    whose meter came back just before the connection ended is not among them: what the switch tells looks right.
    """

    def __init__(self, *, refuses_late: bool = False) -> None:
        self.table: dict[Slot, tuple[int, bytes]] = {}
        self.refuses: set[int] = set()
        self.heard: deque[bytes] = deque()
        self.said: deque[bytes] = deque()
        self.meters = FakeMeters()
        self.groups = FakeGroups()
        self.unlimited: set[Slot] = set()
        self._remade: set[Slot] = set()
        self.options = FakeOptions()
        self.flushes: list[bytes] = []
        self.flow_mods = 0
        self.bundle_sizes: list[int] = []
        self._late = refuses_late
        self._watched = False
        self._forwards = False
        self._bundles: dict[int, list[FlowMod]] = {}

    def hang_up(self) -> None:
        """The connection is gone with all that was on its way; the table stays."""
        self.heard.clear()
        self.said.clear()
        self._bundles.clear()
        self.unlimited -= self._remade
        self._watched = self._forwards = False

    def hear(self, data: bytes) -> None:
        """Bytes that arrive, cut into messages."""
        at = 0
        while at < len(data):
            length = struct.unpack_from("!H", data, at + 2)[0]
            self.heard.append(data[at : at + length])
            at += length
        assert at == len(data)

    def step(self) -> None:
        """Deal with one message."""
        message = self.heard.popleft()
        version, kind, _, xid = struct.unpack_from("!BBHI", message)
        assert version == wire.VERSION
        match kind:
            case wire.MULTIPART_REQUEST:
                self._tell(message, xid)
            case wire.BUNDLE_CONTROL:
                self._control(message, xid)
            case wire.BUNDLE_ADD:
                self._add(message, xid)
            case beside.SET_ASYNC:
                self._forwards = True
            case beside.METER_MOD:
                self._meter_mod(message, xid)
            case beside.GROUP_MOD:
                self._group_mod(message, xid)
            case options.EXPERIMENTER if self.options.about(message):
                self.said += self.options.answers(message)
            case conntrack.EXPERIMENTER:
                self.flushes.append(message)
            case _:
                raise AssertionError(f"a message of type {kind}")

    def meddle(self, puts: Iterable[Flow], deletes: Iterable[Slot]) -> None:
        """Somebody else changes flows; whoever watches is told."""
        self._gone([slot for slot in deletes if slot in self.table])
        for flow in puts:
            kind = wire.EVENT_MODIFIED if flow.slot in self.table else wire.EVENT_ADDED
            self.table[flow.slot] = (flow.cookie, flow.instructions)
            self._report(0, kind, [(flow.slot, flow.cookie, flow.instructions)])

    def meddle_beside(self, meters: Iterable[MeterMod], groups: Iterable[GroupMod]) -> None:
        """Somebody else changes meters and groups; whoever asked for that is told, of flows that go first."""
        for mod in meters:
            if mod.command == mod.DELETE:
                self._gone(self._without(mod.number))
            self.meters.apply(mod)
            self._forward()
        for group in groups:
            if group.command == group.DELETE:
                self._gone(self._over(group.number))
            self.groups.apply(group)
            self._forward()

    def _forward(self) -> None:
        if self._forwards:
            inner = struct.pack("!BBHI", wire.VERSION, beside.GROUP_MOD, 8, 0)
            self.said.append(struct.pack("!BBHI", wire.VERSION, beside.REQUEST_FORWARD, 8 + len(inner), 0) + inner)

    def _gone(self, slots: Iterable[Slot]) -> None:
        """Flows go by what somebody else did."""
        for slot in slots:
            self.unlimited.discard(slot)
            self._report(0, wire.EVENT_REMOVED, [(slot, *self.table.pop(slot))])

    def _without(self, meter: int) -> list[Slot]:
        """A meter goes: the flows that go with it; those that copied within it copy all there is."""
        self.unlimited |= {slot for slot, (_, does) in self.table.items() if meter in copies(does)}
        return [slot for slot, (_, does) in self.table.items() if meter in limits(does)]

    def _meter_mod(self, message: bytes, xid: int) -> None:
        """A meter of ours; flows that use one that goes, go with it, and nobody is told."""
        mod = MeterMod.read(message)
        self.meters.mods += 1
        self._remade |= {slot for slot in self.unlimited if mod.number in copies(self.table[slot][1])}
        error = self.meters.apply(mod)
        if error is not None:
            self._refuse(xid, *error)
        elif mod.command == mod.DELETE:
            for slot in self._without(mod.number):
                self.unlimited.discard(slot)
                del self.table[slot]

    def _over(self, group: int) -> list[Slot]:
        """The flows that go with a group."""
        return [slot for slot, (_, does) in self.table.items() if group in ways(does)]

    def _group_mod(self, message: bytes, xid: int) -> None:
        """A group of ours; flows that use one that goes, go with it, and nobody is told."""
        mod = GroupMod.read(message)
        self.groups.mods += 1
        error = self.groups.apply(mod)
        if error is not None:
            self._refuse(xid, *error)
        elif mod.command == mod.DELETE:
            for slot in self._over(mod.number):
                self.unlimited.discard(slot)
                del self.table[slot]

    def _tell(self, message: bytes, xid: int) -> None:
        part = struct.unpack_from("!H", message, 8)[0]
        if part == wire.FLOW_MONITOR:
            self._watched = True
            self._report(xid, 0, [(slot, *held) for slot, held in self.table.items()])
            return
        assert message[16:] == struct.pack("!I4x", ALL[part])
        held = self.meters if part == beside.METER_CONFIG else self.groups
        self._answer_in_parts(xid, part, held.entries())

    def _answer_in_parts(self, xid: int, part: int, entries: list[bytes]) -> None:
        parts = [entries[at : at + FLOWS_A_REPORT] for at in range(0, len(entries), FLOWS_A_REPORT)] or [[]]
        for place, body in enumerate(map(b"".join, parts), 1):
            head = (wire.VERSION, wire.MULTIPART_REPLY, 16 + len(body), xid, part, place < len(parts))
            self.said.append(struct.pack("!BBHIHH4x", *head) + body)

    def _control(self, message: bytes, xid: int) -> None:
        bundle, kind, flags = struct.unpack_from("!IHH", message, 8)
        assert flags == wire.ATOMIC_ORDERED
        if kind == wire.OPEN_REQUEST:
            self._bundles[bundle] = []
            self._answer(bundle, wire.OPEN_REQUEST + 1, xid)
            return
        assert kind == wire.COMMIT_REQUEST
        mods = self._bundles.pop(bundle)
        bad, error = next(self._impossible(mods), (None, None))
        if bad is not None and error is not None:
            self._refuse(bad.xid, *error)
            self._refuse(xid, BUNDLE_FAILED, MESSAGE_FAILED)
            return
        self.bundle_sizes.append(len(mods))
        for mod in mods:
            self._apply(mod)
        self._answer(bundle, wire.COMMIT_REPLY, xid)

    def _impossible(self, mods: list[FlowMod]) -> Iterator[tuple[FlowMod, tuple[int, int]]]:
        for mod in mods:
            if mod.command == ADD and self._late and mod.cookie in self.refuses:
                yield mod, (BAD_ACTION, 0)
            elif mod.command == ADD and not limits(mod.instructions) <= self.meters.held.keys():
                yield mod, INVALID_METER
            elif mod.command == ADD and not ways(mod.instructions) <= self.groups.held.keys():
                yield mod, BAD_OUT_GROUP

    def _add(self, message: bytes, xid: int) -> None:
        bundle = struct.unpack_from("!I", message, 8)[0]
        mod = flow_mod(message[16:], xid)
        self.flow_mods += 1
        if not self._late and mod.cookie in self.refuses and mod.command == ADD:
            self._refuse(xid, BAD_ACTION, 0)
        else:
            self._bundles[bundle].append(mod)

    def _apply(self, mod: FlowMod) -> None:
        self.unlimited.discard(mod.slot)
        if mod.command == ADD:
            self.table[mod.slot] = (mod.cookie, mod.instructions)
            if not copies(mod.instructions) <= self.meters.held.keys():
                self.unlimited.add(mod.slot)
        elif mod.cookie in {NO_COOKIE, self.table.get(mod.slot, (None,))[0]}:
            self.table.pop(mod.slot, None)

    def _answer(self, bundle: int, kind: int, xid: int) -> None:
        self.said.append(struct.pack("!BBHIIHH", wire.VERSION, wire.BUNDLE_CONTROL, 16, xid, bundle, kind, 3))

    def _refuse(self, xid: int, kind: int, code: int) -> None:
        self.said.append(struct.pack("!BBHIHH", wire.VERSION, wire.ERROR, 12, xid, kind, code))

    def _report(self, xid: int, kind: int, flows: list[tuple[Slot, int, bytes]]) -> None:
        if not self._watched:
            return
        self._answer_in_parts(xid, wire.FLOW_MONITOR, [update(kind, *flow) for flow in flows])


def update(kind: int, slot: Slot, cookie: int, instructions: bytes) -> bytes:
    """ofp_flow_update_full (7.3.5.17.2)."""
    table, priority, match = slot
    match_struct = struct.pack("!HH", 1, 4 + len(match)) + match + bytes(-(4 + len(match)) % 8)
    body = struct.pack("!BB", table, 0) + FOREVER + struct.pack("!H4xQ", priority, cookie) + match_struct + instructions
    return struct.pack("!HH", 4 + len(body), kind) + body
