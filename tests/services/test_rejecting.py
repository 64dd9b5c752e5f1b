"""Refusals as both machines see them, read by scapy: the right reset to the right end, by the right way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP, TCPerror
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6TimeExceeded, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from controller.policy.derived import Standing
from controller.services import rejecting
from controller.services.outcome import REJECTED, Emission, Ignored, Onwards, Punt, ToPorts
from tests.services.town import NOW, emissions, facts, mac, punt

if TYPE_CHECKING:
    from controller.services.outcome import Outcome
    from controller.store import Store

FOUR, SIX = ("10.1.0.11", "10.1.0.10"), ("fd00:1::ff:fe00:2", "fd00:1::ff:fe00:1")
WEB_1, VNI, IDENTITY = "acme/web-1", 0x101, 0x80000007


@pytest.fixture(scope="module")
def known() -> Store:
    store = facts()
    store.put(Standing(WEB_1, "acme", "acme/web", "hv1", VNI, 0x8001, IDENTITY, 64, 0, ("g",)), set())
    return store


def packet(layer: Any, ends: tuple[str, str] = FOUR, **fields: Any) -> bytes:
    network = IPv6(src=ends[0], dst=ends[1], **fields) if ":" in ends[0] else IP(src=ends[0], dst=ends[1], **fields)
    return bytes(Ether(src=mac(2), dst=mac(1)) / network / layer)


def arriving(frame: bytes) -> Punt:
    """What a rule for web-1 refuses of what came to it."""
    return Punt("hv1", 77, REJECTED, frame, network=VNI, out_port=1)


def leaving(frame: bytes) -> Punt:
    """What a rule for web-1 refuses of what it sends itself."""
    return punt(WEB_1, REJECTED, frame, network=VNI)


def outcomes(known: Store, asked: Punt) -> list[Outcome]:
    return list(rejecting.answer(asked, known, NOW))


@pytest.mark.parametrize("ends", [FOUR, SIX])
@given(seq=st.integers(0, 2**32 - 1))
def test_a_connection_is_refused_as_by_the_machine_that_was_asked(
    known: Store, ends: tuple[str, str], seq: int
) -> None:
    (sent,) = emissions(outcomes(known, arriving(packet(TCP(sport=4000, dport=80, seq=seq, flags="S"), ends))))
    read = Ether(sent.frame)
    inner = read.payload
    assert (read.src, read.dst, inner.src, inner.dst) == (mac(1), mac(2), ends[1], ends[0])
    assert (read[TCP].sport, read[TCP].dport, str(read[TCP].flags)) == (80, 4000, "RA")
    assert (read[TCP].seq, read[TCP].ack) == (0, (seq + 1) % 2**32)
    assert sent.way == Onwards(VNI, IDENTITY)
    again = read.copy()
    del again[TCP].chksum
    assert bytes(again) == sent.frame


def test_what_leaves_is_refused_at_its_own_port(known: Store) -> None:
    frame = bytes(Ether(src=mac(1), dst=mac(2)) / IP(src=FOUR[1], dst=FOUR[0]) / TCP(sport=4000, dport=80, flags="S"))
    (sent,) = emissions(outcomes(known, leaving(frame)))
    assert (sent.chassis, sent.way) == ("hv1", ToPorts((1,)))
    assert (Ether(sent.frame).dst, Ether(sent.frame)[IP].dst) == (mac(1), FOUR[1])


def test_of_a_connection_in_its_middle_both_ends_are_told_what_they_believe(known: Store) -> None:
    segment = TCP(sport=4000, dport=80, seq=1000, ack=5000, flags="PA") / Raw(b"x" * 10)
    back, on = emissions(outcomes(known, arriving(packet(segment))))
    assert (back.way, on.way) == (Onwards(VNI, IDENTITY), ToPorts((1,)))
    first, second = Ether(back.frame)[TCP], Ether(on.frame)[TCP]
    assert (str(first.flags), first.seq, first.dport) == ("R", 5000, 4000)
    assert (str(second.flags), second.seq, second.dport) == ("R", 1000, 80)
    assert (Ether(on.frame).src, Ether(on.frame)[IP].src) == (mac(2), FOUR[0])


def test_what_was_sent_with_the_first_segment_is_acknowledged(known: Store) -> None:
    segment = TCP(sport=4000, dport=80, seq=1000, flags="SF") / Raw(b"x" * 10)
    (sent,) = emissions(outcomes(known, arriving(packet(segment))))
    assert Ether(sent.frame)[TCP].ack == 1012


@pytest.mark.parametrize(
    ("layer", "ends", "told"),
    [
        (UDP(sport=4000, dport=53), FOUR, (3, 3)),
        (ICMP(type=8), FOUR, (3, 13)),
        (UDP(sport=4000, dport=53), SIX, (1, 4)),
        (ICMPv6EchoRequest(), SIX, (1, 1)),
    ],
)
def test_other_protocols_get_the_error_that_fits(
    known: Store, layer: Any, ends: tuple[str, str], told: tuple[int, int]
) -> None:
    frame = packet(layer, ends)
    (sent,) = emissions(outcomes(known, arriving(frame)))
    read = Ether(sent.frame)
    message = read[ICMPv6DestUnreach] if ":" in ends[0] else read[ICMP]
    assert (message.type, message.code) == told
    assert bytes(message.payload) == frame[14:]


@pytest.mark.parametrize(
    "frame",
    [
        packet(TCP(flags="R")),
        packet(TCP(flags="RA")),
        packet(ICMP(type=3, code=3) / IP() / TCPerror()),
        packet(ICMPv6TimeExceeded(), SIX),
        packet(TCP(flags="S"), frag=10),
        packet(UDP(), (FOUR[0], "224.0.0.5")),
        packet(UDP(), ("0.0.0.0", FOUR[1])),
        bytes(Ether(src=mac(2), dst="ff:ff:ff:ff:ff:ff") / IP(src=FOUR[0], dst="10.1.0.255") / UDP()),
    ],
)
def test_of_errors_resets_fragments_and_what_is_for_many_nobody_is_told(known: Store, frame: bytes) -> None:
    assert [type(one) for one in outcomes(known, arriving(frame))] == [Ignored]


def test_a_port_that_is_gone_refuses_nothing(known: Store) -> None:
    gone = replace(arriving(packet(TCP(flags="S"))), out_port=99)
    assert outcomes(known, gone) == [Ignored("unserved")]


@given(
    junk=st.binary(max_size=80), kind=st.sampled_from(["", "0800", "86dd"]), first=st.sampled_from([b"", b"E", b"`"])
)
def test_no_bytes_are_too_strange(known: Store, junk: bytes, kind: str, first: bytes) -> None:
    frame = bytes.fromhex("020000000001 020000000002 " + kind) + first + junk
    for one in outcomes(known, arriving(frame)):
        assert isinstance(one, Ignored) or (isinstance(one, Emission) and one.frame)
