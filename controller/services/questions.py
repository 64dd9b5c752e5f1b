"""Questions to machines outside about their MACs, what they tell, and announcements (RFC 826, 4861, 5227)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from controller.addresses import group_mac, link_local, octets, solicited
from controller.services import frames
from controller.services.outcome import Emission, OntoSegment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.derived import Exit

ALL_NODES = "ff02::1"
NO_MAC = "00:00:00:00:00:00"
_DISCOVERY = struct.Struct("!BBHI16sBB6s")
_SOURCE, _TARGET = 1, 2
_ROUTER_OVERRIDE, _OVERRIDE = 0xA0000000, 0x20000000


def ask(leaving: Exit, address: str) -> Iterator[Emission]:
    """Ask in a router's name, by its seat, who has an address."""
    if leaving.seat is None:
        return
    if ":" in address:
        own = next((mine for mine in leaving.addresses if ":" in mine), link_local(leaving.mac))
        group = solicited(address)
        message = _discovery(frames.SOLICITATION, 0, address, _SOURCE, leaving.mac)
        frame = frames.icmp_frame((leaving.mac, group_mac(group)), (own, group), message, frames.NEAR)
    else:
        own = next((mine for mine in leaving.addresses if ":" not in mine), frames.NO_ADDRESS)
        macs = (leaving.mac, frames.BROADCAST_MAC)
        frame = frames.arp_frame(macs, frames.ARP_REQUEST, (leaving.mac, own), (NO_MAC, address))
    yield Emission(leaving.seat, frame, OntoSegment(leaving.vni))


def announcement(chassis: str, vni: int, mac: str, address: str, *, routes: bool = True) -> Emission:
    """Tell a segment that an address is here now; ``routes`` where it is a router's."""
    if ":" in address:
        message = _discovery(frames.ADVERTISEMENT, _ROUTER_OVERRIDE if routes else _OVERRIDE, address, _TARGET, mac)
        macs = (mac, group_mac(ALL_NODES))
        frame = frames.icmp_frame(macs, (address, ALL_NODES), message, frames.NEAR)
    else:
        macs = (mac, frames.BROADCAST_MAC)
        frame = frames.arp_frame(macs, frames.ARP_REQUEST, (mac, address), (NO_MAC, address))
    return Emission(chassis, frame, OntoSegment(vni))


def _discovery(kind: int, flags: int, target: str, option: int, mac: str) -> bytes:
    return _DISCOVERY.pack(kind, 0, 0, flags, octets(target), option, 1, frames.mac_bytes(mac))


def told(frame: bytes) -> tuple[str, str] | None:
    """The address and MAC that a frame tells of its sender; None where it tells none."""
    ether = frames.ethernet(frame)
    if ether is None:
        return None
    spoken = frames.arp(ether)
    if spoken is not None:
        return (spoken.sender, spoken.sender_mac) if spoken.sender != frames.NO_ADDRESS else None
    packet = frames.ip(ether)
    found = frames.discovery(packet) if packet else None
    if found is None or found.op != frames.ADVERTISEMENT:
        return None
    return found.target, found.mac or ether.src


def sought(frame: bytes) -> tuple[str, str] | None:
    """The address that a frame's sender would have if nobody else has it, and the sender's MAC; None elsewhere."""
    ether = frames.ethernet(frame)
    if ether is None:
        return None
    spoken = frames.arp(ether)
    if spoken is not None:
        return (spoken.target, ether.src) if spoken.sender == frames.NO_ADDRESS else None
    packet = frames.ip(ether)
    found = frames.discovery(packet) if packet else None
    if found is None or found.op != frames.SOLICITATION or found.source != "::":
        return None
    return found.target, ether.src
