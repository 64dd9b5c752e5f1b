"""ICMP errors as the sender of a packet sees them, read by scapy; and packets that are cut instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import inet, inet6
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_Timestamp, IPOption_Traceroute, defragment
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from controller.derived import Narrowed
from controller.services import icmp
from controller.services.outcome import EXPIRED, TOO_LARGE, UNRESOLVED, Ignored, Outwards, Punt, Resumed, ToPorts
from tests.services.town import NOW, OFPORTS, ROUTER_MAC, emissions, facts, mac, punt

if TYPE_CHECKING:
    from controller.services.outcome import Emission, Outcome
    from controller.store import Store

EDGE = 7
SEGMENT = {"chassis": "hv1", "in_port": 77}


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def packet(layer: Any, src: str = "10.1.0.10", dst: str = "198.51.100.7", **fields: Any) -> bytes:
    network = IPv6(src=src, dst=dst, **fields) if ":" in src else IP(src=src, dst=dst, **fields)
    return bytes(Ether(src=mac(1), dst=ROUTER_MAC) / network / layer)


def told(known: Store, asked: Punt) -> tuple[Emission, Any]:
    (emission,) = emissions(icmp.answer(asked, known, NOW))
    read = Ether(emission.frame)
    assert_sums(read)
    return emission, read


def assert_sums(read: Any) -> None:
    """That all checksums are right."""
    again = read.copy()
    for layer, field in ((IP, "chksum"), (ICMP, "chksum")):
        if layer in again:
            delattr(again[layer], field)
    if IPv6 in again:
        del again[IPv6].payload.cksum
    assert bytes(again) == bytes(read)


def test_whose_time_is_up_learns_it_from_the_router_of_its_network(known: Store) -> None:
    sent = packet(UDP(sport=1, dport=33434) / Raw(b"x" * 40), ttl=1)
    emission, read = told(known, punt("acme/web-1", EXPIRED, sent, router=EDGE))
    assert (emission.chassis, emission.way) == ("hv1", ToPorts((1,)))
    assert (read.src, read.dst) == (ROUTER_MAC, mac(1))
    assert (read[IP].src, read[IP].dst) == ("10.1.0.1", "10.1.0.10")
    assert (read[ICMP].type, read[ICMP].code) == (11, 0)
    assert bytes(read[ICMP].payload) == sent[14:]


def test_ipv6_learns_it_too(known: Store) -> None:
    sent = packet(UDP(sport=1, dport=33434), src="fd00:1::ff:fe00:1", dst="2001:db8::1", hlim=1)
    _, read = told(known, punt("acme/web-1", EXPIRED, sent, router=EDGE))
    assert (read[IPv6].src, read[IPv6].dst) == ("fd00:1::1", "fd00:1::ff:fe00:1")
    assert bytes(read[ICMPv6TimeExceeded].payload) == sent[14:]


def test_a_large_packet_that_must_not_be_cut_is_told_how_large_it_may_be(known: Store) -> None:
    sent = packet(TCP(sport=1, dport=80) / Raw(b"x" * 1460), flags="DF")
    _, read = told(known, punt("acme/web-1", TOO_LARGE, sent, router=EDGE, network=0x101))
    assert (read[ICMP].type, read[ICMP].code, read[ICMP].nexthopmtu) == (3, 4, 1450)
    assert len(read[IP]) == 576
    sent = packet(UDP() / Raw(b"x" * 1460), src="fd00:1::ff:fe00:1", dst="fd00:9::1")
    _, read = told(known, punt("acme/web-1", TOO_LARGE, sent, router=EDGE, network=0x101))
    assert read[ICMPv6PacketTooBig].mtu == 1450
    assert len(read[IPv6]) == 1280


def test_where_there_is_less_room_that_is_told() -> None:
    narrow = facts()
    narrow.put(Narrowed("acme/web", 1412), set())
    sent = packet(TCP(sport=1, dport=80) / Raw(b"x" * 1410), flags="DF")
    _, read = told(narrow, punt("acme/web-1", TOO_LARGE, sent, router=EDGE, network=0x101))
    assert read[ICMP].nexthopmtu == 1412


@pytest.mark.parametrize("options", [[], [IPOption_Timestamp(), IPOption_Traceroute()], [inet.IPOption_RR()] * 2])
def test_a_large_packet_that_may_be_cut_is_cut_and_goes_on(known: Store, options: list[Any]) -> None:
    whole = IP(src="10.1.0.10", dst="198.51.100.7", id=99, options=options) / UDP(sport=5, dport=6) / Raw(b"x" * 4000)
    sent = bytes(Ether(src=ROUTER_MAC, dst=ROUTER_MAC) / whole)
    registers = ((0, 0x101), (7, EDGE), (15, 1))
    asked = Punt(*OFPORTS["acme/web-1"], TOO_LARGE, sent, 0x101, EDGE, 1, registers)
    pieces = emissions(icmp.answer(asked, known, NOW))
    assert {(piece.chassis, piece.way) for piece in pieces} == {("hv1", Resumed(registers))}
    read = [Ether(piece.frame)[IP] for piece in pieces]
    assert all(len(piece) <= 1450 for piece in read)
    for piece in read:
        assert_sums(Ether(src=mac(1)) / piece)
    (together,) = defragment(read)
    assert bytes(together[UDP]) == bytes(IP(bytes(whole))[UDP])


def test_pieces_of_a_piece_keep_their_place(known: Store) -> None:
    whole = IP(src="10.1.0.10", dst="198.51.100.7", id=99, frag=100, flags="MF") / Raw(b"y" * 1600)
    asked = punt("acme/web-1", TOO_LARGE, bytes(Ether() / whole), router=EDGE, network=0x101)
    read = [Ether(piece.frame)[IP] for piece in emissions(icmp.answer(asked, known, NOW))]
    assert [(piece.frag, piece.flags.MF, len(piece.payload)) for piece in read] == [(100, True, 1424), (278, True, 176)]


def test_what_nobody_has_cannot_be_reached(known: Store) -> None:
    sent = packet(UDP(dport=9), dst="10.1.0.99")
    _, read = told(known, punt("acme/web-1", UNRESOLVED, sent, router=EDGE, next_hop=1))
    assert (read[ICMP].type, read[ICMP].code) == (3, 1)
    sent = packet(UDP(dport=9), src="fd00:1::ff:fe00:1", dst="fd00:1::99")
    _, read = told(known, punt("acme/web-1", UNRESOLVED, sent, router=EDGE, next_hop=1))
    assert read[ICMPv6DestUnreach].code == 3


def test_where_no_way_leads_cannot_be_reached_either(known: Store) -> None:
    _, read = told(known, punt("acme/web-1", UNRESOLVED, packet(UDP(dport=9)), router=EDGE))
    assert (read[ICMP].type, read[ICMP].code) == (3, 0)


def test_the_router_has_no_open_ports(known: Store) -> None:
    for reason in (UNRESOLVED, EXPIRED):
        sent = packet(UDP(dport=33434), dst="10.1.0.1")
        _, read = told(known, punt("acme/web-1", reason, sent, router=EDGE, next_hop=1))
        assert (read[ICMP].type, read[ICMP].code) == (3, 3)


def test_a_sender_on_another_chassis_is_told_there(known: Store) -> None:
    sent = packet(UDP(dport=9), src="10.1.0.11")
    tunnelled = Punt("hv1", 101, EXPIRED, sent, router=EDGE)
    emission, read = told(known, tunnelled)
    assert (emission.chassis, emission.way) == ("hv2", ToPorts((2,)))
    assert (read.dst, read[IP].dst) == (mac(2), "10.1.0.11")


def test_a_sender_outside_is_told_by_the_routers_way_out(known: Store) -> None:
    sent = packet(UDP(dport=9), src="198.51.100.7", dst="10.1.0.10")
    emission, read = told(known, Punt(**SEGMENT, reason=EXPIRED, frame=sent, router=EDGE))
    assert (emission.chassis, emission.way) == ("hv1", Outwards(EDGE))
    assert (read[IP].src, read[IP].dst) == ("10.1.0.1", "198.51.100.7")


@pytest.mark.parametrize(
    "sent",
    [
        packet(ICMP(type=3, code=1) / Raw(b"x" * 28)),
        packet(ICMP(type=11) / Raw(b"x" * 28)),
        packet(UDP(), src="0.0.0.0"),
        packet(UDP(), src="127.0.0.1"),
        packet(UDP(), src="224.0.0.1"),
        packet(UDP(), dst="224.0.0.1"),
        packet(UDP(), dst="255.255.255.255"),
        packet(Raw(b"x" * 20), frag=8),
        packet(inet6.ICMPv6DestUnreach() / Raw(b"x" * 48), src="fd00:1::ff:fe00:1", dst="fd00:9::1"),
        packet(UDP(), src="::", dst="fd00:9::1"),
        packet(UDP(), src="fd00:1::ff:fe00:1", dst="ff05::1"),
    ],
)
def test_some_are_never_told(known: Store, sent: bytes) -> None:
    asked = punt("acme/web-1", EXPIRED, sent, router=EDGE)
    assert list(icmp.answer(asked, known, NOW)) == [Ignored("unserved")]


def test_pings_are_told_like_all_others(known: Store) -> None:
    told(known, punt("acme/web-1", EXPIRED, packet(ICMP(type=8)), router=EDGE))
    ping6 = packet(inet6.ICMPv6EchoRequest(), src="fd00:1::ff:fe00:1", dst="fd00:9::1")
    told(known, punt("acme/web-1", EXPIRED, ping6, router=EDGE))


@given(st.binary(max_size=200), st.sampled_from((EXPIRED, TOO_LARGE, UNRESOLVED)), st.integers(0, 9))
def test_no_bytes_raise(known: Store, noise: bytes, reason: int, router: int) -> None:
    outcomes: list[Outcome] = []
    for sent in (packet(UDP(dport=9), options=inet.IPOption_RR()), packet(UDP(), src="fd00:1::ff:fe00:1", dst="::1")):
        for start in (0, 12, 14, 20, 34, 38, 54):
            asked = punt("acme/web-1", reason, sent[:start] + noise, router=router, network=0x101)
            outcomes += icmp.answer(asked, known, NOW)
    assert outcomes
