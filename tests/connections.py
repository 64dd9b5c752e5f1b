"""What conntrack of Open vSwitch's userspace datapath makes of a packet: a pure model, as measured on version 3.1.

Connections have no end here but with their bridge, and fragments do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, product
from typing import TYPE_CHECKING

from controller.flow import fields as f
from controller.flow.tracking import DNAT, EST, INV, NEW, REL, RPL, SNAT, TRK
from tests import packets as p

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.flow.fields import Field
    from controller.flow.tracking import Ct, Kind, Nat
    from tests.packets import Packet

PORTS = {f.TCP: (f.TCP_SRC, f.TCP_DST), f.UDP: (f.UDP_SRC, f.UDP_DST)}
ADDRESSES = {f.ETH_IP: (f.IPV4_SRC, f.IPV4_DST), f.ETH_IPV6: (f.IPV6_SRC, f.IPV6_DST)}
TYPES = {f.ICMP: f.ICMP_TYPE, f.ICMPV6: f.ICMPV6_TYPE}
OTHER_WAY: dict[int | None, int] = {p.PING: p.PONG, p.PONG: p.PING, p.PING6: p.PONG6, p.PONG6: p.PING6}
REQUESTS = {f.ICMP: p.PING, f.ICMPV6: p.PING6}
LAST_PORT, FIRST_FREE_PORT, LAST_ZONE = 65535, 1024, 0xFFFF


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of a connection: all that its packets have in common.

    ``kind`` tells pings from pongs; an echo's id stands for both ports.
    """

    ethertype: int
    protocol: int
    source: int
    destination: int
    source_port: int = 0
    destination_port: int = 0
    kind: int | None = None

    def back(self) -> Way:
        """The direction of the answers."""
        ends = (self.destination, self.source, self.destination_port, self.source_port)
        return Way(self.ethertype, self.protocol, *ends, OTHER_WAY.get(self.kind))


def way(packet: Packet) -> Way | None:
    """Which way a packet goes; None where it is of no connection, as ICMP other than echo."""
    ethertype, protocol = packet[f.ETH_TYPE], packet.get(f.IP_PROTO, 0)
    source, destination = (packet.get(end, 0) for end in ADDRESSES[ethertype])
    if protocol not in TYPES:
        ports = [packet.get(port, 0) for port in PORTS.get(protocol, ())]
        return Way(ethertype, protocol, source, destination, *ports)
    echo = packet.get(p.ECHO_ID)
    kind = packet.get(TYPES[protocol], 0)
    return None if echo is None else Way(ethertype, protocol, source, destination, echo, echo, kind)


def way_inside(packet: Packet) -> Way | None:
    """Which way the packet went that an ICMP error is about."""
    if p.INSIDE_PROTO not in packet:
        return None
    protocol, first = packet[p.INSIDE_PROTO], packet.get(p.INSIDE_SRC_PORT, 0)
    ethertype, source, destination = packet[f.ETH_TYPE], packet[p.INSIDE_SRC], packet[p.INSIDE_DST]
    if protocol in TYPES:
        return Way(ethertype, protocol, source, destination, first, first, packet[p.INSIDE_TYPE])
    return Way(ethertype, protocol, source, destination, first, packet.get(p.INSIDE_DST_PORT, 0))


@dataclass(slots=True)
class Connection:
    """What was committed: packets come as ``there`` and are answered as ``back`` tells."""

    there: Way
    back: Way
    kind: Kind | None
    mark: int = 0
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A connection, in which of its directions a packet goes, and whether it is only an error about it."""

    connection: Connection
    reply: bool
    related: bool


class Connections:
    """The connections of one bridge, by zone. ``wanted`` is a port that a new translation takes rather than another."""

    def __init__(self) -> None:
        self.wanted: int | None = None
        self._known: dict[tuple[int, Way], tuple[Connection, bool]] = {}

    def track(self, packet: Packet, action: Ct) -> None:
        """Look the packet up as the action says; commit, mark and translate it."""
        zone = _number(packet, action.zone) & LAST_ZONE
        found = self._find(zone, packet)
        if found is None:
            state, found = self._begin(zone, packet, action)
        else:
            state = _state(found, packet)
        mark = 0 if found is None else _marked(found.connection, packet, action)
        if found is not None and action.nat is not None and found.connection.kind is not None:
            state |= translate(packet, found)
        packet |= {f.CT_STATE: state | TRK, f.CT_ZONE: zone, f.CT_MARK: mark}

    def _find(self, zone: int, packet: Packet) -> Found | None:
        inside = way_inside(packet)
        going = inside.back() if inside else way(packet)
        known = going and self._known.get((zone, going))
        return Found(*known, related=inside is not None) if known else None

    def _begin(self, zone: int, packet: Packet, action: Ct) -> tuple[int, Found | None]:
        """A connection that is not known yet. Where no translation is left, it is committed without a word."""
        going = way(packet)
        if going is None or not _may_begin(packet, going):
            return INV, None
        back = self._answers(zone, going, action) if action.commit else None
        if back is None:
            return NEW, None
        made = Connection(going, back, action.nat.kind if action.nat else None)
        self._known[zone, going] = (made, False)
        self._known[zone, back] = (made, True)
        return NEW, Found(made, reply=False, related=False)

    def _answers(self, zone: int, going: Way, action: Ct) -> Way | None:
        """What answers will look like: the first translation that nobody has."""
        if action.nat is None or action.nat.kind is None:
            return going.back()
        found = (new.back() for new in translations(going, action.nat, self.wanted))
        return next((back for back in found if (zone, back) not in self._known), None)


def _number(packet: Packet, source: int | Field) -> int:
    """A number that an action gives, or says which register holds it."""
    return packet.get(source, 0) if isinstance(source, f.Field) else source


def _may_begin(packet: Packet, going: Way) -> bool:
    if _unsound(packet) or packet.get(p.TCP_FLAGS, 0) & (p.SYN | p.ACK) == p.SYN | p.ACK:
        return False
    return going.protocol not in REQUESTS or going.kind == REQUESTS[going.protocol]


def _unsound(packet: Packet) -> bool:
    """Whether no TCP sends such flags together (RFC 9293, 3.10)."""
    flags = packet.get(p.TCP_FLAGS, p.ACK)
    if flags & p.SYN and flags & (p.RST | p.FIN):
        return True
    return not flags & p.ACK and (not flags & (p.SYN | p.RST) or bool(flags & (p.FIN | p.PSH | p.URG)))


def _marked(connection: Connection, packet: Packet, action: Ct) -> int:
    if action.mark is not None:
        connection.mark = _number(packet, action.mark)
    return connection.mark


def _state(found: Found, packet: Packet) -> int:
    """NEW lasts until the other side has answered, but for TCP that goes on without asking."""
    direction = RPL if found.reply else 0
    if found.related:
        return REL | direction
    if _unsound(packet):
        return INV
    found.connection.answered |= found.reply
    begins = packet.get(p.TCP_FLAGS, p.SYN) == p.SYN
    return direction | (NEW if begins and not found.connection.answered else EST)


def translations(going: Way, nat: Nat, wanted: int | None) -> Iterator[Way]:
    """What the packets may become, in order of preference."""
    source_port = going.source_port if wanted is None else wanted
    low = nat.low and f.ip_number(nat.low)
    high = f.ip_number(nat.high) if nat.high else low
    if nat.kind == "snat":
        addresses = range(low, high + 1) if low and high else (going.source,)
        for address, port in product(addresses, _ports(going, source_port, nat.ports)):
            yield replace(going, source=address, source_port=port)
        return
    addresses = range(low, high + 1) if low and high else (going.destination,)
    inner = (going.destination_port,) if nat.ports is None else _ports(going, going.destination_port, nat.ports)
    for address, source, port in product(addresses, _ports(going, going.source_port, None), inner):
        yield replace(going, destination=address, source_port=source, destination_port=port)


def _ports(going: Way, port: int, among: tuple[int, int] | None) -> tuple[int, ...] | chain[int]:
    """The port itself where it will do, then those after it. Protocols without ports have no choice."""
    if going.protocol not in PORTS:
        return (port,)
    if among is None:
        return chain(range(port, LAST_PORT + 1), range(FIRST_FREE_PORT, port))
    low, high = among
    return chain((port,) if low <= port <= high else (), range(low, high + 1))


def translate(packet: Packet, found: Found) -> int:
    """Do what was committed, or undo it in answers, also inside of errors; which sort of translation it was."""
    connection = found.connection
    becomes = connection.there.back() if found.reply else connection.back.back()
    turned = (connection.kind == "snat") == found.reply
    source, destination = ADDRESSES[packet[f.ETH_TYPE]]
    if found.related:
        packet[destination if turned else source] = becomes.destination if turned else becomes.source
        inside = becomes.back()
        packet |= {p.INSIDE_SRC: inside.source, p.INSIDE_DST: inside.destination}
        if inside.protocol in PORTS:
            packet |= {p.INSIDE_SRC_PORT: inside.source_port, p.INSIDE_DST_PORT: inside.destination_port}
    else:
        packet |= {source: becomes.source, destination: becomes.destination}
        ports = PORTS.get(becomes.protocol, ())
        packet |= dict(zip(ports, (becomes.source_port, becomes.destination_port), strict=False))
    return DNAT if turned else SNAT
