"""Punts: each port has its turn, whatever the others send, and nothing that goes wrong costs anybody else an answer."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from apps import registers
from controller.punts import LONGEST_QUEUE, MOST_PORTS, Punts, Queues
from controller.services import outcome
from controller.services.outcome import DHCP, DNS, LOGGED, REASONS, Facts, Ignored, Outcome, Punt
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.services.outcome import Responder


def punt(chassis: str, port: int, number: int = 0, reason: int = DHCP) -> Punt:
    return Punt(chassis, port, reason, number.to_bytes(4, "big"))


def drained(queues: Queues) -> list[Punt]:
    found = []
    while (taken := queues.take()) is not None:
        found.append(taken)
    return found


def test_copies_for_the_log_take_no_place_of_what_asks() -> None:
    queues = Queues()
    for number in range(2 * LONGEST_QUEUE):
        queues.put(punt("hv1", 1, number, LOGGED))
    assert queues.put(punt("hv1", 1, 7, DHCP))
    assert DHCP in [taken.reason for taken in drained(queues)[:2]]


def test_a_flooding_port_puts_no_more_than_one_packet_before_anothers() -> None:
    queues = Queues()
    for number in range(1000):
        queues.put(punt("hv1", 1, number))
    queues.put(punt("hv1", 2))
    queues.put(punt("hv2", 1))
    assert [(taken.chassis, taken.in_port) for taken in drained(queues)[:4]] == [
        ("hv1", 1),
        ("hv2", 1),
        ("hv1", 2),
        ("hv1", 1),
    ]


def test_a_chassis_that_names_many_ports_keeps_no_other_waiting() -> None:
    queues = Queues()
    kept = [queues.put(punt("wicked", port)) for port in range(MOST_PORTS + 10)]
    assert kept == [True] * MOST_PORTS + [False] * 10
    queues.put(punt("hv1", 1))
    assert punt("hv1", 1) in [queues.take(), queues.take()]


def test_a_queue_has_an_end() -> None:
    queues = Queues()
    assert [queues.put(punt("hv1", 1)) for _ in range(LONGEST_QUEUE + 2)] == [True] * LONGEST_QUEUE + [False] * 2
    assert queues.put(punt("hv1", 2))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=80))
def test_each_port_is_served_in_its_own_order_and_nothing_is_lost(places: list[tuple[str, int]]) -> None:
    queues = Queues()
    put = [each for number, place in enumerate(places) if queues.put(each := punt(*place, number))]
    taken = drained(queues)
    assert sorted(taken, key=_number) == put
    for place in set(places):
        own = [each for each in taken if (each.chassis, each.in_port) == place]
        assert own == sorted(own, key=_number)


def _number(punted: Punt) -> bytes:
    return punted.frame


class Wake:
    """A queue as the hub's; who runs out of work is stopped."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[None] = SimpleQueue()

    def put(self, item: None) -> None:
        self._queue.put(item)

    def qsize(self) -> int:
        return self._queue.qsize()

    def get(self) -> None:
        self._queue.get()


class NoBreath:
    def begin(self) -> None:
        """Nobody waits."""

    def __call__(self) -> None:
        """Nobody waits."""


class Desk:
    """Punts with responders of a test, and everything that comes of them."""

    def __init__(self, **responders: Responder) -> None:
        self.carried: list[tuple[Outcome, Punt]] = []
        self.bugs: list[tuple[str, str]] = []
        self.done = threading.Event()
        by_number = {REASONS.index(name) + 1: responder for name, responder in responders.items()}
        self.punts = Punts(Store({}), by_number, self._carry_out, Wake(), NoBreath(), self._bug)

    def _carry_out(self, outcome: Outcome, punted: Punt) -> None:
        self.carried.append((outcome, punted))
        if punted.frame == b"last":
            self.done.set()

    def _bug(self, where: str, key: str, _error: Exception) -> None:
        self.bugs.append((where, key))

    def run(self) -> None:
        """Answer until the last packet has been."""
        self.punts.take(Punt("hv9", 9, DNS, b"last"))
        runner: Callable[[], None] = lambda: self.punts.run(lambda: 1.0)  # noqa: E731 - the clock stands
        threading.Thread(target=runner, daemon=True).start()
        assert self.done.wait(10)


def ignoring(_punt: Punt, _facts: Facts, now: float) -> Iterator[Outcome]:
    assert now == 1.0
    yield Ignored("unserved")


def broken(_punt: Punt, _facts: Facts, _now: float) -> Iterator[Outcome]:
    yield Ignored("malformed")
    raise ValueError("a bug of ours")


def test_packets_are_answered_and_counted() -> None:
    desk = Desk(dhcp=ignoring, dns=ignoring)
    for _ in range(LONGEST_QUEUE + 3):
        desk.punts.take(punt("hv1", 1))
    desk.punts.take(punt("hv1", 1, reason=0))
    desk.punts.take(punt("hv1", 1, reason=99))
    desk.run()
    assert desk.carried[:1] == [(Ignored("unserved"), punt("hv1", 1))]
    assert desk.carried[1][1].frame == b"last"
    assert desk.punts.received == {"dhcp": LONGEST_QUEUE + 3, "dns": 1}
    assert desk.punts.dropped == {"dhcp": 3, "unknown": 2}


def test_a_packet_that_we_fail_at_costs_nobody_else_an_answer() -> None:
    desk = Desk(dhcp=broken, dns=ignoring)
    desk.punts.take(punt("hv1", 1))
    desk.run()
    assert desk.bugs == [("service dhcp", "hv1 port 1")]
    assert [outcome for outcome, _ in desk.carried] == [Ignored("malformed"), Ignored("unserved")]


def test_switches_and_services_have_the_same_numbers_for_reasons() -> None:
    for number, name in enumerate(REASONS, 1):
        assert getattr(registers, name.upper()) == getattr(outcome, name.upper()) == number
