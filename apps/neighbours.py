"""Neighbours: ARP and ND questions about known ports are answered on the asker's chassis; they cross no tunnel.

Global addresses have one flow each. Link-local ones need none: they contain the MAC, which is looked up among the
destinations. A port's questions about its own addresses (duplicate detection) are never answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.binding import reach
from apps.pipeline import ARP_ANSWER, DELIVER, DESTINATION, ND_ANSWER, ND_ANSWER_MAC, NEIGHBOUR, REPLY
from apps.policy_tables import EGRESS
from apps.questions import ADVERTISEMENT, ARP_REPLY, ARP_REQUEST, SOLICITATION, asked, told
from controller.addresses import link_local
from controller.flow import fields as f
from controller.flow.actions import IN_PORT_RESERVED, Action, copy, output, set_field
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Here, Match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.entities import Chassis

TARGET_LINK_ADDRESS = 2
SOLICITED_OVERRIDE = 0x60000000
UNIVERSAL_BIT = 1 << 57
LINK_LOCAL = 0xFE80 << 112 | 0xFFFE << 24
LINK_LOCAL_MASK = ((1 << 64) - 1) << 64 | 0xFFFF << 24


def addresses(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """Who asks for one of the port's addresses is told its MAC."""
    askers = reach(endpoint)
    for address in (*endpoint.ipv4, *endpoint.ipv6):
        yield NEIGHBOUR.flow(askers, "address", asked(endpoint.vni, address), told(address, endpoint.mac))


def own(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """A port that asks for its own address checks for duplicates: silence is the right answer."""
    here = Here(endpoint.chassis)
    for address in endpoint.ipv4:
        yield NEIGHBOUR.flow(here, "own", {f.IN_PORT: endpoint.ofport, f.ARP_OP: ARP_REQUEST, f.ARP_TPA: address}, [])
    for address in (*endpoint.ipv6, *((link_local(endpoint.mac),) if endpoint.ipv6 else ())):
        match: Match = {f.IN_PORT: endpoint.ofport, f.ICMPV6_TYPE: SOLICITATION, f.ND_TARGET: address}
        yield NEIGHBOUR.flow(here, "own", match, [])


def answers(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """How questions become answers, the same on every chassis."""
    solicitation: Match = {f.ICMPV6_TYPE: SOLICITATION}
    yield NEIGHBOUR.flow(EVERYWHERE, "bare", {**solicitation, f.ND_SLL: "00:00:00:00:00:00"}, [EGRESS.goto])
    for universal in (0, UNIVERSAL_BIT):
        yield _link_local_lookup(universal)
    yield NEIGHBOUR.flow(EVERYWHERE, "other", {}, [EGRESS.goto])
    found: list[Action] = [copy(f.ETH_DST, r.ANSWER_MAC, 48), ND_ANSWER.goto]
    yield DELIVER.flow(EVERYWHERE, "lookup", {r.LOOKUP: r.QUESTION}, found)
    yield _nd_answer()
    tell: list[Action] = [copy(r.ANSWER_MAC, f.ND_TLL, 48), REPLY.goto]
    yield ND_ANSWER_MAC.flow(EVERYWHERE, "advertisement", {f.ICMPV6_TYPE: ADVERTISEMENT}, tell)
    yield _arp_answer()
    yield REPLY.flow(EVERYWHERE, "other", {}, [output(IN_PORT_RESERVED)])


def _link_local_lookup(universal: int) -> Flow:
    """The MAC inside a link-local target (RFC 4291, appendix A), its universal bit turned, becomes the destination."""
    target = Masked(LINK_LOCAL | universal, LINK_LOCAL_MASK | UNIVERSAL_BIT)
    actions: list[Action] = [
        copy(f.ND_TARGET, f.ETH_DST, 24),
        copy(f.ND_TARGET, f.ETH_DST, 24, source_at=40, target_at=24),
        set_field(f.ETH_DST, Masked(0 if universal else 1 << 41, 1 << 41)),
        set_field(r.LOOKUP, r.QUESTION),
        DESTINATION.goto,
    ]
    return NEIGHBOUR.flow(EVERYWHERE, "link_local", {f.ICMPV6_TYPE: SOLICITATION, f.ND_TARGET: target}, actions)


def _nd_answer() -> Flow:
    """RFC 4861, 7.2.4: solicited, overriding, from the target to who asked."""
    actions: list[Action] = [
        copy(f.ETH_SRC, f.ETH_DST),
        copy(r.ANSWER_MAC, f.ETH_SRC, 48),
        copy(f.IPV6_SRC, f.IPV6_DST),
        copy(f.ND_TARGET, f.IPV6_SRC),
        set_field(f.ICMPV6_TYPE, ADVERTISEMENT),
        set_field(f.ND_OPTION, TARGET_LINK_ADDRESS),
        set_field(f.ND_FLAGS, SOLICITED_OVERRIDE),
        ND_ANSWER_MAC.goto,
    ]
    return ND_ANSWER.flow(EVERYWHERE, "solicitation", {f.ICMPV6_TYPE: SOLICITATION}, actions)


def _arp_answer() -> Flow:
    """RFC 826: both sides change places, and the answer is a reply."""
    actions: list[Action] = [
        copy(f.ETH_SRC, f.ETH_DST),
        copy(r.ANSWER_MAC, f.ETH_SRC, 48),
        set_field(f.ARP_OP, ARP_REPLY),
        copy(f.ARP_SHA, f.ARP_THA),
        copy(r.ANSWER_MAC, f.ARP_SHA, 48),
        copy(f.ARP_TPA, r.SCRATCH),
        copy(f.ARP_SPA, f.ARP_TPA),
        copy(r.SCRATCH, f.ARP_SPA),
        REPLY.goto,
    ]
    return ARP_ANSWER.flow(EVERYWHERE, "request", {f.ARP_OP: ARP_REQUEST}, actions)
