"""Rules: the first that speaks of what a packet begins decides; what none speaks of, its tier keeps out or lets on.

A rule stands once for each guard that has it, in the guard's own stage and at the rule's place there: no two rules of a
guard are ever tried at once. Many peers times many services are told as two lists instead of as their product.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from apps import registers as r
from apps.policy_tables import ASKED, REHEARSAL, REHEARSED, RULES, TALLY
from controller.flow import fields as f
from controller.flow.actions import Action, conjunction, set_field, to_controller
from controller.flow.fields import Masked, integer
from controller.flow.flow import Flow, Hosts, Match
from controller.flow.meters import log_meter
from controller.flow.ranges import prefixes
from controller.policy.numbers import ACTION_BITS, CARRIED_ON, MACHINE, MOST_STAGES, UNRULED, default_number, hashed
from controller.policy.values import ICMP, ICMPV6

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.compiler.view import View
    from controller.flow.fields import Value
    from controller.policy.derived import Found, Guard, Placement, Stage
    from controller.policy.values import Range, Service

WORD = 0xFFFFFFFF
ANY_PORT = 0xFFFF
WHOLE_GUARD = WORD ^ (MOST_STAGES - 1)
ACTION = (1 << ACTION_BITS) - 1
CONJUNCTION_BITS = 32
ETH_TYPES = {ICMP: f.ETH_IP, ICMPV6: f.ETH_IPV6}

Terms = tuple[tuple[f.Field, "Value | Masked"], ...]
"""A match that can be looked up."""


def rules(placement: Placement, _view: View) -> Iterator[Flow]:
    """A rule where a guard tries it."""
    whole: dict[Terms, list[Action]] = {}
    parts: dict[Terms, list[Action]] = {}
    for index, found in enumerate(placement.founds):
        peers, services, verdict = _peers(found), _services(found.services), _verdict(found, placement)
        if len(peers) * len(services) <= len(peers) + len(services) + 1:
            pairs = product(peers, services)
            whole |= {peer + service: verdict for peer, service in pairs if _may_meet(peer, service)}
            continue
        number = _conjunction(placement.place, index, found.services)
        for clause, either in enumerate((peers, services), 1):
            for terms in either:
                parts.setdefault(terms, []).append(conjunction(number, clause, 2))
        whole[((f.CONJ_ID, number),)] = verdict
    for terms, actions in (parts | whole).items():
        match: Match = {r.GUARD: placement.stage, **dict(terms)}
        yield RULES.flow(Hosts(placement.guard), f"/{placement.place}", match, actions)


def _conjunction(place: int, index: int, services: tuple[Service, ...]) -> int:
    """The number of a conjunction in its stage, which all that is of it matches.

    It is another one for other services: while a change of both lists is under way, no peer of one may meet a service
    of the other.
    """
    return hashed(f"{place}|{index}|{services}", CONJUNCTION_BITS)


def _verdict(found: Found, placement: Placement) -> list[Action]:
    if found.action == "pass":
        return _on_to(placement.following)
    return [set_field(r.RULE, found.number)]


def _may_meet(peer: Terms, service: Terms) -> bool:
    """Whether one packet can be both: an IPv6 address sends no ICMP of IPv4."""
    return len({value for field, value in peer + service if field is f.ETH_TYPE}) <= 1


def _on_to(stage: int) -> list[Action]:
    return [set_field(r.GUARD, stage), RULES.resubmit]


def _peers(found: Found) -> list[Terms]:
    """How each peer is recognised."""
    if found.anybody:
        return [()]
    peers: list[Terms] = [((r.PEER, Masked(MACHINE, MACHINE)),)] if found.machines else []
    peers += [((r.PEER, identity),) for identity in found.identities]
    return [*peers, *map(_block, found.blocks)]


@lru_cache(1 << 14)
def _block(cidr: str) -> Terms:
    """The other end's address is in a block."""
    return tuple(r.held(cidr).items())


def _services(services: Iterable[Service]) -> list[Terms]:
    """How what is asked for is recognised, each way once."""
    return list(dict.fromkeys(term for service in services for term in _service(service))) or [()]


@lru_cache(1 << 14)
def _service(service: Service) -> tuple[Terms, ...]:
    """A protocol's ports, or types and codes, and the source ports."""
    kind: Terms = ((f.ETH_TYPE, ETH_TYPES[service.protocol]),) if service.protocol in ETH_TYPES else ()
    sources: list[Terms] = [((r.SOURCE_PORT, span),) for span in _spans(service.sources)] or [()]
    word = service.protocol << r.PROTOCOL_AT
    spans = _spans(service.ports) or [Masked(0, 0)]
    ports = [Masked(word | integer(s.value), WORD ^ ANY_PORT | integer(s.mask)) for s in map(_masked, spans)]
    return tuple((*kind, (r.PORTS, port), *source) for port, source in product(ports, sources))


def _spans(ranges: Iterable[Range]) -> list[int | Masked]:
    return [span for low, high in ranges for span in prefixes(low, high)]


def _masked(span: int | Masked) -> Masked:
    return span if isinstance(span, Masked) else Masked(span, ANY_PORT)


def counts(placement: Placement, _view: View) -> Iterator[Flow]:
    """What a rule decided, counted, and told where that is asked for; and what went on because it allowed it.

    Of a policy that is only tried everything is told.
    """
    scope, guard = Hosts(placement.guard), _whole(placement.stage)
    deciding = {found.number: found for found in placement.founds if found.action != "pass"}
    for number, found in deciding.items():
        match: Match = {r.GUARD: guard, r.RULE: number}
        if placement.enforced:
            yield TALLY.flow(scope, "rule", match, _told(number) if found.log else [])
            if found.action == "allow":
                yield TALLY.flow(scope, "rule", {r.GUARD: guard, r.RULE: number & ~ACTION | CARRIED_ON}, [])
        elif placement.audited:
            yield REHEARSED.flow(scope, "rule", match, _told(number))


def _told(number: int) -> list[Action]:
    """A copy to the daemon, as often as the rule may speak."""
    return [set_field(r.PUNT, r.LOGGED), to_controller(log_meter(number))]


def guards(guard: Guard, _view: View) -> Iterator[Flow]:
    """What no rule of a stage speaks of; behind the last one everything passes."""
    scope = Hosts(guard.key)
    yield from _stages(guard, guard.number, guard.stages)
    for stage in guard.stages:
        if not stage.lets_on:
            yield TALLY.flow(scope, "rule", _by_default(guard, stage), [])
    if not guard.rehearsal:
        return
    yield from _stages(guard, guard.first_rehearsed, guard.rehearsal)
    again: list[Action] = [RULES.resubmit, REHEARSED.resubmit, set_field(r.GUARD, guard.number), ASKED.resubmit]
    rehearsed: list[Action] = [set_field(r.GUARD, guard.first_rehearsed), *again]
    yield REHEARSAL.flow(scope, "guard", {r.GUARD: guard.number}, rehearsed)
    enforced = {stage.tier for stage in guard.stages}
    for stage in guard.rehearsal:
        if not stage.lets_on and stage.tier not in enforced:
            told = _told(_default(guard, stage))
            yield REHEARSED.flow(scope, "rule", _by_default(guard, stage), told)


def _stages(guard: Guard, first: int, stages: tuple[Stage, ...]) -> Iterator[Flow]:
    scope = Hosts(guard.key)
    for number, stage in enumerate(stages, first):
        end: list[Action] = [set_field(r.RULE, _default(guard, stage))]
        left = _on_to(number + 1) if stage.lets_on else end
        yield RULES.flow(scope, "default", {r.GUARD: number}, left)
    passed: list[Action] = [set_field(r.RULE, UNRULED)]
    yield RULES.flow(scope, "default", {r.GUARD: first + len(stages)}, passed)


def _default(guard: Guard, stage: Stage) -> int:
    """The number of what a tier keeps out because nothing speaks of it."""
    return default_number(guard.key, guard.direction, stage.tier)


def _by_default(guard: Guard, stage: Stage) -> Match:
    return {r.GUARD: _whole(guard.number), r.RULE: _default(guard, stage)}


def _whole(stage: int) -> Masked:
    """Any stage of a guard, by the number of one."""
    return Masked(stage & WHOLE_GUARD, WHOLE_GUARD)
