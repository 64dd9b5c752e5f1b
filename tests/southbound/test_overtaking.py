"""What fails goes ahead of all that a bridge has yet to be told, and what stands in the end is as if it had waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.compiler.catalogue import Delta
from controller.flow.flow import Flow, Here
from controller.southbound import agenda as module
from controller.southbound.agenda import Agenda, Flush
from controller.southbound.conntrack import Connections
from controller.southbound.wire import ANY_COOKIE
from controller.sync import Step, Turn, steps

if TYPE_CHECKING:
    import pytest

    from controller.flow.flow import Slot

HOSTS = ("hv1", "hv2")
RULED = Turn(1, resting=True)


def flow(place: int, content: int = 1, table: int = 33) -> Flow:
    """What does ``content`` in a place of its table."""
    return Flow(Here("hv1"), table, place, b"", bytes([content]), table << 16 | place << 8 | content)


def agenda() -> Agenda:
    return Agenda("hv1", lambda _: None, lambda *_: None)


def urgent(number: int, *puts: Flow, deletes: tuple[Flow, ...] = ()) -> Step:
    return Step(Turn(number, urgent=True), 0, puts, deletes)


def sent(made: Agenda) -> list[tuple[tuple[Flow, ...], tuple[Flow, ...]]]:
    """All that may be sent now, in order."""
    found = []
    while (change := made.next_change(steps=True)) is not None:
        found.append((change.puts, change.deletes))
    return found


def test_what_fails_waits_for_nothing_that_waits() -> None:
    made = agenda()
    made.add(Step(RULED, 2, (), (flow(1),)))
    made.add(Flush(Connections(7)))
    made.add(urgent(2, flow(2)))
    made.add(urgent(3, flow(3)))
    made.add(Step(Turn(4), 0, (flow(4),), ()))
    assert sent(made) == [((flow(2),), ()), ((flow(3),), ())]
    assert made.oldest(9) == 1


def test_what_fails_does_not_wait_for_the_rest_of_a_large_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUNDLE_SIZE", 1)
    made = agenda()
    made.add(Step(Turn(1), 0, (flow(1), flow(2), flow(3)), ()))
    assert made.next_change(steps=True) is not None
    made.add(urgent(2, flow(4), flow(5)))
    assert [puts for puts, _ in sent(made)] == [(flow(5),), (flow(4),), (flow(2),), (flow(1),)]


def test_a_bridge_that_is_read_again_takes_nothing_ahead_of_that() -> None:
    made = agenda()
    made.line_up(["read"], [((flow(1), flow(2)), ())])
    made.add(urgent(2, flow(2, 5)))
    first = made.next_change(steps=False)
    assert first is not None
    assert (first.tag, first.puts) == ("read", (flow(1),))
    assert made.next_change(steps=False) is None
    assert sent(made) == [((flow(2, 5),), ())]


def test_what_was_to_become_of_a_flow_does_not_after_it_has_failed() -> None:
    made = agenda()
    made.add(Step(Turn(1), 0, (flow(1, 2), flow(2)), (flow(3), flow(4))))
    made.add(urgent(2, flow(1, 3), flow(3, 2)))
    assert sent(made) == [((flow(1, 3), flow(3, 2)), ()), ((flow(2),), (flow(4),))]


def test_what_goes_before_it_was_put_goes_whatever_stands_there() -> None:
    made = agenda()
    made.add(Step(Turn(1), 0, (flow(1, 2),), ()))
    made.add(urgent(2, deletes=(flow(1, 2), flow(5))))
    (_, (first, second)), rest = sent(made)
    assert (first.slot, first.cookie, second) == (flow(1).slot, ANY_COOKIE, flow(5))
    assert rest == ((), ())


Histories = st.lists(
    st.tuples(
        st.booleans(),
        st.dictionaries(st.tuples(st.sampled_from(HOSTS), st.integers(0, 4)), st.integers(0, 3), min_size=1),
    ),
    min_size=1,
    max_size=8,
)


class Country:
    """Two switches whose changes overtake each other, and what is wanted of them in the end."""

    def __init__(self) -> None:
        self.agendas = {host: Agenda(host, lambda _: None, lambda *_: None) for host in HOSTS}
        self.tables: dict[str, dict[Slot, Flow]] = {host: {} for host in HOSTS}
        self.wanted: dict[str, dict[int, Flow]] = {host: {} for host in HOSTS}
        self.number = 0

    def turn(self, *, fails: bool, contents: dict[tuple[str, int], int]) -> None:
        """These places get these contents, 0: nothing."""
        self.number += 1
        deltas: dict[str, Delta] = {}
        for (host, place), content in contents.items():
            stands, delta = self.wanted[host].pop(place, None), deltas.setdefault(host, Delta())
            if content:
                self.wanted[host][place] = put = flow(place, content, 28 if place < 2 else 33)
                if put != stands:
                    (delta.changed if stands else delta.new).append(put)
            elif stands:
                delta.gone.append(stands)
        for host, plan in steps(self.number, deltas, urgent=fails).items():
            for step in plan:
                self.agendas[host].add(step)
                step.turn.rested()

    def take(self, host: str) -> bool:
        """A switch takes in the next change, if there is one that it may."""
        change = self.agendas[host].next_change(steps=True)
        if change is None:
            return False
        table = self.tables[host]
        table.update((put.slot, put) for put in change.puts)
        for gone in change.deletes:
            if gone.slot in table and gone.cookie in {ANY_COOKIE, table[gone.slot].cookie}:
                del table[gone.slot]
        if isinstance(change.tag, Step):
            self.agendas[host].end(change.tag)
        return True


@given(Histories, st.data())
@settings(max_examples=100)
def test_whoever_overtakes_whom_what_stands_in_the_end_is_what_is_wanted(
    history: list[tuple[bool, dict[tuple[str, int], int]]], data: st.DataObject
) -> None:
    country = Country()
    for fails, contents in history:
        country.turn(fails=fails, contents=contents)
        for host in data.draw(st.lists(st.sampled_from(HOSTS), max_size=4)):
            country.take(host)
    while any([country.take(host) for host in HOSTS]):  # noqa: C419 - each gets its turn
        pass
    for host in HOSTS:
        assert country.tables[host] == {one.slot: one for one in country.wanted[host].values()}
