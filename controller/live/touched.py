"""What a change of policy means for connections that live: which ports to look at, and which connections it ends.

Only policies that ask for it (``established: cut``) end connections, and only those that they themselves deny, that
their tier denies for them, or that they let begin and do not any more.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from controller.compiler.journal import TooMuch
from controller.policy.derived import PolicySet, Ruling, Standing
from controller.policy.gates import Gates
from controller.policy.numbers import default_name
from controller.policy.values import Policy
from controller.policy.verdict import heard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from controller.compiler.past import Glimpse, Reading
    from controller.live.connections import Connection
    from controller.live.rules import RuleNames

AT_ONCE = 2_000
"""Conversations that are judged while nobody else runs: some 70 ms."""
FOLLOWED = frozenset({Policy, Ruling, PolicySet, Standing})
Causes = dict[str, frozenset[str]]
"""Ports, each with the policies that cut and changed for it."""
_OVER = frozenset({"TIME_WAIT", "CLOSED", "CLOSING", "LAST_ACK"})


def touched(before: Reading, after: Reading, changed: Iterable[tuple[Any, ...]]) -> Causes:
    """The ports for which a policy that cuts changed, came or went."""
    found: dict[str, set[str]] = defaultdict(set)
    policies = set[str]()
    for read in changed:
        if read[0] != "get" or read[1] not in FOLLOWED:
            continue
        if read[1] is Standing:
            causes = _came_or_went(before, after, read[2])
            if causes:
                found[read[2]] |= causes
        elif read[1] in {Policy, Ruling} and (_cuts(before, read[2]) or _cuts(after, read[2])):
            policies.add(read[2])
    for policy in sorted(policies):
        for port in _guarded(after, policy):
            found[port].add(policy)
    return {port: frozenset(causes) for port, causes in found.items()}


def _cuts(reading: Reading, policy: str) -> bool:
    found: Policy | None = reading.get(Policy, policy)
    return found is not None and found.cut and not found.audit


def _guarded(reading: Reading, policy: str) -> Iterator[str]:
    """The ports to which a policy applies."""
    for guard in reading.where(PolicySet, "policy", policy):
        yield from reading.where(Standing, "guard", guard)


def _came_or_went(before: Reading, after: Reading, port: str) -> frozenset[str]:
    """The cutting policies that came to guard a port or went from it; none for a port that is gone."""
    old, new = before.get(Standing, port), after.get(Standing, port)
    if old is None or new is None or old.guards == new.guards:
        return frozenset()
    return _policies(before, old) ^ _policies(after, new)


def _policies(reading: Reading, standing: Standing) -> frozenset[str]:
    """The cutting policies that guard a port."""
    sets = (reading.get(PolicySet, guard) for guard in standing.guards)
    return frozenset(policy for one in sets if one is not None for policy in one.policies if _cuts(reading, policy))


def pace(glimpse: Glimpse, count: int) -> Callable[[], None]:
    """What lets others run while so many conversations are judged. Raises TooMuch where nobody can, and many are."""
    if glimpse.breathe is not None:
        return glimpse.breathe
    if count > AT_ONCE:
        raise TooMuch
    return _nobody_waits


def _nobody_waits() -> None:
    """It is over before anybody would."""


def ended(
    after: Reading, found: Iterable[Connection], causes: Causes, names: RuleNames, breathe: Callable[[], None]
) -> Iterator[tuple[Connection, str]]:
    """The connections that the change ends, each with the policy because of which it does."""
    gates = Gates()
    for one in found:
        breathe()
        if one.cut or one.state in _OVER:
            continue
        because = _because(after, one, causes.get(one.port, frozenset()), names, gates)
        if because:
            yield one, because


def _because(after: Reading, one: Connection, causes: frozenset[str], names: RuleNames, gates: Gates) -> str:
    """The policy that ends a connection; "" where none does."""
    allowed, decider = heard(after, one.conversation, one.direction, gates)
    if allowed or decider is None:
        return ""
    policy = decider.partition("#")[0]
    if _cuts(after, policy):
        return policy
    for cause in sorted(causes):
        standing: Policy | None = after.get(Policy, cause)
        speaks = standing is not None and standing.rules(one.direction) is not None
        if speaks and standing is not None and decider == default_name(standing.tier):
            return cause
    began = names.of(one.mark)
    return began.policy if began is not None and not began.tier and began.policy in causes else ""


def lasting(after: Reading, cut: Iterable[Connection]) -> Iterator[Connection]:
    """Of connections that were cut, those that would be let begin again."""
    gates = Gates()
    for one in cut:
        if heard(after, one.conversation, one.direction, gates)[0]:
            yield one


class Earlier:
    """The store as it was before a change, as far as ``touched`` asks: what changed is as it was remembered."""

    def __init__(self, after: Reading) -> None:
        self._after = after
        self._known: dict[tuple[type, str], Any] = {}
        self._changed: Mapping[tuple[type, str], None] = {}

    def begin(self, changed: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """A change was made; what of it is asked about."""
        found = [read for read in changed if read[0] == "get" and read[1] in FOLLOWED]
        self._changed = {(read[1], read[2]): None for read in found}
        return found

    def end(self) -> None:
        """Remember how it is now."""
        for kind, key in self._changed:
            now = self._after.get(kind, key)
            if now is None:
                self._known.pop((kind, key), None)
            elif kind is not Ruling:
                self._known[kind, key] = now
        self._changed = {}

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""
        return self._known.get((kind, key)) if (kind, key) in self._changed else self._after.get(kind, key)

    def keys(self, kind: type) -> Iterable[str]:
        """The keys of all entities of a type, now."""
        return self._after.keys(kind)

    def where(self, kind: type, index: str, value: Any) -> tuple[str, ...]:
        """The keys that stand under an index value now."""
        return self._after.where(kind, index, value)
