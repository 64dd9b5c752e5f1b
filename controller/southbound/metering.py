"""The meters of one connected switch: made before the first flow that uses them, and gone after the last.

A switch refuses a flow whose meter it does not have, and takes away with a meter the flows that begin with it, as all
do that have a meter of their own (``controller.tables``). So a meter goes only when no flow that was ever sent and not
taken back uses it. Of a flow that only copies within a meter it does neither: without the meter that copies all there
is, also when the meter comes back later (Open vSwitch 3.1), so such a flow is then put again. If the connection ends
just between the two, it goes on copying: that cannot be told from what is right.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from controller.flow.actions import to_controller
from controller.flow.meters import meter_spec
from controller.southbound.beside import METER_EXISTS, Meter, meter_mod
from controller.southbound.users import Users
from controller.southbound.xids import Concern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow.flow import Flow, Slot
    from controller.southbound.session import Change, Denied

_APPLY_ACTIONS, _METER = 4, 29
_NO_CLASS = "meter {}: there is no such class of meters"
"""That a flow of ours asks for such a meter is as if the switch would not make it: that flow is refused, no other."""
_METER_HEAD = struct.pack("!HH", _METER, 8)
_COPY_HEAD = to_controller(0).wire[:-4]
"""Of a copy to the controller all but its meter."""
_FIRST_ACTION = 8


class Metering:
    """Which meters the switch has as far as we know, which flows use them, and which it would not make."""

    def __init__(self) -> None:
        self.refused: dict[int, str] = {}
        self._made: set[int] = set()
        self._once_made: set[int] = set()
        self._doubted: set[int] = set()
        self._fresh: set[int] = set()
        self._overdue: set[Slot] = set()
        self.users = Users()

    def begin(self, flows: Iterable[Flow]) -> None:
        """These are to stand, whatever of them stands already."""
        for flow in flows:
            self._stands(flow)

    def take_in(self, found: Iterable[Meter]) -> tuple[list[bytes], list[Meter]]:
        """The switch has these meters: what makes those that are used right, and those that others touched.

        What nothing uses goes with the next ``unused``; where it is as its number says, it was ours. What others took
        away it took with its flows, see ``doubt``.
        """
        wrong = []
        for meter in found:
            self._made.add(meter.number)
            self._once_made.add(meter.number)
            if not meter.right:
                wrong.append(meter)
                self._doubted.add(meter.number)
        mended = [meter.number for meter in wrong if self.users.use(meter.number) and meter_spec(meter.number)]
        return _messages(Concern.METER_MODIFY, mended), wrong

    def looks(self) -> None:
        """The switch is being asked what meters it has: those made from now on will not be among them."""
        self._fresh.clear()

    def unlimited(self, found: Iterable[Meter]) -> dict[Slot, tuple[int, ...]]:
        """Where flows stand that copy without a limit, if the switch has just these meters: with what they lack.

        The meters are made again with the next change that puts these flows.
        """
        there = {meter.number for meter in found} | self._fresh
        lacking = self.users.going_on(self.users.beyond(there))
        self._doubted.update(number for numbers in lacking.values() for number in numbers)
        return lacking

    def first(self, change: Change) -> list[bytes]:
        """What has to be sent before a change; the change is taken to be sent."""
        for flow in change.deletes:
            if self.users.holds(flow):
                self.users.goes(flow.slot)
        needed = dict.fromkeys(number for flow in change.puts for number in self._stands(flow))
        self.refused |= {number: _NO_CLASS.format(number) for number in needed if meter_spec(number) is None}
        lacking = (number for number in needed if number not in self._made or number in self._doubted)
        missing = [number for number in lacking if number not in self.refused]
        again = self.users.going_on(self._once_made.intersection(missing)).keys()
        self._overdue |= again - {flow.slot for flow in change.puts}
        self._made.update(missing)
        self._once_made.update(missing)
        self._fresh.update(missing)
        self._doubted.difference_update(missing)
        return _messages(Concern.METER_ADD, missing)

    def _stands(self, flow: Flow) -> tuple[int, ...]:
        """The flow takes its slot; the meters that it uses."""
        numbers = meters_used(flow.instructions)
        copies = not flow.instructions.startswith(_METER_HEAD, _FIRST_ACTION)
        self.users.stands(flow, numbers, goes_on=copies)
        return numbers

    def overdue(self) -> list[Slot]:
        """Where flows stand that have to be put again, since a meter that they copy within may not be what it was."""
        slots, self._overdue = sorted(self._overdue), set()
        return slots

    def unused(self) -> list[bytes]:
        """What takes away the meters that no flow uses."""
        spare = sorted(number for number in self._made if not self.users.use(number))
        self._made.difference_update(spare)
        self._doubted.difference_update(spare)
        return _messages(Concern.METER_DELETE, spare)

    def denied(self, denied: Denied) -> list[bytes]:
        """The switch would not make or change a meter. One that is there already, unseen, is made right."""
        if denied.concern is Concern.METER_ADD and denied.error == METER_EXISTS:
            return _messages(Concern.METER_MODIFY, [denied.number])
        self._made.discard(denied.number)
        if denied.concern is Concern.METER_ADD:
            self.refused[denied.number] = f"meter {denied.number}: {denied.reason}"
        return []

    def doubt(self, flow: Flow) -> None:
        """Somebody took a flow away, perhaps with its meters: they are made again before it is put back."""
        self._doubted.update(meters_used(flow.instructions))

    def barred(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
        """The flows that the switch will not take, since it would not make a meter of theirs, each with the reason."""
        if not self.refused:
            return
        for flow in flows:
            for number in meters_used(flow.instructions):
                if number in self.refused:
                    yield flow, self.refused[number]
                    break


def _messages(concern: Concern, numbers: Iterable[int]) -> list[bytes]:
    return [meter_mod(concern, number) for number in numbers]


def meters_used(instructions: bytes) -> tuple[int, ...]:
    """The meters that a flow's applied actions name, in their order; for most flows that is a search of their bytes."""
    if _METER_HEAD not in instructions and _COPY_HEAD not in instructions:
        return ()
    return tuple(_meters_used(instructions))


def _meters_used(instructions: bytes) -> Iterator[int]:
    for kind, at, end in _parts(instructions, 0, len(instructions)):
        if kind == _APPLY_ACTIONS:
            for action, place, after in _parts(instructions, at + 8, end):
                if action == _METER or instructions.startswith(_COPY_HEAD, place):
                    yield struct.unpack_from("!I", instructions, after - 4)[0]


def _parts(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Type, begin and end of each instruction or action; our own flows are whole."""
    while at < end:
        kind, length = struct.unpack_from("!HH", data, at)
        yield kind, at, at + length
        at += length
