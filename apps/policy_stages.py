"""Policy stages: what a port sends is asked about before anything is made of it, what it gets last of all.

Only what begins something is judged. What carries on, or answers, a connection that was let begin goes on; what belongs
to none goes nowhere. Where nothing guards a port its connections are remembered all the same, so that a policy that
comes later finds them. ARP, neighbour discovery and the asking for an address are nobody's to forbid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps import registers as r
from apps.next_hops import PING, PING6
from apps.pipeline import DELIVER, PUNT, SERVICE
from apps.policy_tables import (
    ASKED,
    EGRESS,
    EGRESS_STATE,
    EGRESS_VERDICT,
    INGRESS,
    INGRESS_STATE,
    INGRESS_VERDICT,
    REHEARSAL,
    RULES,
    TALLY,
    WHO,
)
from apps.questions import DHCP6_ANSWER, DHCP_ANSWER
from controller.flow import fields as f
from controller.flow.actions import Action, copy, set_field
from controller.flow.cloning import clone
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Match
from controller.flow.tracking import EST, INV, NEW, REL, TRK, ct
from controller.policy.numbers import ACTION_BITS, CODES, UNRULED
from controller.policy.values import DISCOVERY, LISTENERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis
    from controller.flow.fields import Field
    from controller.tables import Table

IP = (f.ETH_IP, f.ETH_IPV6)
SIGNALS = ((DISCOVERY, 255), (LISTENERS, 1))
"""What is asked of those on the link only, with the hops that it has left there (RFC 4861, 7.1.1; RFC 2710, 3)."""
FRAGMENT = 44
"""The protocol of IPv6 datagrams' pieces but for the first."""
TRACKED = {f.ETH_IP: (f.TCP, f.UDP, f.ICMP), f.ETH_IPV6: (f.TCP, f.UDP, f.ICMPV6, FRAGMENT)}
"""Protocols of whose connections conntrack knows the beginning; others are judged packet by packet."""
WITH_PORTS = {f.TCP: (f.TCP_SRC, f.TCP_DST), f.UDP: (f.UDP_SRC, f.UDP_DST), f.SCTP: (f.SCTP_SRC, f.SCTP_DST)}
MESSAGES = (
    (f.ETH_IP, f.ICMP, f.ICMP_TYPE, f.ICMP_CODE),
    (f.ETH_IPV6, f.ICMPV6, f.ICMPV6_TYPE, f.ICMPV6_CODE),
)
TYPE_AT = 8
WHOLE, PIECE, LATER = 0, Masked(1, 1), Masked(2, 2)
"""Of IP_FRAG: no piece, a piece of a datagram; one that is not the first, and so has no ports."""
ACTION = (1 << ACTION_BITS) - 1
TOGETHER = 0xFFFFFFFF & ~ACTION
"""In place of a rule: of pieces that have waited for each other. No rule's number has the code of no action."""
_CUT = CODES["deny"]
"""Set in the mark of a connection that was let begin and is denied now: it ends in its middle."""
_KNOWN = (Masked(EST | TRK, EST | NEW | INV | TRK), Masked(REL | TRK, REL | EST | NEW | INV | TRK))
_BROKEN = Masked(INV | TRK, INV | TRK)
_NEW = Masked(NEW | TRK, NEW | INV | TRK)
_BEGINS = (_NEW, _BROKEN)


@dataclass(frozen=True, slots=True)
class Stage:
    """The tables of one direction, where they lead, and which addresses are the other end's."""

    first: Table
    state: Table
    verdict: Table
    onward: Table
    peer: Action
    addresses: tuple[Field, Field]


OUT = Stage(EGRESS, EGRESS_STATE, EGRESS_VERDICT, SERVICE, set_field(r.PEER, 0), (f.IPV4_DST, f.IPV6_DST))
IN = Stage(INGRESS, INGRESS_STATE, INGRESS_VERDICT, DELIVER, copy(r.SENDER, r.PEER), (f.IPV4_SRC, f.IPV6_SRC))


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """Both stages, the same on every chassis, whatever the policies are."""
    for stage in (OUT, IN):
        yield from _first(stage)
        yield from _state(stage)
        yield from _verdict(stage)
    yield from _asked()
    outside: Match = {r.ORIGIN: r.FROM_SEGMENT}
    for answer in (DHCP_ANSWER, DHCP6_ANSWER):
        yield INGRESS.flow(EVERYWHERE, "exempt", outside | answer, [DELIVER.goto])
    yield INGRESS.flow(EVERYWHERE, "question", {r.LOOKUP: r.QUESTION}, [DELIVER.goto])
    for kind in IP:
        yield INGRESS.flow(EVERYWHERE, "flooded", {r.ZONE: 0, f.ETH_TYPE: kind}, [INGRESS_STATE.goto])


def _first(stage: Stage) -> Iterator[Flow]:
    """Whether it is asked about at all; what conntrack cannot follow is asked about each time."""
    onward, ask = stage.onward.goto, ct(r.ZONE, table=stage.state.number)
    for kinds, hops in SIGNALS:
        for message in kinds:
            yield stage.first.flow(EVERYWHERE, "exempt", {f.ICMPV6_TYPE: message, f.IP_TTL: hops}, [onward])
    yield stage.first.flow(EVERYWHERE, "untracked", {r.GUARD: 0, r.ZONE: 0}, [onward])
    for kind in IP:
        piece: Match = {r.GUARD: 0, f.ETH_TYPE: kind, f.IP_FRAG: PIECE}
        yield stage.first.flow(EVERYWHERE, "piece", piece, [onward])
        for protocol in TRACKED[kind]:
            tracked: Match = {f.ETH_TYPE: kind, f.IP_PROTO: protocol}
            remember: list[Action] = [clone(ct(r.ZONE, commit=True)), onward]
            yield stage.first.flow(EVERYWHERE, "loose", tracked | {r.GUARD: 0}, remember)
            yield stage.first.flow(EVERYWHERE, "guarded", tracked, [ask])
        by_itself: list[Action] = [set_field(r.ZONE, 0), stage.state.goto]
        yield stage.first.flow(EVERYWHERE, "piecewise", {f.ETH_TYPE: kind}, by_itself)
    yield stage.first.flow(EVERYWHERE, "arp", {f.ETH_TYPE: f.ETH_ARP}, [onward])
    yield stage.first.flow(EVERYWHERE, "other", {r.GUARD: 0}, [onward])


def _state(stage: Stage) -> Iterator[Flow]:
    """What conntrack knows of it. A ping is judged each time, for no ping can be forgotten by itself."""
    for six, kind in enumerate(IP):
        judged = _judge(stage, six)
        ping: Match = {f.ICMPV6_TYPE: PING6} if six else {f.ICMP_TYPE: PING}
        yield stage.state.flow(EVERYWHERE, "piecewise", ping | {f.CT_STATE: Masked(TRK, TRK | INV)}, judged)
        yield stage.state.flow(EVERYWHERE, "untracked", {r.ZONE: 0, f.ETH_TYPE: kind}, judged)
        piece: Match = {f.ETH_TYPE: kind, f.IP_FRAG: LATER, f.CT_STATE: _NEW}
        yield stage.state.flow(EVERYWHERE, "piece", piece, _awaited(stage))
        for begins in _BEGINS:
            yield stage.state.flow(EVERYWHERE, "new", {f.ETH_TYPE: kind, f.CT_STATE: begins}, judged)
        for protocol in TRACKED[kind]:
            broken: Match = {f.ETH_TYPE: kind, f.IP_PROTO: protocol, f.CT_STATE: _BROKEN}
            yield stage.state.flow(EVERYWHERE, "invalid", broken, [])
    carried_on: list[Action] = [copy(f.CT_MARK, r.RULE), set_field(r.RULE, Masked(0, ACTION))]
    for known in _KNOWN:
        counted = [*carried_on, TALLY.resubmit, stage.onward.goto]
        let_begin: Match = {f.CT_STATE: known, f.CT_MARK: Masked(0, _CUT)}
        yield stage.state.flow(EVERYWHERE, "carried_on", let_begin, counted)
        cut: Match = {f.CT_STATE: known, f.CT_MARK: Masked(_CUT, _CUT)}
        yield stage.state.flow(EVERYWHERE, "cut", cut, _refused())


def _awaited(stage: Stage) -> list[Action]:
    """A piece without ports goes where its datagram's first piece goes, which is judged, or nowhere.

    Conntrack holds what is committed until all of its datagram is: if the first piece is denied, that never comes.
    """
    return [set_field(r.RULE, TOGETHER), ct(r.ZONE, table=stage.verdict.number, commit=True, mark=UNRULED)]


def _judge(stage: Stage, six: int) -> list[Action]:
    """Find out who it is and what is asked, then which rule speaks first.

    RULE begins as 0 each time: where no rule speaks, nothing passes.
    """
    address, place = stage.addresses[six], r.PEER_ADDRESS6 if six else r.PEER_ADDRESS
    nothing = set_field(r.RULE, 0)
    asking: list[Action] = [copy(address, place), stage.peer, WHO.resubmit, ASKED.resubmit]
    return [
        *asking,
        nothing,
        REHEARSAL.resubmit,
        nothing,
        RULES.resubmit,
        TALLY.resubmit,
        stage.verdict.goto,
    ]


def _verdict(stage: Stage) -> Iterator[Flow]:
    """Allowed connections are remembered with the rule that allowed them.

    Only a copy of a packet goes to conntrack for that: what conntrack adds, pieces of what others sent and never
    completed, ends with the copy. A first piece goes there itself and comes back with the pieces of its datagram,
    tracked; what is added to those is not.
    """
    allowed: Match = {r.RULE: Masked(CODES["allow"], ACTION)}
    yield stage.verdict.flow(EVERYWHERE, "untracked", allowed | {r.ZONE: 0}, [stage.onward.goto])
    begun: list[Action] = [clone(ct(r.ZONE, commit=True, mark=r.RULE)), stage.onward.goto]
    known: Match = {f.CT_STATE: Masked(EST | TRK, EST | TRK)}
    yield stage.verdict.flow(EVERYWHERE, "known", allowed | known, [stage.onward.goto])
    for kind in IP:
        yield stage.verdict.flow(EVERYWHERE, "allowed", {f.ETH_TYPE: kind, f.IP_FRAG: WHOLE} | allowed, begun)
        piece: Match = {f.ETH_TYPE: kind, f.IP_FRAG: PIECE, f.CT_STATE: _NEW}
        yield stage.verdict.flow(EVERYWHERE, "piece", piece | allowed, _awaited(stage))
        whole: Match = {f.ETH_TYPE: kind, r.RULE: TOGETHER, f.CT_STATE: Masked(TRK, TRK | INV)}
        yield stage.verdict.flow(EVERYWHERE, "whole", whole, [stage.onward.goto])
    yield stage.verdict.flow(EVERYWHERE, "rejected", {r.RULE: Masked(CODES["reject"], ACTION)}, _refused())


def _refused() -> list[Action]:
    """Whoever sent it is told."""
    return [set_field(r.PUNT, r.REJECTED), PUNT.goto]


def _asked() -> Iterator[Flow]:
    """One word for what a packet asks for, whatever its protocol."""
    for kind in IP:
        for protocol, (source, target) in WITH_PORTS.items():
            match: Match = {f.ETH_TYPE: kind, f.IP_PROTO: protocol}
            ports: list[Action] = [copy(target, r.PORTS, target.bits), copy(source, r.SOURCE_PORT)]
            yield ASKED.flow(EVERYWHERE, "ports", match, [*_word(protocol), *ports])
        word = copy(f.IP_PROTO, r.PORTS, f.IP_PROTO.bits, target_at=r.PROTOCOL_AT)
        yield ASKED.flow(EVERYWHERE, "protocol", {f.ETH_TYPE: kind}, [*_word(0), word])
    for eth, protocol, kind_field, code in MESSAGES:
        message: Match = {f.ETH_TYPE: eth, f.IP_PROTO: protocol}
        asked: list[Action] = [copy(kind_field, r.PORTS, target_at=TYPE_AT), copy(code, r.PORTS)]
        yield ASKED.flow(EVERYWHERE, "ports", message, [*_word(protocol), *asked])


def _word(protocol: int) -> list[Action]:
    return [set_field(r.PORTS, protocol << r.PROTOCOL_AT), set_field(r.SOURCE_PORT, 0)]
