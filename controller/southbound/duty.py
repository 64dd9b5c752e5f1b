"""What a bridge has to do: what should stand on its switch, who is told how that goes, and what came of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.flow.flow import Flow, Slot
    from controller.southbound.agenda import Agenda
    from controller.southbound.wire import FlowEvent


class Wanted(Protocol):
    """What should stand on a chassis (the compiler's catalogue)."""

    def flows(self, chassis: str) -> Iterator[Flow]:
        """Everything that should stand there."""

    def at(self, chassis: str, slot: Slot) -> Flow | None:
        """The flow that should stand in this slot."""


class Watcher(Protocol):
    """Who is told how a bridge does."""

    def settled(self, chassis: str) -> None:
        """Something was confirmed, or the bridge came or went."""

    def go_on(self, chassis: str) -> None:
        """A phase that this bridge waited for has ended."""

    def mended(self, chassis: str) -> None:
        """What drifted stands as it should again."""

    def drifted(self, chassis: str, event: FlowEvent, flow: Flow | None) -> None:
        """Somebody else touched a flow; ``flow`` is what is being put back, None where the foreign one is removed."""

    def strayed(self, chassis: str, kind: int, what: str) -> None:
        """Somebody else touched a meter or group, which is being undone; ``kind`` as the flow monitor's event."""

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Something of ours went wrong; the switch is read anew."""

    def refused(self, chassis: str, flow: Flow | None, reason: str) -> None:
        """The switch would not take a flow, or something else where there is none."""


@dataclass(slots=True)
class Duty:
    """What a bridge has to do, for whom, and what came of it, whichever connection it has.

    ``later`` calls ``inbox.put`` with a Flush after some seconds.
    """

    chassis: str
    inbox: Any
    wanted: Wanted
    watcher: Watcher
    agenda: Agenda
    later: Callable[..., object]
    refusals: dict[int, str] = field(default_factory=dict)
    flow_mods: int = 0
    meter_mods: int = 0
    group_mods: int = 0

    def at(self, slot: Slot) -> Flow | None:
        """The flow that should stand in this slot."""
        return self.wanted.at(self.chassis, slot)
