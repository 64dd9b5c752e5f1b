"""Tiers: the order of evaluation, which is never undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.policy.numbers import hashed
from controller.policy.values import Policy, Rule, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.policy.values import Action, Direction

ADMIN, APPLICATION, SECURITY_GROUPS = "admin-network-policy", "application", "security-groups"
NETWORK_POLICY, BASELINE = "network-policy", "baseline-admin-network-policy"
BUILT_IN = {
    tier.key: tier
    for tier in (
        Tier(ADMIN, 100, "pass", listed=True),
        Tier(APPLICATION, 500, "deny"),
        Tier(SECURITY_GROUPS, 600, "deny"),
        Tier(NETWORK_POLICY, 700, "deny"),
        Tier(BASELINE, 900, "pass", listed=True),
    )
}
"""What there is without being asked for. Policies of the other kinds have their own; users' are for APPLICATION."""
MOST_ORDER, MOST_TIERS = 999, 30
"""Those that are built in are among the tiers; a guard has twice as many stages at most."""
_RANK: dict[Action, int] = {"deny": 0, "reject": 1, "pass": 2, "allow": 3}

PLACES = 64_000
"""How many rules a stage can hold."""
_SPREAD = 4

Placed = tuple[Policy, int, Rule]
"""A rule with its policy and its place there."""


def ordered(tier: Tier, policies: Iterable[Policy], direction: Direction) -> list[Placed]:
    """The rules of a tier's policies as they are tried: by priority, then deny before allow; the first match decides.

    What is still equal does the same, and goes by a hash of its name, so that a rule more moves few others.
    """
    return [placed for _, group in _groups(tier, policies, direction) for _, placed in group]


def placed(tier: Tier, policies: Iterable[Policy], direction: Direction) -> Iterator[tuple[int, Placed]]:
    """The same with a place for each, ascending from 0 and less than ``PLACES``: what is tried first has the least.

    There are gaps: groups get several times the places that they need, as long as they last, and a rule its own by its
    hash. Of more rules than there are places the last get none.
    """
    groups = _groups(tier, policies, direction)
    sizes = [_SPREAD << (len(group) - 1).bit_length() for _, group in groups]
    if sum(sizes) > PLACES:
        sizes = [len(group) for _, group in groups]
    start = 0
    for (_, group), size in zip(groups, sizes, strict=True):
        place = start - 1
        for left, (sort, one) in zip(range(len(group), 0, -1), group, strict=True):
            wanted = start + (sort[0] * size >> _HASH_BITS)
            place = min(max(place + 1, wanted), start + size - left)
            if place < PLACES:
                yield place, one
        start += size


Sort = tuple[int, str, int]
"""What orders the rules of a group: a hash, the policy's key and the rule's place there."""
_HASH_BITS = 32
_Groups = list[tuple[tuple[int, int | str], list[tuple[Sort, Placed]]]]


def _groups(tier: Tier, policies: Iterable[Policy], direction: Direction) -> _Groups:
    """Rules that nothing sets before one another, or in a listed tier those of one policy; the first tried first."""
    groups: dict[tuple[int, int | str], list[tuple[Sort, Placed]]] = {}
    for policy in policies:
        for index, rule in enumerate(policy.rules(direction) or ()):
            group: tuple[int, int | str] = (policy.priority, policy.key if tier.listed else _RANK[rule.action])
            spread = 0 if tier.listed else _spread(policy.key, direction, rule.name)
            groups.setdefault(group, []).append(((spread, policy.key, index), (policy, index, rule)))
    return [(group, sorted(groups[group], key=_sort)) for group in sorted(groups)]


def _sort(one: tuple[Sort, Placed]) -> Sort:
    return one[0]


def _spread(policy: str, direction: Direction, rule: str) -> int:
    return hashed(f"{policy}|{direction}|{rule}", _HASH_BITS)
