"""Sets of services are exactly what sets of single packets would be."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from controller.policy.services import EVERYTHING, NOTHING, Services, services_of
from controller.policy.values import ICMP, TCP, UDP, Service

EDGES = (0, 1, 2, 3, 4, 5, 65534, 65535)
PROTOCOLS = (TCP, UDP, ICMP, 47)
PACKETS = tuple(product(PROTOCOLS, EDGES, EDGES))


@st.composite
def ranges(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    pairs = draw(st.lists(st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)), max_size=3))
    return tuple((min(pair), max(pair)) for pair in pairs)


SERVICES = st.builds(Service, st.sampled_from(PROTOCOLS), ranges(), ranges())
SETS = st.recursive(
    st.lists(SERVICES, max_size=3).map(lambda found: services_of(tuple(found))),
    lambda sets: st.one_of(
        st.tuples(sets, sets).map(lambda two: two[0] | two[1]),
        st.tuples(sets, sets).map(lambda two: two[0] - two[1]),
    ),
    max_leaves=4,
)


def brute(service: Service, protocol: int, source: int, target: int) -> bool:
    return (
        service.protocol == protocol
        and (not service.ports or any(low <= target <= high for low, high in service.ports))
        and (not service.sources or any(low <= source <= high for low, high in service.sources))
    )


def packets(found: Services) -> set[tuple[int, int, int]]:
    return {packet for packet in PACKETS if found.holds(*packet)}


@given(st.lists(SERVICES, min_size=1, max_size=4))
def test_a_rules_services_are_what_each_of_them_says(services: list[Service]) -> None:
    expected = {packet for packet in PACKETS if any(brute(service, *packet) for service in services)}
    assert packets(services_of(tuple(services))) == expected


@given(SETS, SETS)
def test_union_intersection_and_difference_are_those_of_sets(one: Services, other: Services) -> None:
    assert packets(one | other) == packets(one) | packets(other)
    assert packets(one & other) == packets(one) & packets(other)
    assert packets(one - other) == packets(one) - packets(other)


@given(SETS, SETS)
def test_equal_sets_are_equal_values(one: Services, other: Services) -> None:
    assert (one - other) | (one & other) == one
    assert bool(one) == (one != NOTHING)
    assert EVERYTHING - (EVERYTHING - one) == one


def test_what_has_only_names_is_nothing_until_they_are_found() -> None:
    assert services_of((Service(TCP, names=("http",)),)) == NOTHING
    assert services_of(()) == EVERYTHING
