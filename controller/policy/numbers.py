"""Numbers for what is named at length: the same after every restart, whatever came first, never the same for two.

A number is a hash of a name. Where two that exist have one hash, the first by name keeps it and the others get a second
hash, which is marked as such.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.policy.values import Action

STAGE_BITS, GUARD_BITS = 6, 26
MOST_STAGES = 1 << STAGE_BITS
ACTION_BITS = 2
MACHINE = 1 << 31
"""Set in the identity of every machine of ours: 0 is everybody else."""
IDENTITY_BITS = 31
CODES: dict[Action, int] = {"allow": 1, "deny": 2, "reject": 3}
CARRIED_ON = 0
"""In place of an action's code: of a packet of a connection that the rule let begin."""
UNRULED = CODES["allow"]
"""The rule of what no rule speaks of and no tier keeps out."""
_FIRST, _SECOND = b"first", b"second"


@lru_cache(1 << 16)
def hashed(name: str, bits: int, salt: bytes = _FIRST) -> int:
    """``bits`` bits of a hash, never 0."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=salt).digest(), "big") % ((1 << bits) - 1) + 1


def number(name: str, rivals: Sequence[str], bits: int) -> int:
    """The number of a name among all that share ``hashed(name, bits - 1)``, itself included."""
    if min(rivals) == name:
        return hashed(name, bits - 1)
    return 1 << (bits - 1) | hashed(name, bits - 1, _SECOND)


def identity_number(name: str, rivals: Sequence[str]) -> int:
    """32 bits, of which the highest says that it is a machine of ours."""
    return MACHINE | number(name, rivals, IDENTITY_BITS)


def guard_number(name: str, rivals: Sequence[str]) -> int:
    """32 bits, of which the lowest ``STAGE_BITS`` are left for the stage."""
    return number(name, rivals, GUARD_BITS) << STAGE_BITS


def rule_number(policy: str, direction: str, rule: str, action: Action) -> int:
    """32 bits, of which the lowest two are the action's code.

    Of two rules that shared one, both would be counted as either; what they do does not depend on it.
    """
    return hashed(f"{policy}|{direction}|{rule}", 32 - ACTION_BITS) << ACTION_BITS | CODES.get(action, 0)


def default_name(tier: str) -> str:
    """What people read where a tier keeps out what none of its rules speaks of."""
    return f"default of {tier}"


def default_number(guard: str, direction: str, tier: str) -> int:
    """The number of that, as of a rule of the guard."""
    return rule_number(guard, direction, default_name(tier), "deny")
