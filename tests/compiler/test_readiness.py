"""Ready means confirmed by every bridge that needs it, and nothing less."""

from __future__ import annotations

from controller.readiness import Readiness

WEB, DB, NET = ("Port", "acme/web"), ("Port", "acme/db"), ("Network", "acme/net")
CHASSIS = {WEB: {"hv1", "hv2"}, DB: {"hv2"}, NET: set[str]()}


def settled(readiness: Readiness, now: float, **confirmed: int) -> set[tuple[str, str]]:
    return set(readiness.settle(confirmed, lambda subject: CHASSIS[subject], now))


def test_a_resource_is_ready_when_all_its_chassis_have_confirmed() -> None:
    readiness = Readiness()
    readiness.touch([WEB, DB], 3, 10.0)
    assert settled(readiness, 11.0, hv1=3, hv2=2) == set()
    assert settled(readiness, 12.0, hv1=2, hv2=3) == {DB}
    assert settled(readiness, 13.0, hv1=4, hv2=3) == {WEB}
    assert (readiness.ready(WEB), readiness.waits(WEB), readiness.waiting) == (True, False, 0)


def test_a_chassis_that_is_away_is_waited_for() -> None:
    readiness = Readiness()
    readiness.touch([WEB], 1, 10.0)
    assert settled(readiness, 11.0, hv1=-1, hv2=5) == set()
    assert settled(readiness, 12.0, hv2=5) == set(), "a chassis that was never seen has confirmed nothing"


def test_what_needs_no_chassis_is_ready_at_once() -> None:
    readiness = Readiness()
    readiness.touch([NET], 1, 10.0)
    assert settled(readiness, 11.0) == {NET}


def test_what_is_touched_again_waits_for_the_later_turn() -> None:
    readiness = Readiness()
    readiness.touch([DB], 1, 10.0)
    readiness.touch([DB], 2, 11.0)
    assert settled(readiness, 12.0, hv2=1) == set()
    assert readiness.since(DB, 0.0) == 10.0
    assert settled(readiness, 13.0, hv2=2) == {DB}
    assert readiness.since(DB, 0.0) == 13.0
    readiness.touch([DB], 3, 14.0)
    assert (readiness.ready(DB), readiness.waits(DB)) == (False, True)


def test_what_is_ready_is_told_once() -> None:
    readiness = Readiness()
    readiness.touch([DB], 1, 10.0)
    assert settled(readiness, 11.0, hv2=1) == {DB}
    assert settled(readiness, 12.0, hv2=2) == set()


def test_what_is_forgotten_neither_waits_nor_is_ready() -> None:
    readiness = Readiness()
    readiness.touch([WEB, DB], 1, 10.0)
    settled(readiness, 11.0, hv2=1)
    readiness.forget([WEB, DB, NET])
    assert readiness.waiting == 0
    assert not readiness.ready(DB)
    assert readiness.since(DB, 5.0) == 5.0
