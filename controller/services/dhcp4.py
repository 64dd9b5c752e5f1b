"""DHCPv4: a machine gets the address that its port has in intent, and never another (RFC 2131).

There is nothing to run out of, and nothing to remember: a lease only says that the machine knows. So a renewal is
granted by a daemon that has never seen the machine, and after a restart the table of leases fills as they renew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller import served
from controller.addresses import octets
from controller.derived import Endpoint
from controller.entities import Network
from controller.services import dhcp4_message as m
from controller.services import frames, told
from controller.services.grants import grants
from controller.services.hostnames import hostname
from controller.services.outcome import Emission, Ignored, Lease, ToPorts, Withdrawn, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.entities import Subnet
    from controller.services.grants import Grant
    from controller.services.outcome import Facts, Outcome, Punt, State

OFFER_SECONDS = 60.0
_NOWHERE = frames.NO_ADDRESS
_EVERYONE = "255.255.255.255"
_ALWAYS = (m.MASK,)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request understood: who sent it, whose it is, and the addresses that intent gives that machine."""

    punt: Punt
    ether: frames.Ethernet
    message: m.Message
    port: Endpoint
    network: Network
    grants: tuple[Grant, ...]
    server: str
    router: str | None
    mtu: int
    now: float

    def grant(self, wanted: str | None) -> Grant:
        """The address that is wanted, if it is the machine's; else the first that is."""
        return next((grant for grant in self.grants if grant[0] == wanted), self.grants[0])


def answer(punt: Punt, facts: Facts, now: float) -> Iterator[Outcome]:
    """Answer a client, or a relay that speaks for one."""
    asked = _asked(punt, facts, now)
    if isinstance(asked, Ignored):
        yield asked
        return
    match asked.message.kind:
        case m.DISCOVER:
            yield from _offer(asked)
        case m.REQUEST:
            yield from _request(asked)
        case m.DECLINE | m.RELEASE:
            yield from _give_back(asked)
        case m.INFORM:
            yield from _inform(asked)
        case _:
            yield Ignored("malformed")


def _asked(punt: Punt, facts: Facts, now: float) -> _Asked | Ignored:
    """The request, its sender known by its place; what it says of itself is believed only where intent agrees."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    datagram = frames.datagram(packet) if packet else None
    message = m.parse(datagram.payload) if datagram else None
    if ether is None or packet is None or message is None:
        return Ignored("malformed")
    port = sender(punt, facts)
    if port is None:
        return Ignored("unserved")
    relayed = message.giaddr != _NOWHERE
    owner = _behind(port, message, facts) if relayed else port
    if owner is None or (not relayed and message.chaddr != ether.src):
        return Ignored("spoofed")
    network = facts.get(Network, owner.network)
    if network is None:
        return Ignored("unserved")
    found = grants(owner, message.chaddr, served.leased(network))
    if not found:
        return Ignored("unserved")
    server = served.server(network, found[0][1])
    router = told.default_route(network, found[0][1], facts)
    largest = told.mtu(network, facts)
    return _Asked(punt, ether, message, owner, network, found, server, router, largest, now)


def _behind(relay: Endpoint, message: m.Message, facts: Facts) -> Endpoint | None:
    """Whose machine a relay speaks for: one that its port was allowed, or a port of the same network.

    Clients of our other networks need no relay, and what a relay is told goes back to where it asked from.
    """
    if any(pair.mac == message.chaddr for pair in relay.allowed_pairs):
        return relay
    keys = sorted(facts.where(Endpoint, "mac", (relay.network, message.chaddr)))
    return next((found for key in keys if (found := facts.get(Endpoint, key)) is not None), None)


def _offer(asked: _Asked) -> Iterator[Outcome]:
    grant = asked.grant(asked.message.address(m.REQUESTED))
    yield _lease(asked, grant[0], "offered", OFFER_SECONDS)
    yield _reply(asked, m.OFFER, grant)


def _request(asked: _Asked) -> Iterator[Outcome]:
    """Selecting names a server, init-reboot an address, renewing and rebinding use it already (RFC 2131, 4.3.2)."""
    message = asked.message
    chosen = message.address(m.SERVER)
    if chosen is not None and chosen != asked.server:
        for address, _ in asked.grants:
            yield Withdrawn(asked.port.key, address)
        return
    wanted = message.address(m.REQUESTED) if message.ciaddr == _NOWHERE else message.ciaddr
    grant = asked.grant(wanted)
    if wanted != grant[0]:
        yield _refusal(asked)
        return
    yield _lease(asked, grant[0], "bound", told.times(grant[1])[0])
    yield _reply(asked, m.ACK, grant)


def _inform(asked: _Asked) -> Iterator[Outcome]:
    """The machine has its address from elsewhere, and wants to know the rest."""
    if asked.message.ciaddr == _NOWHERE:
        yield Ignored("malformed")
        return
    yield _reply(asked, m.ACK, asked.grant(asked.message.ciaddr), leased=False)


def _give_back(asked: _Asked) -> Iterator[Outcome]:
    """The machine does not want its address any more, or found that another uses it; neither gets an answer."""
    message, declined = asked.message, asked.message.kind == m.DECLINE
    address = message.address(m.REQUESTED) if declined else message.ciaddr
    if message.address(m.SERVER) != asked.server or asked.grant(address)[0] != address:
        yield Ignored("spoofed")
        return
    yield _lease(asked, address, "declined" if declined else "released", None)


def _lease(asked: _Asked, address: str, state: State, seconds: float | None) -> Lease:
    port, message = asked.port, asked.message
    name = hostname(message.options.get(m.HOSTNAME, b""))
    expires = None if seconds is None or seconds == told.FOREVER else asked.now + seconds
    place = (port.key, port.network, port.chassis, message.chaddr)
    return Lease(*place, address, name, state, asked.now, expires)


def _reply(asked: _Asked, kind: int, grant: Grant, *, leased: bool = True) -> Emission:
    address = grant[0] if leased else _NOWHERE
    body = m.reply(asked.message, address, _options(asked, kind, grant[1], leased=leased))
    return _emission(asked, body, address)


def _refusal(asked: _Asked) -> Emission:
    """The machine must ask anew; it cannot be reached but by broadcast (RFC 2131, 4.3.2)."""
    options = [(m.KIND, bytes((m.NAK,))), (m.SERVER, octets(asked.server)), *_echoed(asked.message)]
    body = m.reply(asked.message, _NOWHERE, options, broadcast=asked.message.giaddr != _NOWHERE)
    return _emission(asked, body, _EVERYONE)


def _options(asked: _Asked, kind: int, subnet: Subnet, *, leased: bool) -> Iterator[tuple[int, bytes]]:
    """What the client asked for, in its order; everything where it does not say."""
    yield m.KIND, bytes((kind,))
    yield m.SERVER, octets(asked.server)
    if leased:
        for code, seconds in zip((m.LEASE_TIME, m.RENEWAL, m.REBINDING), told.times(subnet), strict=True):
            yield code, seconds.to_bytes(4, "big")
    yield from _echoed(asked.message)
    known = told.options4(asked.network, subnet, asked.router, asked.mtu)
    wanted = asked.message.options.get(m.WANTED)
    for code in dict.fromkeys((*_ALWAYS, *(known if wanted is None else wanted))):
        if code in known:
            yield code, known[code]


def _echoed(message: m.Message) -> list[tuple[int, bytes]]:
    """What goes back as it came: who the client is (RFC 6842), what the relay added (RFC 3046)."""
    return [(code, message.options[code]) for code in (m.CLIENT_ID, m.RELAY) if code in message.options]


def _emission(asked: _Asked, body: bytes, address: str) -> Emission:
    """To the relay; else to the address that the machine uses or is to use, or to all (RFC 2131, 4.1)."""
    message, ether = asked.message, asked.ether
    relayed = message.giaddr != _NOWHERE
    mac = ether.src
    if relayed:
        target = message.giaddr
    elif address == _EVERYONE or (message.ciaddr == _NOWHERE and message.flags & m.BROADCAST_FLAG):
        target, mac = _EVERYONE, frames.BROADCAST_MAC
    else:
        target = address if message.ciaddr == _NOWHERE else message.ciaddr
    source = ether.dst if not frames.is_group(ether.dst) else served.SERVICE_MAC
    ports = (m.SERVER_PORT, m.SERVER_PORT if relayed else m.CLIENT_PORT)
    frame = frames.udp_frame((source, mac), (asked.server, target), ports, body)
    return Emission(asked.punt.chassis, frame, ToPorts((asked.punt.in_port,)))
