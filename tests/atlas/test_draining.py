"""What is drained is said to be so when no frame can be on its way there any more, and not before; else why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.atlas import draining
from controller.links import TRACKS, BridgeSettings, LinkSettings, Placed, Route, Track
from tests.atlas.country import Country

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def at_once() -> Iterator[pytest.MonkeyPatch]:
    """Switches go at once by what they have confirmed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draining, "DIGESTED", 0)
        yield patch


@pytest.fixture
def ring() -> Iterator[Country]:
    """Four bridges in a ring: s0, s1, s2, s3; and s4 at the end of a cable from s0."""
    country = Country(5)
    for one, other in (("s0", "s1"), ("s1", "s2"), ("s2", "s3"), ("s0", "s3"), ("s0", "s4")):
        country.cable(one, other)
    country.begin()
    country.take_all()
    yield country
    assert reaching(country), "a change that was asked for cost somebody the way"


def reaching(country: Country) -> bool:
    names = country.names
    return all(
        country.reaches(one, other, country.headed(one, other)) for one in names for other in names if one != other
    )


def maintain(country: Country, name: str, *, on: bool = True) -> None:
    """A user says so of a link or a bridge."""
    country.tell(LinkSettings(name, maintenance=on) if "-" in name else BridgeSettings(name, maintenance=on))


def hops(country: Country, bridge: str, target: str) -> tuple[str, ...]:
    """To whom a bridge sends what is for another."""
    store = country.core.compiler.store
    routes = [store.get(Route, f"{bridge}>{target}/{version}") for version in (0, 1)]
    return next(route.next_hops for route in routes if route is not None)


@pytest.mark.parametrize("name", ["s0-s1", "s1-s0", "s3"])
def test_it_is_drained_once_all_who_could_send_there_have_confirmed(ring: Country, name: str) -> None:
    assert ring.atlas.draining(name)["reason"] == "NotAsked"
    maintain(ring, name)
    said = ring.atlas.draining(name)
    assert (said["drained"], said["reason"]) == (False, "Confirming")
    assert "s0" in said["message"]
    ring.take_all()
    nothing = ("Drained", f"nothing goes by {name} any more")
    but_for = ("Inhabited", "nothing passes through s3 any more; plugged in there: acme/vm-s3")
    reason, message = nothing if "-" in name else but_for
    assert ring.atlas.draining(name) == {"drained": True, "reason": reason, "message": message}
    maintain(ring, name, on=False)
    ring.take_all()
    assert ring.atlas.draining(name)["reason"] == "NotAsked"


def test_it_is_not_drained_while_switches_may_go_by_what_they_were_told_before(
    ring: Country, at_once: pytest.MonkeyPatch
) -> None:
    maintain(ring, "s0-s1")
    ring.take_all()
    at_once.setattr(draining, "DIGESTED", 60)
    assert ring.atlas.draining("s0-s1")["reason"] == "Confirming"


def test_what_is_the_only_way_is_used_on_and_said_to_be_so(ring: Country) -> None:
    maintain(ring, "s0-s4")
    ring.take_all()
    assert ring.atlas.draining("s0-s4") == {
        "drained": False,
        "reason": "OnlyWay",
        "message": "nothing else leads to s0, s1, s2, s3, s4",
    }


def test_a_bridge_in_maintenance_still_has_its_own_machines(ring: Country) -> None:
    assert hops(ring, "s0", "s2") == ("s1", "s3")
    maintain(ring, "s3")
    ring.take_all()
    assert hops(ring, "s0", "s2") == ("s1",)
    assert hops(ring, "s0", "s3") == ("s3",)
    assert ring.atlas.draining("s3")["drained"]


def test_a_bridge_that_cannot_be_reached_may_still_send_there(ring: Country) -> None:
    ring.switches["s1"].in_sync = False
    maintain(ring, "s0-s1")
    ring.take_all()
    assert ring.atlas.draining("s0-s1")["reason"] == "OutOfReach"
    assert "s1" in ring.atlas.draining("s0-s1")["message"]
    assert not ring.atlas.draining("s0-s1")["drained"]


def test_nothing_is_known_of_what_there_is_not(ring: Country) -> None:
    assert ring.atlas.draining("s0-s9")["reason"] == "Unknown"


def test_a_way_round_for_when_something_fails_keeps_nobody_waiting(ring: Country) -> None:
    """The path goes by s3, and from s0 round it by s1; one that follows at an end is gone along."""
    laid = ((2, ("s0", "s1", "s2")), (3, ("s2", "s1")))
    around, then = (Track(str(TRACKS + n), TRACKS + n, bridges, (0,) * (len(bridges) - 1)) for n, bridges in laid)
    path = Track(str(TRACKS + 1), TRACKS + 1, ("s0", "s3", "s2"), (around.number, 0), then.number)
    ring.tell(around, then, path, Placed("acme/video|s0|s2", "acme/video", "s0", "s2", path.number))
    said = {}
    for link in ("s0-s1", "s0-s3", "s1-s2"):
        maintain(ring, link)
        ring.take_all()
        said[link] = ring.atlas.draining(link)
        maintain(ring, link, on=False)
        ring.take_all()
    assert said["s0-s1"]["drained"]
    assert said["s0-s3"]["message"] == said["s1-s2"]["message"] == "path policies lead there: acme/video"
