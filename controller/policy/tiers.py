"""Tiers: the order of evaluation, which is never undefined."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

Placed = tuple[Policy, int, Rule]
"""A rule with its policy and its place there."""


def ordered(tier: Tier, policies: Iterable[Policy], direction: Direction) -> list[Placed]:
    """The rules of a tier's policies as they are tried: by priority, then deny before allow; the first match decides.

    What is still equal goes by the policy's key and the rule's place.
    """
    return sorted(_placed(policies, direction), key=_by_policy if tier.listed else _by_action)


def _placed(policies: Iterable[Policy], direction: Direction) -> Iterator[Placed]:
    for policy in policies:
        for index, rule in enumerate(policy.rules(direction) or ()):
            yield policy, index, rule


def _by_action(placed: Placed) -> tuple[int, int, str, int]:
    policy, index, rule = placed
    return policy.priority, _RANK[rule.action], policy.key, index


def _by_policy(placed: Placed) -> tuple[int, str, int]:
    policy, index, _ = placed
    return policy.priority, policy.key, index
