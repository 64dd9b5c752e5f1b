"""Names: a network's resolver knows its own ports' names and addresses, and asks elsewhere for the rest.

Which network is asked is told by the port that asks, so that no tenant hears of another's names.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from controller import served
from controller.addresses import within
from controller.derived import Endpoint
from controller.entities import Network, Port
from controller.services import frames
from controller.services.outcome import Emission, Ignored, Question, ToPorts, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt

PORT = 53
SECONDS = 60
"""How long others may keep what we say."""
LARGEST_ANSWER = 1232
"""Bytes of an answer that no link cuts (DNS flag day 2020)."""
_HEADER = struct.Struct("!HHHHHH")
_RESPONSE, _TRUNCATED = 0x8000, 0x0200
_REVERSE = (dns.name.from_text("in-addr.arpa."), dns.name.from_text("ip6.arpa."))
_VERSIONS = {dns.rdatatype.A: (4,), dns.rdatatype.AAAA: (6,), dns.rdatatype.ANY: (4, 6)}
Rcode = dns.rcode.Rcode
Found = tuple[Rcode, list[tuple[str, str]]]
"""How it went, and records as (type, data)."""


@dataclass(frozen=True, slots=True)
class Return:
    """The way back of an answer to a question."""

    chassis: str
    way: ToPorts
    macs: tuple[str, str]
    ips: tuple[str, str]
    port: int

    def __call__(self, wire: bytes) -> Emission:
        """The answer, without its records where it is too large for them."""
        if len(wire) > LARGEST_ANSWER:
            wire = truncated(wire)
        return Emission(self.chassis, frames.udp_frame(self.macs, self.ips, (PORT, self.port), wire), self.way)


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Answer what is the network's own to answer; hand on the rest."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    datagram = frames.datagram(packet) if packet else None
    query = _query(datagram.payload) if datagram else None
    if ether is None or packet is None or datagram is None or query is None:
        yield Ignored("malformed")
        return
    port = sender(punt, facts)
    network = facts.get(Network, port.network) if port else None
    if port is None or network is None or packet.dst not in served.resolvers(network):
        yield Ignored("unserved")
        return
    macs = (served.SERVICE_MAC if frames.is_group(ether.dst) else ether.dst, ether.src)
    back = Return(punt.chassis, ToPorts((punt.in_port,)), macs, (packet.dst, packet.src), datagram.sport)
    found = _known(query, network, port.key.partition("/")[0], facts)
    yield Question(port.key, datagram.payload, back) if found is None else back(_written(query, found))


def _query(wire: bytes) -> dns.message.Message | None:
    """A question about names; None for anything else."""
    try:
        query = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError):
        return None
    plain = query.opcode() == dns.opcode.QUERY and not query.flags & dns.flags.QR and len(query.question) == 1
    return query if plain else None


def _known(query: dns.message.Message, network: Network, project: str, facts: Facts) -> Found | None:
    """What the network itself says to machines of a project; None where that is for others to say."""
    question = query.question[0]
    if question.rdclass != dns.rdataclass.IN:
        return None
    if any(question.name.is_subdomain(zone) for zone in _REVERSE):
        return _whose(question.name, question.rdtype, network, project, facts)
    name = question.name.to_text(omit_final_dot=True).lower()
    port = _named(name, network, project, facts)
    if port is not None:
        versions = _VERSIONS.get(question.rdtype, ())
        return Rcode.NOERROR, [_record(a) for a in port.addresses if (6 if ":" in a else 4) in versions]
    if name in _domains(network):
        return Rcode.NOERROR, []
    ours = name == served.ZONE or name.endswith(f".{served.ZONE}")
    return (Rcode.NXDOMAIN, []) if ours else None


def _domains(network: Network) -> tuple[str, ...]:
    return tuple(dict.fromkeys(served.domain(network, subnet) for subnet in network.subnets))


def _named(name: str, network: Network, project: str, facts: Facts) -> Port | None:
    """The port of a project that a name means: its own, alone where it has no dots, or within the network's domain."""
    short = next((name.removesuffix(f".{d}") for d in _domains(network) if name.endswith(f".{d}")), name)
    if short == name and "." in name:
        return None
    port: Port | None = facts.get(Port, f"{project}/{short}")
    return port if port is not None and port.network == network.key else None


def _record(address: str) -> tuple[str, str]:
    return ("AAAA" if ":" in address else "A", address)


def _whose(
    name: dns.name.Name, kind: dns.rdatatype.RdataType, network: Network, project: str, facts: Facts
) -> Found | None:
    """The name of the project's port that has an address; the network's addresses are nobody else's to name."""
    address = _reversed(name)
    subnet = next((s for s in network.subnets if address and within(address, s.cidr)), None)
    if address is None or subnet is None:
        return None
    found = (facts.get(Port, key) for key in facts.where(Endpoint, "address", (network.key, address)))
    names = [port.name for port in found if port is not None and port.project == project]
    if not names:
        return Rcode.NXDOMAIN, []
    wanted = kind in {dns.rdatatype.PTR, dns.rdatatype.ANY}
    target = f"{min(names)}.{served.domain(network, subnet)}."
    return Rcode.NOERROR, [("PTR", target)] if wanted else []


def _reversed(name: dns.name.Name) -> str | None:
    """The address in a name such as ``1.0.0.10.in-addr.arpa``; None where there is no whole one."""
    labels = [label.decode("latin-1") for label in reversed(name.labels[:-3])]
    text = ".".join(labels) if len(labels) == 4 else ":".join("".join(labels[at : at + 4]) for at in range(0, 32, 4))  # noqa: PLR2004
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _written(query: dns.message.Message, found: Found) -> bytes:
    """The answer, as far as it fits."""
    response = dns.message.make_response(query, recursion_available=True)
    response.flags |= dns.flags.AA
    response.set_rcode(found[0])
    owner = query.question[0].name
    for kind in dict.fromkeys(kind for kind, _ in found[1]):
        data = [text for each, text in found[1] if each == kind]
        response.answer.append(dns.rrset.from_text_list(owner, SECONDS, "IN", kind, data))
    return response.to_wire(max_size=65535)


def refused(wire: bytes, code: Rcode) -> bytes:
    """The answer to a question that nobody answered."""
    query = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(code)
    return response.to_wire()


def truncated(wire: bytes) -> bytes:
    """An answer without its records, that says so; its question stays."""
    identifier, flags, questions, *_ = _HEADER.unpack_from(wire)
    at = _HEADER.size
    while questions == 1 and at < len(wire) and wire[at]:
        at += wire[at] + 1
    end = min(at + 5, len(wire))
    return _HEADER.pack(identifier, flags | _RESPONSE | _TRUNCATED, questions, 0, 0, 0) + wire[_HEADER.size : end]
