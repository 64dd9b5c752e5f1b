"""Decisions that are logged: a line for operators and an event for whose policy it is, within a rate for each project.

However much one project logs, the events of others are told; what is too much is counted.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from controller.compiler.ownership import policy_subject
from controller.policy.values import ICMP, ICMPV6, PROTOCOL_NAMES, WITH_PORTS, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.live.observed import Samples
    from controller.live.rules import Known, RuleNames
    from controller.services.outcome import Facts, Logged

RATE, BURST = 50.0, 200.0
"""Of one project's events a second, and at once after a rest."""
MOST_PROJECTS = 1024

_log = structlog.get_logger("policy")


@dataclass(slots=True)
class _Allowance:
    left: float
    since: float


class Decisions:
    """Told of by ``publish`` (type, subject, detail); ``clock`` gives seconds. ``told`` counts by verdict."""

    def __init__(
        self,
        facts: Facts,
        names: RuleNames,
        publish: Callable[[str, str, dict[str, object]], None],
        samples: Samples,
        clock: Callable[[], float],
    ) -> None:
        self.told: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._facts = facts
        self._names = names
        self._publish = publish
        self._samples = samples
        self._clock = clock
        self._allowances: OrderedDict[str, _Allowance] = OrderedDict()

    def take(self, logged: Logged) -> None:
        """Tell of one, unless its rule is gone already, or its project has had too many."""
        rule = self._names.of(logged.rule)
        if rule is None or not rule.policy:
            self.dropped["unknown"] += 1
            return
        subject, project = whose(rule.policy)
        if not self._allowed(project):
            self.dropped["too_many"] += 1
            return
        policy: Policy | None = self._facts.get(Policy, rule.policy)
        if rule.action == "allow":
            self._samples.heard(logged, rule.direction)
        verdict = f"would {rule.action}" if policy is not None and policy.audit else rule.action
        self.told[verdict] += 1
        detail = _detail(logged, rule, verdict)
        _log.info("verdict", policy=rule.policy, **detail)
        if project:
            detail |= {end: within(project, detail[end]) for end in ("from", "to")}
        self._publish("security", subject, detail)

    def _allowed(self, project: str) -> bool:
        now = self._clock()
        found = self._allowances.setdefault(project, _Allowance(BURST, now))
        self._allowances.move_to_end(project)
        if len(self._allowances) > MOST_PROJECTS:
            self._allowances.popitem(last=False)
        found.left = min(BURST, found.left + (now - found.since) * RATE)
        found.since = now
        if found.left < 1:
            return False
        found.left -= 1
        return True


def _detail(logged: Logged, rule: Known, verdict: str) -> dict[str, object]:
    """What is told of it: ``from`` and ``to`` are ports, None where they are none of ours."""
    detail: dict[str, object] = {
        "rule": rule.name,
        "direction": rule.direction,
        "verdict": verdict,
        "from": logged.sender or None,
        "to": logged.receiver or None,
        "source": logged.source,
        "destination": logged.target,
        "chassis": logged.chassis,
    }
    return detail | asked(logged.protocol, logged.source_port, logged.target_port)


def asked(protocol: int, source_port: int | None, target_port: int | None) -> dict[str, object]:
    """A protocol and what it asks for in words: ports, or ICMP's type and code."""
    named: dict[str, object] = {"protocol": PROTOCOL_NAMES.get(protocol, str(protocol))}
    if protocol in WITH_PORTS:
        return named | {"source_port": source_port, "destination_port": target_port}
    if protocol in {ICMP, ICMPV6} and target_port is not None:
        return named | {"type": target_port >> 8, "code": target_port & 0xFF}
    return named


def whose(policy: str) -> tuple[str, str]:
    """What events about a policy (its key) are about, and its project; "" for an operator's."""
    kind, key = policy_subject(policy)
    return f"{kind} {key}", key.rpartition("/")[0]


def within(project: str, port: object) -> object:
    """A port of another project is not named to this one."""
    return port if isinstance(port, str) and port.partition("/")[0] == project else None
