"""DHCPv6: where router advertisements send hosts to ask, a machine gets its port's addresses, or only the rest.

As with DHCPv4 there is nothing to run out of and nothing to remember (RFC 8415). All that a port is given goes into the
first association that its machine asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller import served
from controller.addresses import link_local, octets, within
from controller.entities import Network
from controller.services import dhcp6_message as m
from controller.services import frames, told
from controller.services.grants import grants
from controller.services.hostnames import hostname
from controller.services.outcome import Emission, Ignored, Lease, ToPorts, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.derived import Endpoint
    from controller.services.grants import Grant
    from controller.services.outcome import Facts, Outcome, Punt, State

OFFER_SECONDS = 60.0
LEAST_REFRESH = 600
"""Seconds (RFC 8415, 21.23)."""
DUID = bytes((0, 3, 0, 1)) + frames.mac_bytes(served.SERVICE_MAC)
"""Every daemon is the same server: a DUID-LL (RFC 8415, 11.4)."""
_TO_ANY_SERVER = (m.SOLICIT, m.REBIND, m.CONFIRM)
_TO_US = (m.REQUEST, m.RENEW, m.RELEASE, m.DECLINE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request understood: who sent it, and the addresses that intent gives that machine."""

    punt: Punt
    mac: str
    source: str
    message: m.Message
    port: Endpoint
    network: Network
    grants: tuple[Grant, ...]
    now: float


def answer(punt: Punt, facts: Facts, now: float) -> Iterator[Outcome]:
    """Answer a client."""
    asked = _asked(punt, facts, now)
    if isinstance(asked, Ignored):
        yield asked
        return
    match asked.message.kind:
        case m.SOLICIT if asked.message.option(m.RAPID_COMMIT) is None:
            yield from _give(asked, m.ADVERTISE, "offered")
        case m.SOLICIT | m.REQUEST | m.RENEW | m.REBIND:
            yield from _give(asked, m.REPLY, "bound")
        case m.CONFIRM:
            yield from _confirm(asked)
        case m.RELEASE:
            yield from _take_back(asked, "released")
        case m.DECLINE:
            yield from _take_back(asked, "declined")
        case _:
            yield _reply(asked, m.REPLY, [])


def _asked(punt: Punt, facts: Facts, now: float) -> _Asked | Ignored:
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    datagram = frames.datagram(packet) if packet else None
    message = m.parse(datagram.payload) if datagram else None
    if ether is None or packet is None or message is None or not _proper(message):
        return Ignored("malformed")
    port = sender(punt, facts)
    network = facts.get(Network, port.network) if port else None
    if port is None or network is None:
        return Ignored("unserved")
    if ether.src != port.mac and ether.src not in {pair.mac for pair in port.allowed_pairs}:
        return Ignored("spoofed")
    stateful = (subnet for subnet in served.informed(network) if subnet.ra == "stateful")
    found = grants(port, ether.src, stateful)
    return _Asked(punt, ether.src, packet.src, message, port, network, found, now)


def _proper(message: m.Message) -> bool:
    """Whether a message is for us: it names us, or nobody where that is for all servers (RFC 8415, 16)."""
    server = message.option(m.SERVER_ID)
    if message.kind in _TO_US:
        return server == DUID
    if message.kind in _TO_ANY_SERVER:
        return server is None
    return message.kind == m.INFORMATION_REQUEST and server in {None, DUID}


def _give(asked: _Asked, kind: int, state: State) -> Iterator[Outcome]:
    """Every address of the port to the first association; the others get none."""
    options: list[tuple[int, bytes]] = []
    granted = asked.grants
    for each in asked.message.associations():
        options.append(_association(each, granted))
        for address, subnet in granted:
            lease = told.times(subnet)[0]
            seconds = OFFER_SECONDS if state == "offered" else lease
            yield _lease(asked, address, state, None if seconds == told.FOREVER else asked.now + seconds)
        granted = ()
    if asked.message.kind == m.SOLICIT and kind == m.REPLY:
        options.append((m.RAPID_COMMIT, b""))
    yield _reply(asked, kind, options)


def _association(asked: m.Association, granted: tuple[Grant, ...]) -> tuple[int, bytes]:
    """What an association gets; addresses in it that are not the machine's are taken back (RFC 8415, 18.3.4)."""
    given = [m.address(address, told.times(s)[0], told.times(s)[0]) for address, s in granted]
    strange = [m.address(address, 0, 0) for address in asked.addresses if address not in dict(granted)]
    if not given:
        none = m.status(m.NO_ADDRESSES, "the port has no address for it")
        return m.association(asked.identifier, 0, 0, [*strange, none])
    least = min(told.times(subnet)[0] for _, subnet in granted)
    renew, rebind = (least, least) if least == told.FOREVER else (least // 2, least * 4 // 5)
    return m.association(asked.identifier, renew, rebind, [*given, *strange])


def _confirm(asked: _Asked) -> Iterator[Outcome]:
    """Whether what the machine has belongs to the link that it is on; no answer where it names nothing."""
    held = [address for each in asked.message.associations() for address in each.addresses]
    if not held:
        return
    blocks = [subnet.cidr for subnet in asked.network.subnets]
    here = all(any(within(address, block) for block in blocks) for address in held)
    yield _reply(asked, m.REPLY, [m.status(m.SUCCESS, "") if here else m.status(m.NOT_ON_LINK, "ask anew")])


def _take_back(asked: _Asked, state: State) -> Iterator[Outcome]:
    """The machine does not want an address any more, or found that another uses it (RFC 8415, 18.3.7 and 18.3.8)."""
    options = [m.status(m.SUCCESS, "")]
    for each in asked.message.associations():
        own = [address for address in each.addresses if address in dict(asked.grants)]
        for address in own:
            yield _lease(asked, address, state, None)
        if not own:
            options.append(m.association(each.identifier, 0, 0, [m.status(m.NO_BINDING, "not yours")]))
    yield _reply(asked, m.REPLY, options)


def _lease(asked: _Asked, address: str, state: State, expires: float | None) -> Lease:
    port = asked.port
    place = (port.key, port.network, port.chassis, asked.mac)
    return Lease(*place, address, _name(asked.message), state, asked.now, expires)


def _name(message: m.Message) -> str:
    """The client's name: a byte of flags, then labels (RFC 4704, 4)."""
    told_name = message.option(m.CLIENT_NAME) or b""
    length = told_name[1] if len(told_name) > 1 else 0
    return hostname(told_name[2 : 2 + length])


def _reply(asked: _Asked, kind: int, options: list[tuple[int, bytes]]) -> Emission:
    """The answer, with what the network tells beside addresses."""
    message = asked.message
    client = message.option(m.CLIENT_ID)
    who = [(m.CLIENT_ID, client), (m.SERVER_ID, DUID)] if client is not None else [(m.SERVER_ID, DUID)]
    body = m.written(kind, message.xid, [*who, *options, *_told(asked)])
    macs, ips = (served.SERVICE_MAC, asked.mac), (link_local(served.SERVICE_MAC), asked.source)
    frame = frames.udp_frame(macs, ips, (m.SERVER_PORT, m.CLIENT_PORT), body)
    return Emission(asked.punt.chassis, frame, ToPorts((asked.punt.in_port,)))


def _told(asked: _Asked) -> Iterator[tuple[int, bytes]]:
    """Resolvers, search list and time servers of all subnets that hosts are sent here from."""
    network, subnets = asked.network, served.informed(asked.network)
    resolvers = _each(address for subnet in subnets for address in told.resolvers(network, subnet))
    clocks = _each(address for subnet in subnets for address in told.settings(subnet).ntp)
    domains = tuple(dict.fromkeys(domain for subnet in subnets for domain in told.search(network, subnet)))
    refresh = min((told.times(subnet)[0] for subnet in subnets), default=told.FOREVER)
    found = {
        m.DNS: b"".join(resolvers),
        m.SEARCH: told.names(domains),
        m.NTP: m.packed((m.NTP_ADDRESS, clock) for clock in clocks),
    }
    if asked.message.kind == m.INFORMATION_REQUEST:
        found[m.REFRESH] = max(refresh, LEAST_REFRESH).to_bytes(4, "big")
    for code, value in found.items():
        if value and asked.message.wants(code):
            yield code, value


def _each(addresses: Iterator[str]) -> list[bytes]:
    return [octets(address) for address in dict.fromkeys(addresses) if ":" in address]
