"""Links that protected packets go by are drained, watched by BFD from then on, and used again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas import care as caring
from controller.atlas.care import GATHERING, REST, RETRY, SECONDS, Care
from controller.entities import Chassis
from controller.links import TRACKS, EndState, Track, Wire, WireEnd, in_order
from controller.settings import Topology
from controller.store import Store
from tests.atlas.country import Idle, Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity

SETTINGS = Topology(link_mtu=1600, bfd_interval=100)
OFF, DOWN, UP = EndState(1600, None), EndState(1600, alive=False), EndState(1600, alive=True)
DRAINED, NOT_YET = {"drained": True}, {"drained": False, "message": "routes are being worked out"}


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
    """A care with time, hosts and an atlas that tests move on; ``held`` are the links that are kept free now."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(caring.time, "monotonic", lambda: self.now)
        self.store, self.hosts, self.queue = Store({}), Hosts(), Queue()
        self.held: set[str] = set()
        self.answer: dict[str, Any] = NOT_YET
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

    def hold(self, link: str, *, drained: bool) -> None:
        (self.held.add if drained else self.held.discard)(link)

    def draining(self, _name: str) -> dict[str, Any]:
        return self.answer

    def learn(self, *entities: Entity) -> None:
        """The compiler takes these in, and what is due happens."""
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)
        self.care.compiled(changed)
        self.passes(GATHERING)

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
    """Three bridges in a ring."""
    made = Lab(monkeypatch)
    made.learn(*(Chassis(f"s{n}", n) for n in (1, 2, 3)), *(wire(*pair) for pair in ((1, 2), (2, 3), (1, 3))))
    return made


def wire(one: int, other: int, *, up: bool = True) -> Wire:
    key = f"s{one}.{other}-s{other}.{one}"
    return Wire(key, in_order(f"s{one}", f"s{other}"), (other, one), (f"s{one}-{other}", f"s{other}-{one}"), up)


def track(*bridges: str, guarded: bool = True) -> Track:
    """A way whose first step can be gone round."""
    detours = (TRACKS + 9, *[0] * (len(bridges) - 2)) if guarded else (0,) * (len(bridges) - 1)
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


def test_a_link_that_protected_packets_go_by_is_watched_once_nothing_goes_there(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.learn(track("s1", "s2", "s3"))
    assert lab.held == {"s1-s2"}
    assert bfd(lab, 1, 2) == {None}
    lab.answer = DRAINED
    lab.care.settled("s1")
    lab.works()
    assert bfd(lab, 1, 2) == {100}
    lab.hosts.says(DOWN, *ends(1, 2))
    lab.works()
    assert lab.held == {"s1-s2"}
    assert lab.care.watched(wire(1, 2)) is False
    lab.hosts.says(UP, *ends(1, 2))
    lab.works()
    assert lab.care.watched(wire(1, 2)) is True
    assert lab.held == set()
    assert lab.published == [("Link s1-s2", {"watched": True, "interval_ms": 100})]
    lab.passes(2 * RETRY)
    assert lab.held == set()
    assert bfd(lab, 2, 3) == {None}


@pytest.mark.parametrize("silent", [ends(1, 2)[:1], ends(1, 2)])
def test_a_link_of_which_a_host_says_nothing_is_left_alone(lab: Lab, silent: tuple[tuple[int, str], ...]) -> None:
    lab.hosts.says(OFF)
    for place in silent:
        del lab.hosts.states[place]
    lab.learn(track("s1", "s2"))
    assert lab.held == set()
    assert lab.care.watched(wire(1, 2)) is None


def test_packets_that_are_not_protected_need_no_watch(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.learn(track("s1", "s2", guarded=False))
    assert lab.held == set()


def test_a_link_that_cannot_be_drained_is_used_on_and_tried_again(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.answer = {"drained": False, "message": "nothing else leads to s2"}
    lab.learn(track("s1", "s2"))
    lab.passes(SECONDS["draining"] + GATHERING)
    assert lab.held == set()
    assert bfd(lab, 1, 2) == {None}
    assert lab.published == [("Link s1-s2", {"watched": False, "why": "nothing else leads to s2"})]
    lab.passes(RETRY)
    assert lab.held == {"s1-s2"}


def test_where_the_ends_do_not_hear_each_other_nothing_is_asked_of_them_any_more(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.answer = DRAINED
    lab.learn(track("s1", "s2"))
    lab.hosts.says(DOWN, *ends(1, 2))
    lab.passes(GATHERING)
    assert bfd(lab, 1, 2) == {100}
    lab.passes(SECONDS["rising"])
    assert bfd(lab, 1, 2) == {0}
    assert lab.held == {"s1-s2"}
    lab.hosts.says(OFF, *ends(1, 2))
    lab.works()
    assert lab.held == set()
    assert lab.published[-1][1]["watched"] is False


def test_no_two_links_of_a_bridge_are_drained_at_a_time(lab: Lab) -> None:
    lab.learn(Chassis("s4", 4), wire(3, 4))
    lab.hosts.says(OFF)
    lab.learn(Track(str(TRACKS + 1), TRACKS + 1, ("s1", "s2", "s3", "s4"), (TRACKS + 9,) * 3))
    assert lab.held == {"s1-s2", "s3-s4"}
    lab.answer = DRAINED
    lab.care.settled("s1")
    lab.works()
    lab.hosts.says(UP, *ends(1, 2))
    lab.works()
    assert lab.held == {"s3-s4"}
    lab.hosts.says(UP, *ends(3, 4))
    lab.works()
    assert lab.held == set()
    lab.passes(REST)
    assert lab.held == {"s2-s3"}
    assert bfd(lab, 1, 2) == {100}


def test_what_an_earlier_daemon_had_only_begun_is_ended(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.hosts.says(DOWN, ends(1, 2)[0])
    lab.answer = DRAINED
    lab.learn(wire(1, 2, up=False))
    lab.passes(GATHERING)
    assert bfd(lab, 1, 2) == {100}
    lab.hosts.says(UP, *ends(1, 2))
    lab.works()
    assert lab.held == set()


def test_a_cut_link_is_not_waited_for(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.learn(wire(1, 2, up=False), track("s1", "s2"))
    assert lab.held == set()
    lab.learn(wire(1, 2))
    assert lab.held == {"s1-s2"}


def test_a_wire_that_was_watched_stays_so_when_the_world_is_looked_at_again(lab: Lab) -> None:
    lab.hosts.says(OFF)
    lab.answer = DRAINED
    lab.learn(track("s1", "s2"))
    lab.passes(GATHERING)
    lab.hosts.says(UP, *ends(1, 2))
    lab.learn(Chassis("s4", 4), wire(3, 4))
    assert bfd(lab, 1, 2) == {100}


@pytest.mark.parametrize("reason", ["OnlyWay", "Steered"])
def test_a_link_that_packets_cannot_leave_is_watched_all_the_same(lab: Lab, reason: str) -> None:
    """They take their detour meanwhile, or the one port that flows name whether it lives or not."""
    lab.hosts.says(OFF)
    lab.answer = {"drained": False, "reason": reason, "message": "path policies lead there"}
    lab.learn(track("s1", "s2", "s3"))
    assert bfd(lab, 1, 2) == {None}
    lab.passes(SECONDS["draining"] + GATHERING)
    assert bfd(lab, 1, 2) == {100}


def test_several_wires_that_packets_cannot_leave_are_not_watched(lab: Lab) -> None:
    """Each would be taken for dead for a moment, and there would be none to pick."""
    lab.learn(Wire("s1.9-s2.9", ("s1", "s2"), (9, 9), ("s1-9", "s2-9")))
    lab.hosts.says(OFF)
    lab.answer = {"drained": False, "reason": "OnlyWay", "message": "nothing else leads to s2"}
    lab.learn(track("s1", "s2", "s3"))
    lab.passes(SECONDS["draining"] + GATHERING)
    assert bfd(lab, 1, 2) == {None}
    assert ("Link s1-s2", {"watched": False, "why": "nothing else leads to s2"}) in lab.published
