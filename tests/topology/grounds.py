"""Maps for tests of paths, drawn in one line or at random, and questions put to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from controller.links import Wanted, in_order, link_name
from topology.map import Edge, Map, Site
from topology.paths import Question

if TYPE_CHECKING:
    from collections.abc import Iterable

Cable = tuple[str, str, int, float | None, float | None]
"""Two bridges, with what the link between them costs, its ms and its Mbit/s."""
MARK = (("region", "x"),)


def drawn(*cables: str, cost: int = 10, latency: float | None = 1.0, capacity: float | None = 100.0) -> Map:
    """Links that are all alike, as ``s1-s2``."""
    return cabled((*cable.split("-"), cost, latency, capacity) for cable in cables)  # type: ignore[misc]


def cabled(cables: Iterable[Cable]) -> Map:
    """Links that differ."""
    ground = Map()
    for one, other, cost, latency, capacity in cables:
        ground.put(Edge(link_name(one, other), in_order(one, other), cost, latency, capacity))
    return ground


@st.composite
def grounds(draw: st.DrawFn, bridges: int = 6) -> Map:
    """Few bridges and many links, of few sorts, so that much is equal; some marked, some drained, some unknown."""
    names = [f"s{number}" for number in range(1, bridges + 1)]
    pairs = [(one, other) for at, one in enumerate(names) for other in names[at + 1 :]]
    ground = Map()
    for name in names:
        drained, marked = draw(st.sampled_from([(False, False)] * 6 + [(True, False), (False, True)]))
        ground.put(Site(name, MARK if marked else (), drained))
    for one, other in draw(st.lists(st.sampled_from(pairs), min_size=4, max_size=11, unique=True)):
        latency, capacity = draw(st.sampled_from((1.0, 2.0, 3.5, None))), draw(st.sampled_from((10.0, 100.0, None)))
        labels, drained = draw(st.sampled_from([((), False)] * 6 + [(MARK, False), ((), True)]))
        load = draw(st.tuples(*[st.sampled_from((0.0, 4.0, 9.0))] * 2))
        cost = draw(st.integers(1, 4))
        ground.put(Edge(link_name(one, other), (one, other), cost, latency, capacity, load, labels, drained))
    return ground


def questions(bridges: int = 6) -> st.SearchStrategy[Question]:
    """From s1 to s2, with anything that can be wanted."""
    inner = [f"s{number}" for number in range(3, bridges + 1)]
    names = st.sampled_from(inner)
    wanted = st.builds(
        Wanted,
        via=st.lists(names, max_size=2, unique=True).map(tuple),
        avoid_bridges=st.lists(names, max_size=1).map(tuple),
        avoid_links=st.lists(st.sampled_from(("s1-s3", "s4-s3", "s2-s5")), max_size=1).map(tuple),
        avoid_labels=st.sampled_from(((), (), MARK)),
        max_latency=st.sampled_from((None, None, 3.0, 5.5, 8.0)),
        min_bandwidth=st.sampled_from((None, None, 50.0)),
        max_hops=st.sampled_from((None, None, 2, 3, 4)),
        objective=st.sampled_from(("hops", "latency", "cost", "load")),
    )
    return st.builds(Question, st.just("s1"), st.just("s2"), wanted)
