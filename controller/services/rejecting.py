"""Refusals: who begins what a rule rejects is told so at once (RFC 9293, 3.5.2; RFC 1812, 5.2.7.1; RFC 4443, 3.1).

The answer looks as if it came from the machine that was asked. Of a connection that was cut in its middle both ends
are told: neither would hear of it otherwise. The switch meters how often it may ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.policy.derived import Standing
from controller.services import frames
from controller.services.icmp import error, may_be_told
from controller.services.outcome import Emission, Ignored, Onwards, ToPorts, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt, Way

_UNREACHABLE = {4: 3, 6: 1}
_NO_PORT, _PROHIBITED = {4: 3, 6: 4}, {4: 13, 6: 1}
"""Type and codes of ICMP and of ICMPv6, by the version of IP."""


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Refuse one packet: what a rule of its sender's says goes back by the port, of its receiver's through the net."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    if ether is None or packet is None:
        yield Ignored("malformed")
        return
    port = at(punt.chassis, punt.out_port or punt.in_port, facts)
    group = frames.is_group(ether.dst) or frames.is_group(ether.src)
    if port is None or group or not may_be_told(packet, punt.reason):
        yield Ignored("unserved")
        return
    back, on = _ways(punt, port, facts)
    segment = frames.segment(packet)
    if packet.protocol != frames.TCP:
        yield Emission(punt.chassis, _unreachable(ether, packet), back)
    elif segment is None:
        yield Ignored("malformed")
    elif segment.flags & frames.RST:
        yield Ignored("unserved")
    else:
        yield Emission(punt.chassis, _reset(ether, packet, segment), back)
        if not segment.flags & frames.SYN:
            yield Emission(punt.chassis, _ended(ether, packet, segment), on)


def _ways(punt: Punt, port: Endpoint, facts: Facts) -> tuple[Way, Way]:
    """To who sent the packet, and to whom it was for; one of them is the guarded port itself."""
    standing: Standing | None = facts.get(Standing, port.key)
    here = ToPorts((port.ofport,))
    through = Onwards(punt.network, standing.identity if standing else 0)
    return (through, here) if punt.out_port else (here, through)


def _unreachable(ether: frames.Ethernet, packet: frames.Ip) -> bytes:
    """As of a closed port to a datagram, as of a filter to everything else."""
    codes = _NO_PORT if packet.protocol == frames.UDP else _PROHIBITED
    message = error(_UNREACHABLE[packet.version], codes[packet.version], packet)
    return frames.icmp_frame((ether.dst, ether.src), (packet.dst, packet.src), message)


def _reset(ether: frames.Ethernet, packet: frames.Ip, segment: frames.Segment) -> bytes:
    """What a machine says to a segment of a connection that it does not have."""
    acknowledges = bool(segment.flags & frames.ACK)
    seq = segment.ack if acknowledges else 0
    ack = None if acknowledges else (segment.seq + segment.length) & 0xFFFFFFFF
    ports = (segment.dport, segment.sport)
    return frames.reset_frame((ether.dst, ether.src), (packet.dst, packet.src), ports, seq, ack)


def _ended(ether: frames.Ethernet, packet: frames.Ip, segment: frames.Segment) -> bytes:
    """What the sender would say to end it: in the place of the segment, so that it is believed (RFC 9293, 3.10.7.4)."""
    ports = (segment.sport, segment.dport)
    return frames.reset_frame((ether.src, ether.dst), (packet.src, packet.dst), ports, segment.seq, None)
