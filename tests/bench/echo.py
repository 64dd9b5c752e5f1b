"""Echo requests as raw frames, so that one may be sent every quarter of a millisecond and the first reply be seen."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mininet_scenarios.vm import Vm

IDENTIFIER = 0x6E6C
REQUEST, REPLY = 8, 0
ICMP = 1
IPV4_AT, ICMP_AT = 14, 34
SMALLEST = 42


def request(source: Vm, target: Vm, number: int) -> bytes:
    """An ICMP echo request, from the source's MAC and address to the target's (RFC 792); ``number`` modulo 65536."""
    payload = struct.pack("!BBHHH", REQUEST, 0, 0, IDENTIFIER, number & 0xFFFF) + bytes(24)
    icmp = payload[:2] + struct.pack("!H", _checksum(payload)) + payload[4:]
    ends = _packed(source) + _packed(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, ICMP, 0) + ends
    ip = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return _mac(target) + _mac(source) + b"\x08\x00" + ip + icmp


def reply_of(wire: socket.socket, target: Vm) -> bool:
    """Whether an echo reply of the target is among the frames that have come in; takes all of them."""
    found = False
    wanted = _packed(target)
    while True:
        try:
            frame = wire.recv(2048)
        except BlockingIOError:
            return found
        if len(frame) >= SMALLEST and frame[23] == ICMP and frame[ICMP_AT] == REPLY:
            found = found or frame[IPV4_AT + 12 : IPV4_AT + 16] == wanted


def _packed(vm: Vm) -> bytes:
    return ip_address(vm.ipv4).packed


def _mac(vm: Vm) -> bytes:
    return bytes.fromhex(vm.nic.mac.replace(":", ""))


def _checksum(data: bytes) -> int:
    """The Internet checksum of an even number of bytes (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
