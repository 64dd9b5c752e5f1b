"""What a switch holds is compared with what it should hold by content, name and lifetime."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.flow.flow import EVERYWHERE, Flow, cookie
from controller.southbound.difference import difference, foreign, still_wanted
from controller.southbound.session import Change
from controller.southbound.wire import ANY_COOKIE, EVENT_INITIAL, FlowEvent

MATCH, DOES = b"match", b"does"
FLOW = Flow(EVERYWHERE, 3, 100, MATCH, DOES, cookie(3, 100, MATCH, DOES))
HELD = FlowEvent(EVENT_INITIAL, FLOW.table, FLOW.priority, FLOW.cookie, FLOW.match, FLOW.instructions)


def test_nothing_is_sent_to_a_switch_that_is_right() -> None:
    assert difference((HELD,), [FLOW]) == ((), ())


@pytest.mark.parametrize("other", [{"instructions": b""}, {"cookie": 7}, {"idle_timeout": 60}, {"hard_timeout": 1}])
def test_a_flow_that_differs_is_put_again(other: dict[str, object]) -> None:
    assert difference((replace(HELD, **other),), [FLOW]) == ((FLOW,), ())  # type: ignore[arg-type]


def test_a_flow_in_another_place_goes() -> None:
    puts, deletes = difference((replace(HELD, priority=101),), [FLOW])
    assert puts == (FLOW,)
    assert [flow.priority for flow in deletes] == [101]


def test_only_what_netloom_never_made_is_foreign() -> None:
    assert not foreign(HELD)
    assert foreign(replace(HELD, instructions=b""))
    assert foreign(replace(HELD, cookie=0))


def test_the_slot_of_a_refused_flow_is_emptied_until_something_else_stands_there() -> None:
    other = replace(FLOW, match=b"other", cookie=2)
    later = replace(FLOW, instructions=b"later", cookie=3)
    wanted = {FLOW.slot: FLOW, other.slot: other}
    once = still_wanted(Change(None, (FLOW, other), ()), FLOW, wanted.get, {FLOW.cookie})
    assert once.puts == (other,)
    assert [(flow.slot, flow.cookie) for flow in once.deletes] == [(FLOW.slot, ANY_COOKIE)]
    assert still_wanted(once, other, wanted.get, {FLOW.cookie, other.cookie}).deletes[0].slot == FLOW.slot
    wanted[FLOW.slot] = later
    again = still_wanted(once, other, wanted.get, {FLOW.cookie, other.cookie})
    assert [flow.slot for flow in again.deletes] == [other.slot]
