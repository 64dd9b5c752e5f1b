"""The storm tells a bridge with a defect from one without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st

from controller.southbound import agenda, beside, grouping, upkeep
from controller.southbound.agenda import Agenda
from controller.southbound.grouping import Grouping
from controller.southbound.metering import Metering
from controller.southbound.session import Change, Confirmed, Session
from controller.southbound.users import Users
from controller.sync import in_order
from tests.histories import histories
from tests.southbound.storm import weathered

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.histories import History

    Defect = Callable[[pytest.MonkeyPatch], None]

REAL_AGENDA, REAL_SESSION, REAL_USERS = dict(vars(Agenda)), dict(vars(Session)), dict(vars(Users))
REAL_GROUPING = dict(vars(Grouping))
STORMS = st.tuples(histories(turns=12), st.randoms(use_true_random=True), st.booleans())


def does_not_see_drift(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(upkeep, "drifts", lambda *_: False)


def leaves_foreign_flows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(upkeep, "difference", lambda held, wanted: (wanted, ()) if held else (tuple(wanted), ()))


def makes_all_of_a_refused_change_again(patch: pytest.MonkeyPatch) -> None:
    def again(change: Change, refused: Any, *_: Any) -> Change:
        puts = tuple(flow for flow in change.puts if flow is not refused)
        return Change(change.tag, puts, change.deletes)

    patch.setattr(upkeep, "still_wanted", again)


def gives_up_a_refused_change(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(upkeep, "still_wanted", lambda change, *_: Change(change.tag, (), ()))


def takes_a_refusal_for_a_confirmation(patch: pytest.MonkeyPatch) -> None:
    def refused(self: Any, refusal: Any) -> Any:
        found = REAL_SESSION["_refused"](self, refusal)
        return found and Confirmed(found.change)

    patch.setattr(Session, "_refused", refused)


def forgets_its_agenda_but_tells_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Agenda, "_told", lambda *_: None)


def keeps_its_agenda_for_the_next_switch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Agenda, "drop", lambda _: None)


def forgets_steps_while_it_reads(patch: pytest.MonkeyPatch) -> None:
    def add(self: Any, step: Any) -> None:
        REAL_AGENDA["add"](self, step)
        if len(step.puts) > 2:
            REAL_AGENDA["drop"](self)

    patch.setattr(Agenda, "add", add)


def loses_the_last_bundle_of_many(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(agenda, "in_order", lambda *parts: in_order(*parts)[:2])


def believes_that_meters_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Metering, "doubt", lambda *_: None)


def leaves_meters_that_nothing_uses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Metering, "unused", lambda _: [])


def takes_meters_away_that_flows_use(patch: pytest.MonkeyPatch) -> None:
    def goes(self: Any, slot: Any) -> None:
        REAL_USERS["goes"](self, slot)
        self._counts.clear()

    patch.setattr(Users, "goes", goes)


def leaves_meters_as_others_made_them(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(beside.Meter, "right", property(lambda _: True))


def believes_that_groups_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Grouping, "doubt", lambda *_: None)


def leaves_groups_that_nothing_uses(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Grouping, "unused", lambda _: [])


def leaves_foreign_groups(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grouping, "no_group", lambda _: b"")


def leaves_groups_as_others_made_them(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(beside.Group, "does", lambda *_: True)


def takes_groups_away_that_flows_use(patch: pytest.MonkeyPatch) -> None:
    def stands(self: Any, flow: Any) -> Any:
        found = REAL_GROUPING["_stands"](self, flow)
        self._wanted.clear()
        return found

    patch.setattr(Grouping, "_stands", stands)


def does_not_hear_of_meters_and_groups(patch: pytest.MonkeyPatch) -> None:
    def receive(self: Any, message: Any) -> Any:
        return None if isinstance(message, beside.Forwarded) else REAL_SESSION["receive"](self, message)

    patch.setattr(Session, "receive", receive)


BROKEN: tuple[Defect, ...] = (
    does_not_see_drift,
    leaves_foreign_flows,
    makes_all_of_a_refused_change_again,
    gives_up_a_refused_change,
    takes_a_refusal_for_a_confirmation,
    forgets_its_agenda_but_tells_nobody,
    keeps_its_agenda_for_the_next_switch,
    forgets_steps_while_it_reads,
    loses_the_last_bundle_of_many,
    believes_that_meters_stay,
    leaves_meters_that_nothing_uses,
    takes_meters_away_that_flows_use,
    leaves_meters_as_others_made_them,
    believes_that_groups_stay,
    leaves_groups_that_nothing_uses,
    leaves_foreign_groups,
    leaves_groups_as_others_made_them,
    takes_groups_away_that_flows_use,
    does_not_hear_of_meters_and_groups,
)


def breaks(drawn: tuple[History, Random, bool]) -> bool:
    """Whether some switch is not where it should be afterwards."""
    history, rng, late = drawn
    try:
        weathered(list(history), rng, refuses_late=late)
    except Exception:  # noqa: BLE001 - a broken bridge may do anything
        return True
    return False


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_bridge_is_caught(broken: Defect, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    quick = settings(max_examples=200, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    find(STORMS, breaks, settings=quick)
