"""The packet fields that flows match and set, encoded as OXM (OpenFlow 1.5, 7.2.3; ovs-fields(7)).

A field's bytes are those that Open vSwitch itself would write, so that a flow read back equals the flow that was sent.
Registers are matched in pairs, as OVS writes them in OpenFlow 1.5 (``OXM_OF_PKT_REG``), and set one by one.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

OPENFLOW_BASIC, PACKET_REGS, NICIRA, NICIRA_OLD, ERICSSON = 0x8000, 0x8001, 0x0001, 0x0000, 0x1000
EXPERIMENTER, NSH_VENDOR = 0xFFFF, 0x005AD650
CACHED = 1 << 16

Value = int | str
"""A field's value: a number, or canonical text for MAC and IP addresses."""


def integer(value: Value) -> int:
    """The integer as it is; also what text in decimal or 0x form means."""
    return value if isinstance(value, int) else int(value, 0)


def mac_number(value: Value) -> int:
    """48 bits of ``aa:bb:cc:dd:ee:ff``."""
    return value if isinstance(value, int) else int(value.replace(":", ""), 16)


def ip_number(value: Value) -> int:
    """32 or 128 bits of an IPv4 or IPv6 address."""
    return value if isinstance(value, int) else int(ipaddress.ip_address(value))


def mac_text(value: int) -> str:
    """``aa:bb:cc:dd:ee:ff``."""
    return ":".join(f"{value:012x}"[i : i + 2] for i in range(0, 12, 2))


def ipv4_text(value: int) -> str:
    """Dotted quad."""
    return str(ipaddress.IPv4Address(value))


def ipv6_text(value: int) -> str:
    """Compressed IPv6."""
    return str(ipaddress.IPv6Address(value))


def hex_text(value: int) -> str:
    """``0x1f``."""
    return f"{value:#x}"


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One field: its name in ovs-ofctl, its OXM class and number, its width in bits, and how its values read.

    ``rank`` is its place in a match as OVS orders it; ``needs`` are the matches without which it means nothing.
    ``vendor`` is the experimenter of an OXM of class EXPERIMENTER, ``width`` its bytes where they are more than needed.
    """

    name: str
    oxm_class: int
    number: int
    bits: int
    rank: int
    parse: Callable[[Value], int] = integer
    show: Callable[[int], str] = hex_text
    needs: tuple[tuple[Field, int], ...] = ()
    register: int | None = None
    vendor: int = 0
    width: int = 0

    @property
    def size(self) -> int:
        """Bytes of its value on the wire."""
        return self.width or (self.bits + 7) // 8

    @property
    def all_ones(self) -> int:
        """The mask that means exactly."""
        return (1 << self.bits) - 1

    def header(self, *, masked: bool) -> bytes:
        """The four bytes that stand before the value, and four more where a vendor's number belongs to the name."""
        owner = self.vendor.to_bytes(4, "big") if self.vendor else b""
        length = self.size * (2 if masked else 1) + len(owner)
        return self.oxm_class.to_bytes(2, "big") + bytes((self.number << 1 | masked, length)) + owner

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Masked:
    """A value of which only the bits of ``mask`` count."""

    value: Value
    mask: Value


@lru_cache(CACHED)
def encoded(field: Field, value: Value | Masked) -> bytes:
    """The OXM of a field with a value, exact or masked."""
    if not isinstance(value, Masked):
        if field is CT_STATE:
            return encoded(field, Masked(value, _CT_FLAGS))
        return field.header(masked=False) + field.parse(value).to_bytes(field.size, "big")
    mask = field.parse(value.mask)
    bits = field.parse(value.value) & mask
    if mask == field.all_ones:
        return encoded(field, bits)
    return field.header(masked=True) + bits.to_bytes(field.size, "big") + mask.to_bytes(field.size, "big")


@lru_cache(CACHED)
def encoded_registers(pair: int, high: Value | Masked | None, low: Value | Masked | None) -> bytes:
    """The OXM that matches registers ``2*pair`` (high) and ``2*pair + 1`` (low) together."""
    value = mask = 0
    for half, shift in ((high, 32), (low, 0)):
        if half is None:
            continue
        bits, ones = (
            (integer(half.value), integer(half.mask)) if isinstance(half, Masked) else (integer(half), 0xFFFFFFFF)
        )
        value |= (bits & ones) << shift
        mask |= ones << shift
    return encoded(XREGS[pair], Masked(value, mask))


ETH_IP, ETH_ARP, ETH_IPV6, ETH_NSH, ETH_LLDP = 0x0800, 0x0806, 0x86DD, 0x894F, 0x88CC
ICMP, ICMPV6, UDP, TCP, SCTP = 1, 58, 17, 6, 132

IN_PORT = Field("in_port", OPENFLOW_BASIC, 0, 32, 10, show=str)
SHORT_IN_PORT = Field("in_port", NICIRA_OLD, 0, 16, 10, show=str)
"""As OVS lets flows write ``IN_PORT``, and in no other way."""
ETH_SRC = Field("dl_src", OPENFLOW_BASIC, 4, 48, 20, mac_number, mac_text)
ETH_DST = Field("dl_dst", OPENFLOW_BASIC, 3, 48, 21, mac_number, mac_text)
ETH_TYPE = Field("dl_type", OPENFLOW_BASIC, 5, 16, 22)
VLAN = Field("vlan_vid", OPENFLOW_BASIC, 6, 16, 23)
_IP, _ARP, _IPV6 = ((ETH_TYPE, ETH_IP),), ((ETH_TYPE, ETH_ARP),), ((ETH_TYPE, ETH_IPV6),)
IPV4_SRC = Field("nw_src", OPENFLOW_BASIC, 11, 32, 30, ip_number, ipv4_text, _IP)
IPV4_DST = Field("nw_dst", OPENFLOW_BASIC, 12, 32, 31, ip_number, ipv4_text, _IP)
IPV6_SRC = Field("ipv6_src", OPENFLOW_BASIC, 26, 128, 32, ip_number, ipv6_text, _IPV6)
IPV6_DST = Field("ipv6_dst", OPENFLOW_BASIC, 27, 128, 33, ip_number, ipv6_text, _IPV6)
IP_FRAG = Field("ip_frag", NICIRA, 26, 2, 34)
IP_DSCP = Field("ip_dscp", OPENFLOW_BASIC, 8, 6, 35)
IP_TTL = Field("nw_ttl", NICIRA, 29, 8, 36, show=str)
IP_PROTO = Field("nw_proto", OPENFLOW_BASIC, 10, 8, 37, show=str)
_UDP, _TCP, _SCTP = ((IP_PROTO, UDP),), ((IP_PROTO, TCP),), ((IP_PROTO, SCTP),)
_ICMP, _ICMPV6 = (*_IP, (IP_PROTO, ICMP)), (*_IPV6, (IP_PROTO, ICMPV6))
TCP_SRC = Field("tcp_src", OPENFLOW_BASIC, 13, 16, 40, show=str, needs=_TCP)
TCP_DST = Field("tcp_dst", OPENFLOW_BASIC, 14, 16, 41, show=str, needs=_TCP)
UDP_SRC = Field("udp_src", OPENFLOW_BASIC, 15, 16, 42, show=str, needs=_UDP)
UDP_DST = Field("udp_dst", OPENFLOW_BASIC, 16, 16, 43, show=str, needs=_UDP)
SCTP_SRC = Field("sctp_src", OPENFLOW_BASIC, 17, 16, 42, show=str, needs=_SCTP)
SCTP_DST = Field("sctp_dst", OPENFLOW_BASIC, 18, 16, 43, show=str, needs=_SCTP)
ICMP_TYPE = Field("icmp_type", OPENFLOW_BASIC, 19, 8, 44, show=str, needs=_ICMP)
ICMP_CODE = Field("icmp_code", OPENFLOW_BASIC, 20, 8, 45, show=str, needs=_ICMP)
ICMPV6_TYPE = Field("icmpv6_type", OPENFLOW_BASIC, 29, 8, 44, show=str, needs=_ICMPV6)
ICMPV6_CODE = Field("icmpv6_code", OPENFLOW_BASIC, 30, 8, 45, show=str, needs=_ICMPV6)
ND_TARGET = Field("nd_target", OPENFLOW_BASIC, 31, 128, 46, ip_number, ipv6_text, _ICMPV6)
ND_SLL = Field("nd_sll", OPENFLOW_BASIC, 32, 48, 47, mac_number, mac_text, _ICMPV6)
ND_TLL = Field("nd_tll", OPENFLOW_BASIC, 33, 48, 48, mac_number, mac_text, _ICMPV6)
ND_FLAGS = Field("nd_reserved", ERICSSON, 1, 32, 49, needs=_ICMPV6)
ND_OPTION = Field("nd_options_type", ERICSSON, 2, 8, 50, show=str, needs=_ICMPV6)
ARP_OP = Field("arp_op", OPENFLOW_BASIC, 21, 16, 52, show=str, needs=_ARP)
ARP_SPA = Field("arp_spa", OPENFLOW_BASIC, 22, 32, 53, ip_number, ipv4_text, _ARP)
ARP_TPA = Field("arp_tpa", OPENFLOW_BASIC, 23, 32, 54, ip_number, ipv4_text, _ARP)
ARP_SHA = Field("arp_sha", OPENFLOW_BASIC, 24, 48, 55, mac_number, mac_text, _ARP)
ARP_THA = Field("arp_tha", OPENFLOW_BASIC, 25, 48, 56, mac_number, mac_text, _ARP)
_NSH = ((ETH_TYPE, ETH_NSH),)
NSH_SPI = Field("nsh_spi", EXPERIMENTER, 4, 24, 87, needs=_NSH, vendor=NSH_VENDOR, width=4)
NSH_C1, NSH_C2, NSH_C3, NSH_C4 = (
    Field(f"nsh_c{place}", EXPERIMENTER, 5 + place, 32, 87 + place, needs=_NSH, vendor=NSH_VENDOR)
    for place in range(1, 5)
)
"""The network service header between bridges (RFC 8300): the way; the network, a hash, the sender, a middlebox."""
NSH_TTL = Field("nsh_ttl", EXPERIMENTER, 10, 6, 86, show=str, needs=_NSH, vendor=NSH_VENDOR)
TUN_ID = Field("tun_id", OPENFLOW_BASIC, 38, 64, 70)
TUN_SRC = Field("tun_src", NICIRA, 31, 32, 71, ip_number, ipv4_text)
TUN_DST = Field("tun_dst", NICIRA, 32, 32, 72, ip_number, ipv4_text)
TUN_IPV6_SRC = Field("tun_ipv6_src", NICIRA, 109, 128, 73, ip_number, ipv6_text)
TUN_IPV6_DST = Field("tun_ipv6_dst", NICIRA, 110, 128, 74, ip_number, ipv6_text)
TUN_METADATA0 = Field("tun_metadata0", NICIRA, 40, 32, 75)
"""The Geneve option that carries the sender's identity, once the switch was told which one that is."""
CONJ_ID = Field("conj_id", NICIRA, 37, 32, 5, show=str)
REGS = tuple(Field(f"reg{i}", NICIRA, i, 32, 100 + i, register=i) for i in range(16))
XREGS = tuple(Field(f"xreg{i}", PACKET_REGS, i, 64, 100 + 2 * i) for i in range(8))
XXREGS = tuple(Field(f"xxreg{i}", NICIRA, 111 + i, 128, 100 + 4 * i) for i in range(4))
CT_STATE = Field("ct_state", NICIRA, 105, 32, 130)
CT_ZONE = Field("ct_zone", NICIRA, 106, 16, 131, show=str)
CT_MARK = Field("ct_mark", NICIRA, 107, 32, 132)
_CT_FLAGS = 0xFF
"""The bits of ``CT_STATE`` that mean something: OVS gives an exact match back as a match of these."""
WIDE_REGS = frozenset((*XREGS, *XXREGS))
"""Several registers as one: set and copied, but matched one by one."""

ALL = (
    *(IN_PORT, ETH_SRC, ETH_DST, ETH_TYPE, VLAN, IPV4_SRC, IPV4_DST, IPV6_SRC, IPV6_DST),
    *(IP_FRAG, IP_DSCP, IP_TTL, IP_PROTO, TCP_SRC, TCP_DST, UDP_SRC, UDP_DST, SCTP_SRC, SCTP_DST),
    *(ICMP_TYPE, ICMP_CODE, TUN_METADATA0, CONJ_ID),
    *(ICMPV6_TYPE, ICMPV6_CODE, ND_TARGET, ND_SLL, ND_TLL, ND_FLAGS, ND_OPTION, CT_STATE, CT_ZONE, CT_MARK),
    *(NSH_TTL, NSH_SPI, NSH_C1, NSH_C2, NSH_C3, NSH_C4),
    *(ARP_OP, ARP_SPA, ARP_TPA, ARP_SHA, ARP_THA, TUN_ID, TUN_SRC, TUN_DST, TUN_IPV6_SRC, TUN_IPV6_DST),
    *REGS,
    *XREGS,
    *XXREGS,
)
BY_HEADER = {(field.oxm_class, field.number): field for field in ALL}
BY_HEADER[NICIRA_OLD, SHORT_IN_PORT.number] = IN_PORT
