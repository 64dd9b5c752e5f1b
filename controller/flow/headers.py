"""Headers that a flow puts before a packet or takes off: VLAN tags, and the network service header between bridges.

A frame between bridges is an Ethernet frame whose payload is a network service header (RFC 8300) and the frame of the
machine behind it, whatever that holds. Bytes as OVS gives them back (ovs-actions(7), ``encap``, ``decap``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

from controller.flow import openflow as of
from controller.flow.fields import ETH_NSH

_ETH_VLAN = 0x8100
_BY_ETHERTYPE = 1
"""The namespace of packet types that are told by their ethertype."""
_WHATEVER_FOLLOWS = 0xFFFE
_NSH_CLASS, _METADATA_KIND, _METADATA_BYTES, _FOUR_WORDS = 4, 1, 5, 1
"""The one property of NXAST_ENCAP: ofp_ed_prop_nsh_md_type of Open vSwitch (its ``openvswitch/ofp-ed-props.h``)."""
_NICIRA_HEAD = struct.Struct("!HHIH")
FIRST_TTL = 63
"""Of a network service header that was just put on."""


@dataclass(frozen=True, slots=True)
class PushVlan:
    """A VLAN tag before all others; which VLAN, a set_field says."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class PopVlan:
    """The outermost VLAN tag off."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class EncapNsh:
    """A network service header with four words of context, all of them 0, before the frame; no Ethernet before it."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class EncapEthernet:
    """An Ethernet header before the network service header; its addresses are 0 until they are set."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Decap:
    """The outermost header off: Ethernet first, the network service header next."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class DecNshTtl:
    """One hop less for a network service header. One that has none left ends here."""

    wire: bytes


HeaderChange = PushVlan | PopVlan | EncapNsh | EncapEthernet | Decap | DecNshTtl


@cache
def push_vlan() -> PushVlan:
    """OFPAT_PUSH_VLAN of an 802.1Q tag."""
    return PushVlan(struct.pack("!HHH2x", of.PUSH_VLAN, 8, _ETH_VLAN))


@cache
def pop_vlan() -> PopVlan:
    """OFPAT_POP_VLAN."""
    return PopVlan(struct.pack("!HH4x", of.POP_VLAN, 8))


@cache
def encap_nsh() -> EncapNsh:
    """NXAST_ENCAP of a network service header with metadata of type 1."""
    metadata = struct.pack("!HBBB3x", _NSH_CLASS, _METADATA_KIND, _METADATA_BYTES, _FOUR_WORDS)
    return EncapNsh(_nicira(of.ENCAP, struct.pack("!2xHH", _BY_ETHERTYPE, ETH_NSH) + metadata))


@cache
def encap_ethernet() -> EncapEthernet:
    """NXAST_ENCAP of an Ethernet header."""
    return EncapEthernet(_nicira(of.ENCAP, bytes(6)))


@cache
def decap() -> Decap:
    """NXAST_DECAP; what follows the header says itself what it is."""
    return Decap(_nicira(of.DECAP, struct.pack("!4xH", _WHATEVER_FOLLOWS)))


@cache
def dec_nsh_ttl() -> DecNshTtl:
    """NXAST_DEC_NSH_TTL."""
    return DecNshTtl(_nicira(of.DEC_NSH_TTL, bytes(6)))


def _nicira(subtype: int, rest: bytes) -> bytes:
    return _NICIRA_HEAD.pack(of.EXPERIMENTER, _NICIRA_HEAD.size + len(rest), of.NICIRA, subtype) + rest
