"""Terms: how a packet shows whom it is from, whom it is for and what it is, in the fields that STEER may match.

Many senders times many receivers times many services are told as several lists instead of as their product.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from apps import registers as r
from apps.rulings import chosen
from apps.stakes import blocks
from controller.flow import fields as f
from controller.flow.actions import Action, conjunction
from controller.flow.blocks import matched
from controller.flow.fields import Masked
from controller.flow.ranges import prefixes
from controller.policy.numbers import MACHINE, hashed
from controller.policy.values import ICMP, ICMPV6, SCTP, TCP, UDP, Machines, Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from controller.compiler.view import View
    from controller.flow.fields import Field, Value
    from controller.policy.values import Peer, Range

Terms = tuple[tuple["Field", "Value | Masked"], ...]
"""A match that can be looked up."""
Clause = list[Terms]
"""Terms of which a packet meets one."""

CONJUNCTION_BITS = 32
CODE_BITS, CODES = 8, 256
ANY_PORT = (0, 0xFFFF)
LATER = Masked(2, 2)
"""Of IP_FRAG: a piece of a datagram that is not the first, and so has no ports."""
PIECES6 = 44
"""The protocol of such pieces of IPv6 datagrams."""
KINDS = (f.ETH_IP, f.ETH_IPV6)
PORTS = {TCP: (f.TCP_DST, f.TCP_SRC), UDP: (f.UDP_DST, f.UDP_SRC), SCTP: (f.SCTP_DST, f.SCTP_SRC)}
MESSAGES = {ICMP: (f.ETH_IP, f.ICMP_TYPE, f.ICMP_CODE), ICMPV6: (f.ETH_IPV6, f.ICMPV6_TYPE, f.ICMPV6_CODE)}
ANSWERS = {ICMP: {8: 0, 0: 8}, ICMPV6: {128: 129, 129: 128}}
"""The types of pings and of what answers them; other messages answer in their own."""
SENDING = (r.SENDER, f.IPV4_SRC, f.IPV6_SRC)
RECEIVING = (r.AIM, f.IPV4_DST, f.IPV6_DST)
"""The fields that tell of an end: its identity, and its address."""
OUTSIDE = Masked(0, MACHINE)
"""In place of an identity: nobody of ours sent it, or it leaves by a router."""


def ends(
    peers: Sequence[Peer] | None, project: str, fields: tuple[Field, Field, Field], view: View, *, outside: bool
) -> Iterator[list[Clause]]:
    """One end of a packet's way, in one or two alternatives: known by its identity, or by its address as well.

    Addresses are those of the project's own ports, and of whoever is ``outside`` where that is spoken of.
    """
    who, address4, address6 = fields
    whole = Machines((project,))
    named = {one.number for peer in peers or (whole,) if isinstance(peer, Machines) for one in chosen(peer, view)}
    if named:
        yield [[((who, number),) for number in sorted(named)]]
    at = sorted({block for peer in peers or () for block in blocks(peer, view)})
    if at:
        addressed: Clause = [(_kind(block), (address6 if ":" in block else address4, matched(block))) for block in at]
        somebody: Clause = [((who, one.number),) for one in chosen(whole, view)]
        yield [[*somebody, ((who, OUTSIDE),)] if outside else somebody, addressed]


def _kind(block: str) -> tuple[Field, Value]:
    return f.ETH_TYPE, f.ETH_IPV6 if ":" in block else f.ETH_IP


def services(asked: Iterable[Service], *, pieces: bool) -> Clause:
    """What is asked for, each way once; with ``pieces`` also those of datagrams whose ports only the first one has."""
    found = [terms for service in asked for terms in _service(service)]
    if pieces:
        found += [terms for service in asked if service.ports or service.sources for terms in _pieces(service.protocol)]
    return list(dict.fromkeys(found)) or [()]


@lru_cache(1 << 12)
def _service(service: Service) -> tuple[Terms, ...]:
    if service.names and not service.ports:
        return ()
    if service.protocol in MESSAGES:
        return tuple(_messages(service))
    whole: list[Terms] = [((f.ETH_TYPE, kind), (f.IP_PROTO, service.protocol)) for kind in KINDS]
    if service.protocol not in PORTS:
        return tuple(whole)
    target, source = PORTS[service.protocol]
    targets, sources = _spans(target, service.ports), _spans(source, service.sources)
    return tuple((*kind, *to, *by) for kind, to, by in product(whole, targets, sources))


def _spans(field: Field, ranges: Iterable[Range]) -> list[Terms]:
    found = [span for low, high in ranges if (low, high) != ANY_PORT for span in prefixes(low, high)]
    return [((field, span),) for span in found] or [()]


def _messages(service: Service) -> Iterator[Terms]:
    """Types as a whole where all their codes are meant: a switch knows no ranges of them."""
    kind, message, code = MESSAGES[service.protocol]
    told: Terms = ((f.ETH_TYPE, kind), (f.IP_PROTO, service.protocol))
    if not service.ports:
        yield told
    for low, high in service.ports:
        for number in range(low >> CODE_BITS, (high >> CODE_BITS) + 1):
            first, last = max(low, number << CODE_BITS), min(high, number << CODE_BITS | CODES - 1)
            if last - first == CODES - 1:
                yield *told, (message, number)
                continue
            yield from ((*told, (message, number), (code, one % CODES)) for one in range(first, last + 1))


def _pieces(protocol: int) -> Iterator[Terms]:
    yield (f.ETH_TYPE, f.ETH_IP), (f.IP_PROTO, protocol), (f.IP_FRAG, LATER)
    yield (f.ETH_TYPE, f.ETH_IPV6), (f.IP_PROTO, PIECES6), (f.IP_FRAG, LATER)


def answering(service: Service) -> Service:
    """What answers a service: ports the other way round."""
    if service.protocol not in MESSAGES:
        return Service(service.protocol, service.sources, service.ports)
    answers = ANSWERS[service.protocol]
    turned = [_answer(answers, one) for low, high in service.ports for one in _types(low, high)]
    return Service(service.protocol, tuple(turned))


def _types(low: int, high: int) -> Iterator[Range]:
    """A range of types and codes, type by type."""
    for number in range(low >> CODE_BITS, (high >> CODE_BITS) + 1):
        yield max(low, number << CODE_BITS), min(high, number << CODE_BITS | CODES - 1)


def _answer(answers: dict[int, int], span: Range) -> Range:
    low, high = span
    kind = answers.get(low >> CODE_BITS, low >> CODE_BITS) << CODE_BITS
    return kind | low % CODES, kind | high % CODES


def meeting(name: str, clauses: Sequence[Clause], does: list[Action]) -> dict[Terms, list[Action]]:
    """Matches with their actions, for packets that meet all clauses, the services last.

    ``name`` tells conjunctions apart. One has another number for other services: while a change of several of its
    lists is under way, no member of an old one may meet one of a new one.
    """
    asking = [clause for clause in clauses if clause != [()]]
    if prod(map(len, asking)) <= sum(map(len, asking)) + 1:
        return {_joined(terms): does for terms in product(*asking) if _may_meet(terms)}
    number = hashed(f"{name}|{clauses[-1]}", CONJUNCTION_BITS)
    found: dict[Terms, list[Action]] = {((f.CONJ_ID, number),): does}
    for clause, either in enumerate(asking, 1):
        for terms in either:
            found[terms] = [conjunction(number, clause, len(asking))]
    return found


def _joined(terms: tuple[Terms, ...]) -> Terms:
    return tuple(dict(term for one in terms for term in one).items())


def _may_meet(terms: tuple[Terms, ...]) -> bool:
    """Whether one packet can be all of this: an IPv6 address sends no ICMP of IPv4."""
    return len({value for one in terms for field, value in one if field is f.ETH_TYPE}) <= 1
