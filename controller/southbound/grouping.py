"""The groups of one connected switch: made before the first flow that uses them, and gone after the last.

A switch refuses a flow whose group it does not have, and takes away with a group all flows that use it. So a group goes
only when no flow that was ever sent and not taken back uses it. What a group does never changes: its number is made of
that (``controller.flow.groups``), so that flows go over from one to another as they do to anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow.groups import is_ours, ours
from controller.southbound.beside import Group, group_mod, no_group
from controller.southbound.users import Users

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.flow import groups
    from controller.flow.flow import Flow
    from controller.southbound.session import Change, Denied


class Grouping:
    """Which groups the switch has as far as we know, which flows use them, and which it would not make."""

    def __init__(self) -> None:
        self.users = Users()
        self._wanted: dict[int, groups.Group] = {}
        self._made: set[int] = set()
        self._doubted: set[int] = set()
        self._refused: dict[int, str] = {}

    def begin(self, flows: Iterable[Flow]) -> None:
        """These are to stand, whatever of them stands already."""
        for flow in flows:
            self._stands(flow)

    def take_in(self, found: Iterable[Group]) -> tuple[list[bytes], list[Group]]:
        """The switch has these groups: what makes them right, and those that others made or changed.

        What nothing uses goes with the next ``unused``, and what cannot be ours at once. One that others took away was
        gone with its flows, see ``doubt``.
        """
        messages, wrong = [], []
        for group in found:
            wanted = self._wanted.get(group.number)
            if not (group.does(wanted) if wanted is not None else group.right):
                wrong.append(group)
            if not is_ours(group.number):
                messages.append(no_group(group.number))
                continue
            self._made.add(group.number)
            if wanted is not None and not group.does(wanted):
                messages.append(group_mod(wanted))
        return messages, wrong

    def first(self, change: Change) -> list[bytes]:
        """What has to be sent before a change; the change is taken to be sent."""
        for flow in change.deletes:
            if self.users.holds(flow):
                self.users.goes(flow.slot)
        needed = {group.number: group for flow in change.puts for group in self._stands(flow)}
        missing = [group for number, group in needed.items() if self._lacks(number)]
        self._made.update(group.number for group in missing)
        self._doubted.difference_update(needed)
        return [group_mod(group) for group in missing]

    def _stands(self, flow: Flow) -> tuple[groups.Group, ...]:
        """The flow takes its slot; the groups that it uses."""
        self.users.stands(flow, tuple(group.number for group in flow.groups))
        self._wanted.update((group.number, group) for group in flow.groups)
        return flow.groups

    def _lacks(self, number: int) -> bool:
        return number not in self._refused and (number not in self._made or number in self._doubted)

    def unused(self) -> list[bytes]:
        """What takes away the groups that no flow uses."""
        for number in [number for number in self._wanted if not self.users.use(number)]:
            del self._wanted[number]
        spare = sorted(self._made - self._wanted.keys())
        self._made.difference_update(spare)
        self._doubted.difference_update(spare)
        return [no_group(number) for number in spare]

    def denied(self, denied: Denied) -> None:
        """The switch would not make a group: neither will it take a flow that uses it."""
        number = ours(denied.number)
        self._made.discard(number)
        self._refused[number] = f"group {number}: {denied.reason}"

    def doubt(self, flow: Flow) -> None:
        """Somebody took a flow away, perhaps with its groups: they are made again before it is put back."""
        self._doubted.update(group.number for group in flow.groups)

    def barred(self, flows: Iterable[Flow]) -> Iterator[tuple[Flow, str]]:
        """The flows that the switch will not take, since it would not make a group of theirs, each with the reason."""
        if not self._refused:
            return
        for flow in flows:
            reasons = [self._refused[group.number] for group in flow.groups if group.number in self._refused]
            if reasons:
                yield flow, reasons[0]
