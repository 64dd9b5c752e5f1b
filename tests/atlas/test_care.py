"""BFD begins on wires that protected packets go by, one at each bridge at a time, and nobody takes them for down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas import care as caring
from controller.atlas.care import DEAF, GATHERING, PROMPT, RETRY, SECONDS, Care
from controller.atlas.wires import PACE
from controller.entities import Chassis
from controller.links import TRACKS, EndState, Track, Wire, WireEnd, in_order, link_name
from controller.settings import Topology
from controller.store import Store
from tests.atlas.country import Idle, Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity

SETTINGS = Topology(link_mtu=1600, bfd_interval=100)
OFF, DOWN, UP = EndState(1600, None), EndState(1600, alive=False), EndState(1600, alive=True)


class Hosts:
    """What is asked of the ends of wires, and what they say."""

    def __init__(self) -> None:
        self.ends: Any = self
        self.told: Callable[[tuple[int, str]], None] = print
        self.asked: dict[tuple[int, str], WireEnd] = {}
        self.states: dict[tuple[int, str], EndState] = {}

    def tend(self, ends: Iterable[WireEnd]) -> None:
        self.asked = {(end.dpid, end.name): end for end in ends}

    def state(self, place: tuple[int, str]) -> EndState | None:
        return self.states.get(place)

    def says(self, state: EndState, *places: tuple[int, str]) -> None:
        """Hosts say this of some ends, or of all."""
        for place in places or tuple(self.asked):
            self.states[place] = state
            self.told(place)


class Lab:
    """A care with time and hosts that tests move on; ``excused`` are the wires that nobody takes for down now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(caring.time, "monotonic", lambda: self.now)
        self.store, self.hosts, self.queue = Store({}), Hosts(), Queue()
        self.excused: set[str] = set()
        self.published: list[tuple[str, dict[str, object]]] = []
        self.bugs: list[Exception] = []
        self._timers: list[tuple[float, Callable[[], None]]] = []
        self.care = Care(self.store, self, self.hosts, SETTINGS, self, self.publish, self.bug)

    def publish(self, _kind: str, subject: str, detail: dict[str, object]) -> None:
        self.published.append((subject, detail))

    def bug(self, _where: str, _key: str, error: Exception) -> None:
        self.bugs.append(error)

    def Queue(self) -> Queue:  # noqa: N802 - as hubs call it
        return self.queue

    def spawn_after(self, seconds: float, function: Callable[[], None]) -> None:
        self._timers.append((self.now + seconds, function))

    def sleep(self, _seconds: float) -> None:
        """Nobody else has anything to do."""

    def begin(self, wire: Wire) -> None:
        self.excused.add(link_name(*wire.ends))

    def end(self, wire: Wire) -> None:
        self.excused.remove(link_name(*wire.ends))

    def learn(self, *entities: Entity) -> None:
        """The compiler takes these in, and what is due happens."""
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)
        self.care.compiled(changed)
        self.passes(GATHERING)

    def say(self, state: EndState, *places: tuple[int, str]) -> None:
        """Hosts say this of some ends, or of all, and what is due happens."""
        self.hosts.says(state, *places)
        self.passes(PROMPT)

    def passes(self, seconds: float) -> None:
        """Time goes by, and whatever is due happens in its order."""
        end = self.now + seconds
        while due := [timer for timer in self._timers if timer[0] <= end]:
            first = min(due, key=lambda timer: timer[0])
            self._timers.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
            self.works()
        self.now = end
        self.works()

    def works(self) -> None:
        with pytest.raises(Idle):
            self.care.run()
        assert self.bugs == []


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Three bridges in a ring, of whose wires hosts say that nobody tells of them by BFD."""
    made = Lab(monkeypatch)
    made.learn(*(Chassis(f"s{n}", n) for n in (1, 2, 3)), *(wire(*pair) for pair in ((1, 2), (2, 3), (1, 3))))
    made.say(OFF)
    return made


def wire(one: int, other: int, *, up: bool = True) -> Wire:
    key = f"s{one}.{other}-s{other}.{one}"
    return Wire(key, in_order(f"s{one}", f"s{other}"), (other, one), (f"s{one}-{other}", f"s{other}-{one}"), up)


def track(*bridges: str, guarded: bool = True) -> Track:
    """A way of which each step can be gone round, or none."""
    detours = (TRACKS + 9 if guarded else 0,) * (len(bridges) - 1)
    return Track(str(TRACKS + 1), TRACKS + 1, bridges, detours)


def ends(one: int, other: int) -> tuple[tuple[int, str], tuple[int, str]]:
    return (one, f"s{one}-{other}"), (other, f"s{other}-{one}")


def bfd(lab: Lab, one: int, other: int) -> set[int | None]:
    """What is asked of both ends."""
    return {lab.hosts.asked[place].bfd for place in ends(one, other)}


def test_every_end_is_to_have_room_for_headers(lab: Lab) -> None:
    assert {end.mtu for end in lab.hosts.asked.values()} == {1600}
    assert lab.hosts.asked.keys() == {*ends(1, 2), *ends(2, 3), *ends(1, 3)}
    assert {end.bfd for end in lab.hosts.asked.values()} == {None}


def test_a_wire_that_protected_packets_go_by_is_watched_once_its_ends_hear_each_other_at_pace(lab: Lab) -> None:
    lab.learn(track("s1", "s2"))
    assert lab.excused == {"s1-s2"}
    assert bfd(lab, 1, 2) == {100}
    lab.say(DOWN, *ends(1, 2))
    assert lab.care.watched(wire(1, 2)) is False
    assert lab.care.unwatched(wire(1, 2)) == "BFD begins"
    lab.say(UP, *ends(1, 2))
    assert lab.care.watched(wire(1, 2)) is False
    assert lab.excused == {"s1-s2"}
    lab.passes(PACE)
    assert lab.care.watched(wire(1, 2)) is True
    assert lab.care.unwatched(wire(1, 2)) is None
    assert lab.excused == set()
    told = {"watched": True, "wire": wire(1, 2).key, "interval_ms": 100}
    assert lab.published == [("Link s1-s2", told)]
    lab.passes(2 * RETRY)
    assert lab.excused == set()
    assert bfd(lab, 2, 3) == {None}


@pytest.mark.parametrize("silent", [ends(1, 2)[:1], ends(1, 2)])
def test_a_wire_of_which_a_host_says_nothing_is_left_alone(lab: Lab, silent: tuple[tuple[int, str], ...]) -> None:
    for place in silent:
        del lab.hosts.states[place]
    lab.learn(track("s1", "s2"))
    assert lab.excused == set()
    assert lab.care.watched(wire(1, 2)) is None
    assert lab.care.unwatched(wire(1, 2)) == "the database of s1 is not reached"


def test_an_end_that_bfd_cannot_watch_is_named(lab: Lab) -> None:
    lab.say(EndState(None, None, able=False), ends(1, 2)[1])
    lab.learn(track("s1", "s2"))
    assert lab.excused == set()
    assert lab.care.unwatched(wire(1, 2)) == "s2-1 is of a sort that BFD does not watch"


def test_packets_that_are_not_protected_need_no_watch(lab: Lab) -> None:
    lab.learn(track("s1", "s2", guarded=False))
    assert lab.excused == set()


def test_where_the_ends_do_not_hear_each_other_nothing_is_asked_of_them_any_more_for_a_while(lab: Lab) -> None:
    lab.learn(track("s1", "s2"))
    lab.say(DOWN, *ends(1, 2))
    assert bfd(lab, 1, 2) == {100}
    lab.passes(SECONDS["rising"])
    assert bfd(lab, 1, 2) == {0}
    lab.say(OFF, *ends(1, 2))
    assert lab.excused == {"s1-s2"}, "the switch may not have taken in yet that BFD ended"
    lab.passes(PACE)
    assert lab.excused == set()
    assert lab.published == [("Link s1-s2", {"watched": False, "wire": wire(1, 2).key, "why": DEAF})]
    assert lab.care.unwatched(wire(1, 2)) == DEAF
    lab.passes(RETRY)
    assert lab.excused == {"s1-s2"}


def test_bfd_begins_on_no_two_wires_of_a_bridge_at_a_time(lab: Lab) -> None:
    lab.learn(Chassis("s4", 4), wire(3, 4))
    lab.say(OFF)
    lab.learn(track("s1", "s2", "s3", "s4"))
    assert lab.excused == {"s1-s2", "s3-s4"}
    assert bfd(lab, 2, 3) == {None}
    assert lab.care.unwatched(wire(2, 3)) == "BFD is to begin"
    lab.say(UP, *ends(1, 2))
    assert bfd(lab, 2, 3) == {None}
    lab.say(UP, *ends(3, 4))
    assert lab.excused == {"s1-s2", "s2-s3", "s3-s4"}, "the next need not wait for the pace of those before"
    assert bfd(lab, 2, 3) == {100}
    assert bfd(lab, 1, 2) == {100}
    lab.say(UP, *ends(2, 3))
    lab.passes(PACE)
    assert lab.excused == set()


def test_bfd_begins_on_one_of_several_wires_between_two_bridges_at_a_time(lab: Lab) -> None:
    """The others carry what is shared out."""
    second = Wire("s1.9-s2.9", ("s1", "s2"), (9, 9), ("s1-9", "s2-9"))
    lab.learn(second)
    lab.say(OFF)
    lab.learn(track("s1", "s2"))
    other = {lab.hosts.asked[place].bfd for place in ((1, "s1-9"), (2, "s2-9"))}
    assert {*bfd(lab, 1, 2), *other} == {100, None}
    first = ends(1, 2) if bfd(lab, 1, 2) == {100} else ((1, "s1-9"), (2, "s2-9"))
    lab.say(UP, *first)
    assert {end.bfd for end in lab.hosts.asked.values() if end.dpid != 3 and end.name not in {"s1-3", "s2-3"}} == {100}


def test_many_links_of_a_path_are_watched_in_two_goes(lab: Lab) -> None:
    lab.learn(*(Chassis(f"s{n}", n) for n in range(4, 12)), *(wire(n, n + 1) for n in range(3, 11)))
    lab.say(OFF)
    lab.learn(track(*(f"s{n}" for n in range(1, 12))))
    odd = {place for n in range(1, 11, 2) for place in ends(n, n + 1)}
    assert {place for place, end in lab.hosts.asked.items() if end.bfd == 100} == odd
    lab.say(UP, *odd)
    assert {end.bfd for end in lab.hosts.asked.values() if end.name not in {"s1-3", "s3-1"}} == {100}


def test_what_an_earlier_daemon_had_only_begun_is_ended(lab: Lab) -> None:
    lab.hosts.says(DOWN, ends(1, 2)[0])
    lab.learn(wire(1, 2, up=False))
    assert bfd(lab, 1, 2) == {100}
    lab.say(UP, *ends(1, 2))
    lab.passes(PACE)
    assert lab.excused == set()
    assert lab.care.watched(wire(1, 2)) is True


def test_a_cut_link_is_not_waited_for(lab: Lab) -> None:
    lab.learn(wire(1, 2, up=False), track("s1", "s2"))
    assert lab.excused == set()
    lab.learn(wire(1, 2))
    assert lab.excused == {"s1-s2"}


def test_a_wire_that_was_watched_stays_so_when_the_world_is_looked_at_again(lab: Lab) -> None:
    lab.learn(track("s1", "s2"))
    lab.hosts.says(UP, *ends(1, 2))
    lab.learn(Chassis("s4", 4), wire(3, 4))
    assert bfd(lab, 1, 2) == {100}


def test_ends_that_lose_and_hear_each_other_again_are_at_pace_only_after_a_while(lab: Lab) -> None:
    lab.learn(track("s1", "s2"))
    lab.say(UP, *ends(1, 2))
    lab.passes(PACE)
    lab.say(DOWN, ends(1, 2)[0])
    assert lab.care.unwatched(wire(1, 2)) == DEAF
    lab.say(UP, ends(1, 2)[0])
    assert lab.care.unwatched(wire(1, 2)) == "BFD begins"
    lab.passes(PACE)
    assert lab.care.unwatched(wire(1, 2)) is None


def test_the_narrowest_wire_is_known_of_those_that_are_up(lab: Lab) -> None:
    assert lab.care.narrowest() == (1600, wire(1, 2).key)
    lab.say(EndState(1500, None), ends(2, 3)[1])
    assert lab.care.narrowest() == (1500, wire(2, 3).key)
    lab.learn(wire(2, 3, up=False))
    assert lab.care.narrowest() == (1600, wire(1, 2).key)
    for place in tuple(lab.hosts.states):
        lab.hosts.states.pop(place)
        lab.hosts.told(place)
    assert lab.care.narrowest() is None
