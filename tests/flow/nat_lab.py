"""A small translating router in front of three machines: flows, packets, and random conversations through it.

Everything leaves by port SEEN with what conntrack said of it in its MACs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow import fields as f
from controller.flow.actions import Action, copy, goto, instructions, output
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Match, cookie, encoded_match
from controller.flow.tracking import DNAT, NEW, RPL, SNAT, UNDO, Nat, ct
from controller.tables import groups_of
from tests import packets as p

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.packets import Packet

INSIDE, OUTSIDE, SEEN = 1, 2, 3
SOURCES, DESTINATIONS = 2, 3
"""Zones."""
HAIRPIN = 7
IN_MAC, OUT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
LOOK_SOURCE, LOOK_DESTINATION, TO, FROM, SHOW = 10, 11, 12, 13, 14


class Family:
    """The addresses of one IP version: ``hosts`` inside, ``peers`` outside, and the router's own."""

    def __init__(self, ethertype: int, inside: str, outside: str) -> None:
        self.ethertype = ethertype
        self.hosts = tuple(f"{inside}{number}" for number in (1, 2, 3))
        self.peers = tuple(f"{outside}{number}" for number in (8, 9))
        self.inner, self.outer, self.floating = f"{inside}99", f"{outside}1", f"{outside}20"
        self.source, self.destination = (f.IPV4_SRC, f.IPV4_DST) if ethertype == f.ETH_IP else (f.IPV6_SRC, f.IPV6_DST)


FAMILIES = (Family(f.ETH_IP, "10.0.0.", "192.0.2."), Family(f.ETH_IPV6, "fd00::", "2001:db8::"))


def flow(table: int, priority: int, match: Match, *actions: Action) -> Flow:
    """One flow."""
    oxms, does = encoded_match(match), instructions(actions)
    return Flow(EVERYWHERE, table, priority, oxms, does, cookie(table, priority, oxms, does), groups_of(actions))


def flows() -> Iterator[Flow]:
    """Everything behind one outer address, a forwarded port, and an address that stands for the last host."""
    for family in FAMILIES:
        yield from _tracked(family)
        yield from _translated(family)
    for table, then in ((TO, FROM), (FROM, SHOW)):
        yield flow(table, 1, {}, goto(then))
    yield flow(SHOW, 1, {}, copy(f.CT_STATE, f.ETH_SRC, 32), copy(f.CT_MARK, f.ETH_DST, 32), output(SEEN))


def _tracked(family: Family) -> Iterator[Flow]:
    for port in (INSIDE, OUTSIDE):
        yield flow(0, 2, {f.IN_PORT: port, f.ETH_TYPE: family.ethertype}, goto(LOOK_SOURCE))
    packet: Match = {f.ETH_TYPE: family.ethertype}
    yield flow(LOOK_SOURCE, 1, packet, ct(SOURCES, table=LOOK_DESTINATION, nat=UNDO))
    yield flow(LOOK_DESTINATION, 1, packet, ct(DESTINATIONS, table=TO, nat=UNDO))


def _translated(family: Family) -> Iterator[Flow]:
    one, _, last = family.hosts
    new: Match = {f.ETH_TYPE: family.ethertype, f.CT_STATE: Masked(NEW, NEW | DNAT | SNAT)}
    for port, mark in ((INSIDE, HAIRPIN), (OUTSIDE, None)):
        match = {**new, f.IN_PORT: port, family.destination: family.floating}
        yield flow(TO, 5, match, ct(DESTINATIONS, table=FROM, commit=True, nat=Nat("dnat", last), mark=mark))
        match = {**new, f.IN_PORT: port, family.destination: family.outer, f.IP_PROTO: f.TCP, f.TCP_DST: 8080}
        forward = Nat("dnat", one, None, (80, 80))
        yield flow(TO, 5, match, ct(DESTINATIONS, table=FROM, commit=True, nat=forward, mark=mark))
    first: Match = {f.ETH_TYPE: family.ethertype, f.CT_MARK: HAIRPIN, f.CT_STATE: Masked(0, RPL)}
    yield flow(FROM, 5, first, ct(SOURCES, table=SHOW, commit=True, nat=Nat("snat", family.inner)))
    for host in family.hosts:
        from_host: Match = {f.ETH_TYPE: family.ethertype, f.IN_PORT: INSIDE, family.source: host}
        to = family.floating if host == last else family.outer
        yield flow(FROM, 3, from_host, ct(SOURCES, table=SHOW, commit=True, nat=Nat("snat", to)))


def question(rng: Random) -> tuple[int, Packet]:
    """A packet that opens a conversation, or goes on with one, and the port it comes in by."""
    family, port = rng.choice(FAMILIES), rng.choice((INSIDE, OUTSIDE))
    own = (family.outer, family.floating)
    source = rng.choice(family.hosts if port == INSIDE else family.peers)
    destination = rng.choice((*own, *family.peers) if port == INSIDE else own)
    ends = (IN_MAC, OUT_MAC, source, destination)
    ports = (rng.choice((4000, 4001)), rng.choice((80, 8080)))
    match rng.choice(("tcp", "udp", "ping", "other")):
        case "tcp":
            return port, p.tcp(*ends, ports, flags=rng.choice((p.SYN, p.SYN, p.ACK, p.SYN | p.ACK)))
        case "udp":
            return port, p.udp(*ends, ports)
        case "ping":
            return port, p.ping(*ends, identifier=ports[0])
        case _:
            return port, p.ip(*ends, protocol=47)


def reaction(rng: Random, seen: Packet) -> tuple[int, Packet]:
    """What the machine that got a packet, or one on the way, has to say to it.

    No ICMPv6 errors about TCP and UDP: Open vSwitch 3.1 mends a checksum in them that is not there, in the bytes where
    TCP or UDP would have it, and so spoils the quoted address or the MTU.
    """
    source = f.IPV4_SRC if seen[f.ETH_TYPE] == f.ETH_IP else f.IPV6_SRC
    destination = f.IPV4_DST if source is f.IPV4_SRC else f.IPV6_DST
    show = f.ipv4_text if source is f.IPV4_SRC else f.ipv6_text
    told = show(seen[destination])
    port = INSIDE if any(told in family.hosts for family in FAMILIES) else OUTSIDE
    spoilt = seen[f.ETH_TYPE] == f.ETH_IPV6 and seen[f.IP_PROTO] in {f.TCP, f.UDP}
    if rng.randrange(4) or p.INSIDE_PROTO in seen or spoilt:
        return port, p.answer(seen)
    family = FAMILIES[source is f.IPV6_SRC]
    kind = p.UNREACHABLE if source is f.IPV4_SRC else p.UNREACHABLE6
    return port, p.icmp_error(IN_MAC, OUT_MAC, rng.choice((told, family.peers[0])), seen, kind)
