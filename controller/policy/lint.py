"""Lint: what is odd about policies as they stand: rules that decide nothing, that contradict, that are wide open.

A rule is told to decide nothing only where that holds in every guard that has it, whoever the peer could be.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from controller.policy.derived import Guard, PolicySet, Posture, Ruling
from controller.policy.services import EVERYTHING, services_of
from controller.policy.tiers import BUILT_IN
from controller.policy.trying import tries
from controller.policy.values import DIRECTIONS, AddressGroup, Block, Listed, Machines, Policy, Tier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from controller.compiler.past import Reading
    from controller.policy.gates import Gates
    from controller.policy.trying import RuleKey, Try
    from controller.policy.values import Direction, Rule

Severity = Literal["error", "warning", "info"]
Check = Literal[
    "unknown-tier",
    "unknown-group",
    "unreachable-selector",
    "any-any",
    "shadowed",
    "redundant",
    "conflicting",
    "never-hit",
]
_EVERYWHERE = {"0.0.0.0/0", "::/0"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd: of which policy (and rule), where in its document, how bad, what it is and what to do."""

    check: Check
    severity: Severity
    policy: str
    rule: str | None
    pointer: str
    message: str
    advice: str

    def told(self) -> dict[str, object]:
        """As JSON values; the policy by kind, project and name."""
        kind, _, name = self.policy.partition(":")
        project, _, short = name.rpartition("/")
        scope = {"project": project} if project else {}
        whose = {"kind": kind, **scope, "name": short, "rule": self.rule, "pointer": self.pointer}
        said = {"check": self.check, "severity": self.severity, "message": self.message, "advice": self.advice}
        return {**whose, **said}


@dataclass(frozen=True, slots=True)
class Place:
    """A rule where it is written."""

    policy: Policy
    direction: Direction
    index: int
    rule: Rule

    @property
    def key(self) -> RuleKey:
        """How it is called."""
        return self.policy.key, self.direction, self.rule.name

    @property
    def pointer(self) -> str:
        """Where it stands in its document; a SecurityGroup has one list for both directions."""
        if self.policy.kind == "SecurityGroup":
            return f"/spec/rules/{self.rule.name}" if self.rule.name.isdigit() else "/spec/rules"
        return f"/spec/{self.direction}/{self.index}"

    def finding(self, check: Check, severity: Severity, message: str, advice: str) -> Finding:
        """Something odd about it."""
        return Finding(check, severity, self.policy.key, self.rule.name, self.pointer, message, advice)


class Linter:
    """The policies of a store; ``hits`` says how often rules have decided, as far as that is known.

    ``reads`` says policies of which projects may be named; "" is of none.
    """

    def __init__(
        self,
        reading: Reading,
        gates: Gates,
        reads: Callable[[str], bool],
        breathe: Callable[[], None],
        hits: Mapping[RuleKey, int] | None = None,
    ) -> None:
        self._reading, self._gates, self._reads, self._breathe = reading, gates, reads, breathe
        self._hits = hits or {}
        self._tried: dict[str, dict[RuleKey, Try]] = {}

    def findings(self, policies: Iterable[Policy]) -> Iterator[Finding]:
        """All that is odd about these, policy by policy."""
        for policy in policies:
            self._breathe()
            yield from self._whole(policy)
            together = self._together(policy)
            for direction in DIRECTIONS:
                for index, rule in enumerate(policy.rules(direction) or ()):
                    place = Place(policy, direction, index, rule)
                    yield from self._selectors(place)
                    yield from _wide(place)
                    if self._finds(place):
                        tried = [one[place.key] for one in together if place.key in one]
                        yield from self._decisions(place, tried)

    def _whole(self, policy: Policy) -> Iterator[Finding]:
        if policy.tier not in BUILT_IN and self._reading.get(Tier, policy.tier) is None:
            message = f"there is no tier {policy.tier}: whom it applies to can neither send nor receive"
            advice = "make the tier, or name another"
            yield Finding("unknown-tier", "error", policy.key, None, "/spec/tier", message, advice)
        if not self._reading.where(PolicySet, "policy", policy.key):
            message, advice = "it applies to no port", "give a port what applied_to asks for, or delete the policy"
            yield Finding("unreachable-selector", "warning", policy.key, None, "/spec/applied_to", message, advice)

    def _selectors(self, place: Place) -> Iterator[Finding]:
        rule = place.rule
        for peer in rule.peers or ():
            if isinstance(peer, Listed) and self._reading.get(AddressGroup, peer.group) is None:
                advice = "make the AddressGroup, or name another"
                yield place.finding("unknown-group", "error", f"there is no AddressGroup {peer.group}", advice)
        machines = any(isinstance(peer, Machines) for peer in rule.peers or ())
        if machines and not self._finds(place):
            advice = "give a port what the rule asks of its peers, or delete the rule"
            yield place.finding("unreachable-selector", "warning", "its peers are nobody", advice)

    def _finds(self, place: Place) -> bool:
        ruling = self._reading.get(Ruling, place.policy.key)
        rules = ruling.rules(place.direction) if ruling is not None else ()
        founds = rules[place.index] if place.index < len(rules) else ()
        return any(found.anybody or found.machines or found.identities or found.blocks for found in founds)

    def _together(self, policy: Policy) -> list[dict[RuleKey, Try]]:
        """What becomes of the rules of each guard that has the policy."""
        found = []
        for key in self._reading.where(PolicySet, "policy", policy.key):
            guard = self._reading.get(Guard, key)
            if key not in self._tried and guard is not None and self._reading.where(Posture, "guard", key):
                self._breathe()
                self._tried[key] = tries(self._reading, self._gates.guarding(self._reading, guard), guard.direction)
            found.append(self._tried.get(key, {}))
        return found

    def _decisions(self, place: Place, tried: list[Try]) -> Iterator[Finding]:
        """What becomes of it; who is denied anyway by a reject would not be told so without it."""
        if not tried:
            return
        if all(one.hidden for one in tried):
            by = sorted({self._named(name) for one in tried for name in one.hiders})
            opposite = any(one.opposed for one in tried)
            message = f"what it speaks of is decided before it is tried{_by(by)}"
            advice = "move it to the front by a lower priority, make the others narrower, or delete it"
            yield place.finding("shadowed", "error" if opposite else "warning", message, advice)
        elif place.rule.action != "reject" and all(one.needless for one in tried):
            message, advice = "without it the same would pass", "delete it, unless it is there to be counted"
            yield place.finding("redundant", "info", message, advice)
        winners: dict[str, bool] = defaultdict(bool)
        for one in tried:
            for other, wins in one.conflicts:
                winners[self._named(other)] |= wins
        for other, wins in sorted(winners.items()):
            message = f"{other} says the opposite with the same priority; {'this rule' if wins else 'that one'} wins"
            yield place.finding(
                "conflicting", "warning", message, "give one of them a lower priority, which goes first"
            )
        if self._hits.get(place.key) == 0 and not all(one.hidden for one in tried):
            advice = "watch for longer, or delete it"
            yield place.finding("never-hit", "info", "it has decided nothing since it is counted", advice)

    def _named(self, rule: str) -> str:
        """A rule's full name, if its policy may be known."""
        project = rule.partition("#")[0].partition(":")[2].rpartition("/")[0]
        return rule if self._reads(project) else "a policy of others"


def _by(names: list[str]) -> str:
    return f" by {', '.join(names[:5])}{' and others' if len(names) > 5 else ''}" if names else ""  # noqa: PLR2004


def _wide(place: Place) -> Iterator[Finding]:
    """Whether it lets anybody do anything."""
    rule = place.rule
    anybody = rule.peers is None or any(isinstance(peer, Block) and peer.cidr in _EVERYWHERE for peer in rule.peers)
    unbounded = not any(service.names for service in rule.services) and services_of(rule.services) == EVERYTHING
    if rule.action == "allow" and anybody and unbounded:
        message = "it lets anybody do anything"
        yield place.finding("any-any", "warning", message, "say who may, and which protocol and ports")
