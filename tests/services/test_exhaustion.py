"""A router that has no port left is told of once, for as long as that lasts, and forgotten with it."""

from __future__ import annotations

from controller.services.exhaustion import STANDING_SECONDS, Exhaustions
from controller.services.outcome import Exhausted

EDGE = Exhausted("acme/edge", "hv1")


def test_a_spell_begins_once_and_lasts_while_packets_find_no_port() -> None:
    seen = Exhaustions()
    assert seen.put(EDGE, 100.0)
    assert not seen.put(EDGE, 150.0)
    spell = seen.of("acme/edge", 150.0 + STANDING_SECONDS)
    assert spell is not None
    assert (spell.first, spell.last, spell.chassis) == (100.0, 150.0, "hv1")


def test_a_spell_ends_and_another_is_news_again() -> None:
    seen = Exhaustions()
    seen.put(EDGE, 100.0)
    later = 101.0 + STANDING_SECONDS
    assert seen.of("acme/edge", later) is None
    assert seen.put(EDGE, later)


def test_a_router_that_goes_takes_its_spell_along() -> None:
    seen = Exhaustions()
    seen.put(EDGE, 100.0)
    seen.forget("acme/edge")
    assert seen.of("acme/edge", 100.0) is None
