"""Headers before a frame, as a switch puts them on and takes them off: what is behind them cannot be matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.flow import fields as f
from controller.flow.headers import FIRST_TTL
from tests.packets import LENGTH

if TYPE_CHECKING:
    from controller.flow.fields import Field
    from tests.packets import Packet

NSH_LENGTH, ETHERNET_LENGTH = 24, 14
TUNNEL = frozenset((f.TUN_ID, f.TUN_SRC, f.TUN_DST, f.TUN_IPV6_SRC, f.TUN_IPV6_DST, f.TUN_METADATA0))
NOT_IN_IT = TUNNEL | frozenset((*f.REGS, f.CT_STATE, f.CT_ZONE, f.CT_MARK, f.IN_PORT, f.CONJ_ID))
"""What a switch knows of a packet that is no part of the frame."""
ETHERNET = (f.ETH_SRC, f.ETH_DST, f.ETH_TYPE)
NSH = (f.NSH_SPI, f.NSH_TTL, f.NSH_C1, f.NSH_C2, f.NSH_C3, f.NSH_C4)


_behind: dict[Field, Field] = {}
_before: dict[Field, Field] = {}


def behind(field: Field) -> Field:
    """A field of a frame that stands behind a network service header."""
    if field not in _behind:
        hidden = f.Field(f"behind_{field}", field.oxm_class, field.number, field.bits, field.rank)
        _behind[field], _before[hidden] = hidden, field
    return _behind[field]


def inside(packet: Packet) -> Packet:
    """The frame that stands behind a network service header."""
    return {_before[of]: value for of, value in packet.items() if of in _before}


def put_nsh(packet: Packet) -> None:
    """A network service header, and nothing before it."""
    assert f.NSH_SPI not in packet, "a network service header on another"
    length = packet.get(LENGTH)
    for of in [of for of in packet if of not in NOT_IN_IT]:
        packet[behind(of)] = packet.pop(of)
    packet.update(dict.fromkeys(NSH, 0) | {f.NSH_TTL: FIRST_TTL})
    if length is not None:
        packet[LENGTH] = length + NSH_LENGTH


def put_ethernet(packet: Packet) -> None:
    """An Ethernet header before a network service header."""
    assert f.NSH_SPI in packet
    assert f.ETH_TYPE not in packet, "an Ethernet header on another"
    packet.update(dict.fromkeys(ETHERNET, 0) | {f.ETH_TYPE: f.ETH_NSH})
    if LENGTH in packet:
        packet[LENGTH] += ETHERNET_LENGTH


def take_off(packet: Packet) -> bool:
    """The outermost header off; whether the switch has to look at the packet anew."""
    assert f.NSH_SPI in packet, "there is no header to take off"
    if f.ETH_TYPE in packet:
        for of in ETHERNET:
            del packet[of]
        if LENGTH in packet:
            packet[LENGTH] -= ETHERNET_LENGTH
        return False
    for of in (*NSH, LENGTH):
        packet.pop(of, None)
    frame = inside(packet)
    for of in frame:
        del packet[behind(of)]
    packet.update(frame)
    return True
