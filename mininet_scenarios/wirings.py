"""Which bridges are wired to which: shapes that networks have, as pairs of names."""

from __future__ import annotations

from itertools import pairwise, product

Pair = tuple[str, str]


def ring(size: int) -> list[Pair]:
    """``s1`` to ``sN``, each wired to the next, the last to the first."""
    names = [f"s{number}" for number in range(1, size + 1)]
    return [*pairwise(names), (names[-1], names[0])]


def leaf_spine(spines: int, leaves: int) -> list[Pair]:
    """Every leaf, ``leaf1`` and so on, is wired to every spine, ``spine1`` and so on."""
    lower = [f"leaf{number}" for number in range(1, leaves + 1)]
    upper = [f"spine{number}" for number in range(1, spines + 1)]
    return list(product(lower, upper))


def fat_tree(k: int) -> list[Pair]:
    """``k`` pods of as many bridges, and cores above (Al-Fares et al., A Scalable, Commodity DC Network).

    Edges are ``e0x0`` (pod, number), aggregations ``a0x0``, cores ``c0x0`` (which aggregation of a pod, number).
    """
    half = range(k // 2)
    below = [(f"e{pod}x{edge}", f"a{pod}x{upper}") for pod in range(k) for edge, upper in product(half, half)]
    above = [(f"a{pod}x{upper}", f"c{upper}x{core}") for pod in range(k) for upper, core in product(half, half)]
    return below + above


def edges(k: int) -> list[str]:
    """The bridges of a fat tree that hosts are at."""
    return [f"e{pod}x{edge}" for pod in range(k) for edge in range(k // 2)]


def connected(pairs: list[Pair], bridges: list[str]) -> bool:
    """Whether every bridge is reached from the first."""
    reached, fresh = {bridges[0]}, [bridges[0]]
    while fresh:
        here = fresh.pop()
        near = {one if other == here else other for one, other in pairs if here in (one, other)} - reached
        reached |= near
        fresh += near
    return reached.issuperset(bridges)
