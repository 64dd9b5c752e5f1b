"""What a change makes of who reaches whom is what a comparison of everything would find, and nothing else."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.entities import Port, Project, Router
from controller.policy.derived import Identity
from controller.policy.differences import Difference, Differences, Ours, Strangers
from controller.policy.gates import Gates, Span, address
from controller.policy.reach import Reach, outside, overlaid
from controller.policy.services import NOTHING
from controller.policy.values import Policy, Tier
from tests.compiled import Watched
from tests.policy.policy_worlds import OUTSIDE, policies, ports, worlds
from tests.policy.test_three_oracles import WORLDS

if TYPE_CHECKING:
    from controller.compiler.past import Glimpse, Reading
    from controller.entities import Entity
    from controller.policy.reach import Passage
    from controller.policy.services import Services
    from controller.policy.values import Direction
    from tests.worlds import Key, World

Table = dict[tuple[str, str], "Passage"]
"""What each port may begin with each other, and with each address outside, over IPv4 and over IPv6."""
CLOSED = (NOTHING, NOTHING)
CEILING = 5.0
"""Seconds; each with each would take more than a minute."""


@st.composite
def edits(draw: st.DrawFn, found: World) -> tuple[list[Entity], list[Key]]:
    """Something new, something replaced, something gone."""
    puts: list[Entity] = [draw(policies(number)) for number in draw(st.lists(st.integers(0, 4), max_size=1))]
    puts += [draw(ports(number)) for number in draw(st.lists(st.integers(0, 5), max_size=1))]
    kinds = (Port, Policy, Tier, Router, Project)
    gone = draw(st.lists(st.sampled_from([key for key in found if key[0] in kinds]), max_size=1))
    return puts, [key for key in gone if key not in {(type(one), one.key) for one in puts}]


@given(data=st.data())
@settings(max_examples=WORLDS * 2, deadline=None, suppress_health_check=list(HealthCheck))
def test_differences_are_those_of_a_comparison_of_everything(data: st.DataObject) -> None:
    found = data.draw(worlds())
    puts, deletes = data.draw(edits(found))
    compiler = Watched()
    compiler.turn(found.values())
    seen = compiler.look(puts, deletes, compared)
    assert seen is not None
    before, after, told = seen
    assert not compiler.bugs
    expected = {pair for pair in {*before, *after} if before.get(pair, CLOSED) != after.get(pair, CLOSED)}
    differing = {pair for pair, (old, new) in told.items() if old != new}
    assert differing == expected
    for pair, (old, new) in told.items():
        assert (old, new) == (before.get(pair, CLOSED), after.get(pair, CLOSED))


def test_long_lists_of_addresses_are_compared_in_one_pass() -> None:
    cuts = range(0, 1 << 32, 1 << 18)
    some = [(Span(4, first, first + (1 << 18) - 1), NOTHING) for first in cuts]
    others = [(Span(4, max(0, first - 1), first + (1 << 18) - 2), NOTHING) for first in cuts]
    others[-1] = (Span(4, others[-1][0].first, (1 << 32) - 1), NOTHING)
    started = monotonic()
    parts = [part for part, _, _ in overlaid(some, others)]
    assert monotonic() - started < CEILING
    assert [part.first for part in parts] == sorted({span.first for span, _ in (*some, *others)})


def compared(glimpse: Glimpse) -> tuple[Table, Table, dict[tuple[str, str], tuple[Passage, Passage]]]:
    """Everything before, everything after, and what the differences say."""
    before, after = Reach(glimpse.before, Gates()), Reach(glimpse.after, Gates())
    told: dict[tuple[str, str], tuple[Passage, Passage]] = {}
    for one in Differences(before, after, glimpse.changed, _nothing).found():
        for pair in pairs(one):
            assert told.get(pair, (one.before, one.after)) == (one.before, one.after)
            told[pair] = (one.before, one.after)
    return table(glimpse.before), table(glimpse.after), told


def pairs(one: Difference) -> set[tuple[str, str]]:
    ends = [named(crowd) for crowd in (one.sources, one.targets)]
    return {(source, target) for source in ends[0] for target in ends[1] if source != target}


def named(crowd: Ours | Strangers) -> list[str]:
    if isinstance(crowd, Ours):
        return list(crowd.ports)
    return [
        one
        for one in OUTSIDE
        if any(
            span.family == at.family and span.first <= at.first <= span.last
            for span in crowd.spans
            for at in [address(one)]
        )
    ]


def table(reading: Reading) -> Table:
    """Everybody with everybody, and with the addresses outside."""
    reach = Reach(reading, Gates())
    found: Table = {}
    identities = [one for key in reading.keys(Identity) if (one := reading.get(Identity, key)) is not None]
    for source in identities:
        for target in identities:
            for pairing in reach.between(source, target):
                for start in pairing.sources:
                    found |= {(start, to): pairing.passage for to in pairing.targets if to != start}
        for stranger in OUTSIDE if reach.opens(source) else ():
            for port in reach.members(source):
                found[port, stranger] = (services_at(reach, source, "egress", stranger),) * 2
                found[stranger, port] = (services_at(reach, source, "ingress", stranger),) * 2
    return found


def services_at(reach: Reach, identity: Identity, direction: Direction, stranger: str) -> Services:
    at = address(stranger)
    spans = outside(reach.gate(identity, direction))
    return next(
        services for span, services in spans if span.family == at.family and span.first <= at.first <= span.last
    )


def _nothing() -> None:
    """Any number of comparisons is fine."""
