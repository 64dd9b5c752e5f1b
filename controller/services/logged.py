"""Logged: a switch copies to us what a rule decided that is to be logged; who it was about is found out here."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.policy.values import ICMP, ICMPV6, WITH_PORTS
from controller.services import frames
from controller.services.outcome import Ignored, Logged, at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.services.outcome import Facts, Outcome, Punt

_PORTS = struct.Struct("!HH")


def answer(punt: Punt, facts: Facts, _now: float) -> Iterator[Outcome]:
    """Tell of it: the port that the rule is for is where the packet came in or was to go out."""
    ether = frames.ethernet(punt.frame)
    packet = frames.ip(ether) if ether else None
    guarded = at(punt.chassis, punt.out_port or punt.in_port, facts)
    if packet is None or guarded is None:
        yield Ignored("malformed" if packet is None else "unserved")
        return
    source_port, target_port = _ports(packet)
    sender = at(punt.chassis, punt.in_port, facts)
    receiver: Endpoint | None = guarded
    if not punt.out_port:
        sender, receiver = guarded, _known(guarded, packet.dst, facts)
    elif sender is None:
        sender = _known(guarded, packet.src, facts)
    yield Logged(
        punt.rule,
        punt.chassis,
        packet.protocol,
        packet.src,
        source_port,
        packet.dst,
        target_port,
        sender.key if sender else "",
        receiver.key if receiver else "",
    )


def _known(guarded: Endpoint, address: str, facts: Facts) -> Endpoint | None:
    key = peer(guarded, address, facts)
    found: Endpoint | None = facts.get(Endpoint, key)
    return found


def peer(endpoint: Endpoint, address: str, facts: Facts) -> str:
    """The key of the port that has an address where ``endpoint`` is; "" where none of ours has it."""
    keys = facts.where(Endpoint, "realm_address", (endpoint.realm, address))
    nearest = [key for key in facts.where(Endpoint, "address", (endpoint.network, address)) if key in keys]
    return min(nearest or keys, default="")


def _ports(packet: frames.Ip) -> tuple[int, int]:
    """Source and destination port; of ICMP, 0 and ``type << 8 | code`` (``controller.policy.values.Service``)."""
    payload = packet.payload
    if packet.later_fragment or len(payload) < _PORTS.size:
        return 0, 0
    if packet.protocol in WITH_PORTS:
        source, target = _PORTS.unpack_from(payload)
        return int(source), int(target)
    return (0, payload[0] << 8 | payload[1]) if packet.protocol in {ICMP, ICMPV6} else (0, 0)
