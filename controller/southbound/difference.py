"""What a switch holds compared with what it should hold: by place, content, name and lifetime of each flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow.flow import Flow, Here, Slot, cookie
from controller.southbound.session import Change
from controller.southbound.wire import ANY_COOKIE, EVENT_REMOVED, FlowEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from collections.abc import Set as AbstractSet


def difference(held: tuple[FlowEvent, ...], wanted: list[Flow]) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
    """What to put and what to delete so that ``held`` becomes ``wanted``; both empty when they are equal."""
    standing = {event.slot: event for event in held}
    puts = tuple(flow for flow in wanted if not ((event := standing.get(flow.slot)) and event.holds(flow)))
    slots = {flow.slot for flow in wanted}
    return puts, tuple(as_flow("", event) for event in held if event.slot not in slots)


def still_wanted(
    change: Change, refused: Flow | None, at: Callable[[Slot], Flow | None], refusals: Container[int]
) -> Change:
    """What of a change is to be made again, without the flow that was refused if there is one.

    Later changes may have been made meanwhile: what they replaced or brought back is left as it is. A slot that is left
    without its flow is emptied: what stood there before is not what should, and doubtful means closed. ``refusals`` are
    the cookies of all flows that were refused.
    """
    puts = tuple(flow for flow in change.puts if flow is not refused and same(at(flow.slot), flow))
    deletes = tuple(flow for flow in change.deletes if flow is not refused and _still_goes(flow, at, refusals))
    left = (flow for flow in change.puts if at(flow.slot) is None or (flow is refused and same(at(flow.slot), flow)))
    return Change(change.tag, puts, (*deletes, *map(emptied, left)))


def emptied(flow: Flow) -> Flow:
    """What is deleted where nothing is to stand in a flow's slot, whatever stands there."""
    return Flow(flow.scope, *flow.slot, b"", ANY_COOKIE)


def _still_goes(flow: Flow, at: Callable[[Slot], Flow | None], refusals: Container[int]) -> bool:
    """Whether a flow has to go, or a slot to be emptied, though later changes may have been made meanwhile."""
    standing = at(flow.slot)
    if flow.cookie != ANY_COOKIE:
        return not same(standing, flow)
    return standing is None or standing.cookie in refusals


def same(one: Flow | None, other: Flow) -> bool:
    """Whether both are the same flow, whatever scope it was made for."""
    return one is not None and one.cookie == other.cookie


def drifts(event: FlowEvent, wanted: Flow | None) -> bool:
    """Whether what a switch tells of a slot differs from the flow that should stand there."""
    if event.kind == EVENT_REMOVED:
        return wanted is not None and wanted.cookie == event.cookie
    return wanted is None or not event.holds(wanted)


def meddled(held: tuple[FlowEvent, ...], wrong: AbstractSet[Slot]) -> list[FlowEvent]:
    """Of the slots that are wrong, the flows that others put there while nobody looked."""
    return [event for event in held if event.slot in wrong and foreign(event)]


def foreign(event: FlowEvent) -> bool:
    """Whether netloom never made this flow: its cookie is not its content's."""
    return event.cookie != cookie(event.table, event.priority, event.match, event.instructions)


def as_flow(chassis: str, event: FlowEvent) -> Flow:
    """What a switch told of a flow, as a flow."""
    return Flow(Here(chassis), event.table, event.priority, event.match, event.instructions, event.cookie)
