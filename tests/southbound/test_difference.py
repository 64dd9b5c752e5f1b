"""What a switch holds is compared with what it should hold by content, name and lifetime."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.flow.flow import EVERYWHERE, Flow, cookie
from controller.southbound.difference import difference, foreign
from controller.southbound.wire import EVENT_INITIAL, FlowEvent

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
