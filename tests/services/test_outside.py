"""Machines outside: asked for, believed only where asked for, waited for, announced to; read by scapy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from controller.derived import Endpoint, Exit, Floating
from controller.entities import FloatingIp, Interface, Neighbour, Port, Router, Seat, Subnet
from controller.services.outcome import (
    HEARD,
    UNRESOLVED,
    Duplicate,
    Emission,
    Forgotten,
    Ignored,
    Learned,
    OntoSegment,
    Punt,
    Resumed,
    ToPorts,
)
from controller.services.outside import EVERY, MISSES, MOST_HELD, PATIENCE, Outside
from tests.compiled import Watched, compiled
from tests.services.town import NOW, ROUTER, ROUTER_MAC, SEGMENT, emissions, mac, town
from tests.worlds import chassis

if TYPE_CHECKING:
    from controller.services.outcome import Outcome

EDGE, WIRE = 7, 0x104
STRANGER, GATEWAY = "02:cc:00:00:00:01", "02:cc:00:00:00:02"
DUAL = replace(SEGMENT, subnets=(*SEGMENT.subnets, Subnet("v6", "2001:db8::/64", "2001:db8::1")))
LEAVING = replace(ROUTER, external=replace(ROUTER.external, addresses=("192.0.2.10", "2001:db8::10")))  # type: ignore[type-var]
WAITING = bytes(Ether(src=mac(1), dst=ROUTER_MAC) / IP(src="10.1.0.10", dst="192.0.2.77") / UDP(dport=9))
REGISTERS = ((0, WIRE), (7, EDGE), (15, 0xC000024D))


@pytest.fixture
def built() -> Watched:
    return compiled(town(DUAL, LEAVING, chassis(3)))


def outside(built: Watched) -> Outside:
    """What nobody asked yet, its first round of questions over."""
    found = Outside(built.store)
    found.changed([("get", Exit, "acme/edge")], NOW - 10)
    list(found.due(NOW - 10))
    list(found.due(NOW - 5))
    return found


def unresolved(sent: bytes = WAITING) -> Punt:
    return Punt("hv1", 1, UNRESOLVED, sent, WIRE, EDGE, 0xC000024D, REGISTERS)


def heard(frame: bytes) -> Punt:
    return Punt("hv1", 50, HEARD, frame, WIRE)


def reply(address: str = "192.0.2.77", sender: str = STRANGER) -> bytes:
    return bytes(Ether(src=sender, dst=ROUTER_MAC) / ARP(op=2, hwsrc=sender, psrc=address, pdst="192.0.2.10"))


def advertisement(address: str, sender: str = STRANGER) -> bytes:
    message = ICMPv6ND_NA(tgt=address) / ICMPv6NDOptDstLLAddr(lladdr=sender)
    return bytes(Ether(src=sender, dst=ROUTER_MAC) / IPv6(src=address, dst="2001:db8::10", hlim=255) / message)


def questions(outcomes: list[Outcome]) -> dict[str, Any]:
    """The addresses that are asked for, each with the frame that asks."""
    found = {}
    for emission in emissions(outcomes):
        assert (emission.chassis, emission.way) == ("hv1", OntoSegment(WIRE))
        frame = Ether(emission.frame)
        if ARP in frame and frame[ARP].psrc != frame[ARP].pdst:
            found[frame[ARP].pdst] = frame
        elif ICMPv6ND_NS in frame:
            found[frame[ICMPv6ND_NS].tgt] = frame
    return found


def test_who_has_no_known_mac_is_asked_for_in_the_routers_name(built: Watched) -> None:
    asked = questions(list(outside(built).unresolved(unresolved(), built.store, NOW)))
    (frame,) = asked.values()
    assert (frame.dst, frame[ARP].op, frame[ARP].pdst) == ("ff:ff:ff:ff:ff:ff", 1, "192.0.2.77")
    assert (frame[ARP].hwsrc, frame[ARP].psrc) == (ROUTER_MAC, "192.0.2.10")


def test_ipv6_machines_are_asked_for_by_their_group(built: Watched) -> None:
    sent = bytes(Ether() / IPv6(src="fd00:1::ff:fe00:1", dst="2001:db8::77") / UDP())
    hop = 0x20010DB8 << 96 | 0x77
    asked = questions(list(outside(built).unresolved(replace(unresolved(sent), next_hop=hop), built.store, NOW)))
    frame = asked["2001:db8::77"]
    assert (frame.dst, frame[IPv6].dst) == ("33:33:ff:00:00:77", "ff02::1:ff00:77")
    assert (frame[IPv6].src, frame[IPv6].hlim) == ("2001:db8::10", 255)
    assert frame[ICMPv6NDOptSrcLLAddr].lladdr == ROUTER_MAC


def test_what_waited_goes_on_when_the_answer_comes(built: Watched) -> None:
    asking = outside(built)
    list(asking.unresolved(unresolved(), built.store, NOW))
    outcomes = list(asking.heard(heard(reply()), built.store, NOW + 0.1))
    neighbour = Neighbour("acme/wire|192.0.2.77", "acme/wire", "192.0.2.77", STRANGER)
    assert outcomes[0] == Learned(neighbour)
    frame = bytes.fromhex(STRANGER.replace(":", "")) + WAITING[6:]
    assert outcomes[1:] == [Emission("hv1", frame, Resumed(REGISTERS, resolved=True))]


def test_few_packets_wait_and_few_questions_are_asked(built: Watched) -> None:
    asking = outside(built)
    asked = [out for n in range(20) for out in asking.unresolved(unresolved(), built.store, NOW + n / 100)]
    assert len(asked) == 1
    assert list(questions(list(asking.unresolved(unresolved(), built.store, NOW + 1.1)))) == ["192.0.2.77"]
    outcomes = list(asking.heard(heard(reply()), built.store, NOW + 1.2))
    assert len(emissions(outcomes)) == MOST_HELD


def test_who_does_not_answer_is_not_there_and_the_sender_is_told(built: Watched) -> None:
    asking = outside(built)
    list(asking.unresolved(unresolved(), built.store, NOW))
    assert emissions(asking.due(NOW + PATIENCE - 0.1)) == []
    (emission,) = emissions(asking.due(NOW + PATIENCE + 0.1))
    told = Ether(emission.frame)
    assert (told[ICMP].type, told[ICMP].code, told[IP].dst) == (3, 1, "10.1.0.10")
    assert emission.way == ToPorts((1,))


def test_inside_nobody_is_asked_for(built: Watched) -> None:
    asked = replace(unresolved(), network=0x101)
    (emission,) = emissions(outside(built).unresolved(asked, built.store, NOW))
    assert (Ether(emission.frame)[ICMP].type, Ether(emission.frame)[ICMP].code) == (3, 1)


@pytest.mark.parametrize(
    "frame",
    [
        reply(),
        reply("198.51.100.1"),
        reply(sender="01:00:00:00:00:01"),
        reply("0.0.0.0"),
        advertisement("2001:db8::77"),
    ],
)
def test_what_nobody_asked_for_is_not_believed(built: Watched, frame: bytes) -> None:
    (outcome,) = outside(built).heard(heard(frame), built.store, NOW)
    assert isinstance(outcome, Ignored)


def test_a_known_machine_may_tell_another_mac(built: Watched) -> None:
    neighbour = Neighbour("acme/wire|192.0.2.77", "acme/wire", "192.0.2.77", STRANGER)
    built.turn([neighbour])
    moved = list(outside(built).heard(heard(reply(sender=GATEWAY)), built.store, NOW))
    assert moved == [Learned(replace(neighbour, mac=GATEWAY))]
    assert list(outside(built).heard(heard(reply()), built.store, NOW)) == []


def test_who_claims_a_ports_address_on_the_segment_is_a_duplicate(built: Watched) -> None:
    claimed = list(outside(built).heard(heard(reply("192.0.2.20")), built.store, NOW))
    assert claimed == [Duplicate("acme/wire-1", "192.0.2.20", STRANGER, "segment lan")]
    assert list(outside(built).heard(heard(reply("192.0.2.20", mac(7))), built.store, NOW)) == []


def test_who_looks_on_the_segment_whether_a_ports_address_is_free_is_a_duplicate(built: Watched) -> None:
    probe = bytes(Ether(src=STRANGER) / ARP(op=1, hwsrc=STRANGER, psrc="0.0.0.0", pdst="192.0.2.20"))
    claimed = list(outside(built).heard(heard(probe), built.store, NOW))
    assert claimed == [Duplicate("acme/wire-1", "192.0.2.20", STRANGER, "segment lan")]


def test_gateways_are_asked_for_at_once_and_again_and_again(built: Watched) -> None:
    asking = Outside(built.store)
    asking.changed([("get", Exit, "acme/edge")], NOW)
    assert set(questions(list(asking.due(NOW)))) == {"192.0.2.1", "2001:db8::1"}
    learned = list(asking.heard(heard(reply("192.0.2.1", GATEWAY)), built.store, NOW + 0.1))
    assert learned == [Learned(Neighbour("acme/wire|192.0.2.1", "acme/wire", "192.0.2.1", GATEWAY))]
    times = [at for at in range(1, 100) if questions(list(asking.due(NOW + at)))]
    assert times == [EVERY, 2 * EVERY, 3 * EVERY]


def test_machines_that_are_there_no_more_are_forgotten_and_gateways_never(built: Watched) -> None:
    gone = Neighbour("acme/wire|192.0.2.77", "acme/wire", "192.0.2.77", STRANGER)
    gateway = Neighbour("acme/wire|192.0.2.1", "acme/wire", "192.0.2.1", GATEWAY)
    built.turn([gone, gateway])
    asking = Outside(built.store)
    asking.changed([("get", Exit, "acme/edge")], NOW)
    rounds = {at: [out for out in asking.due(NOW + at) if isinstance(out, Forgotten)] for at in range(200)}
    forgotten = {at: outcomes for at, outcomes in rounds.items() if outcomes}
    assert next(iter(forgotten.values())) == [Forgotten(gone.key)]
    assert min(forgotten) == pytest.approx((MISSES - 1) * EVERY + PATIENCE, abs=2)
    assert all(out != Forgotten(gateway.key) for outcomes in forgotten.values() for out in outcomes)


def announced(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    """Where which address is announced with which MAC."""
    found = []
    for emission in emissions(outcomes):
        frame = Ether(emission.frame)
        if ARP in frame and frame[ARP].psrc == frame[ARP].pdst:
            assert frame.dst == "ff:ff:ff:ff:ff:ff"
            found.append((emission.chassis, frame[ARP].psrc, frame[ARP].hwsrc))
        if ICMPv6ND_NA in frame:
            assert (frame[ICMPv6ND_NA].O, frame[IPv6].dst, frame[IPv6].hlim) == (1, "ff02::1", 255)
            found.append((emission.chassis, frame[ICMPv6ND_NA].tgt, frame[ICMPv6NDOptDstLLAddr].lladdr))
    return found


def test_a_router_that_moves_says_so_more_than_once(built: Watched) -> None:
    asking = outside(built)
    built.turn([Seat("acme/edge", "hv2")])
    asking.changed([("get", Exit, "acme/edge")], NOW)
    for after in (0, 0.2, 1, 2):
        assert announced(list(asking.due(NOW + after))) == [
            ("hv2", "192.0.2.10", ROUTER_MAC),
            ("hv2", "2001:db8::10", ROUTER_MAC),
        ]
        assert announced(list(asking.due(NOW + after + 0.05))) == []
    asking.changed([("get", Exit, "acme/edge")], NOW + 5)
    assert announced(list(asking.due(NOW + 5))) == []


def test_a_floating_ip_says_where_it_is(built: Watched) -> None:
    asking = outside(built)
    floating = FloatingIp("acme/float", "uid-float", "acme/wire", "192.0.2.30", "02:00:00:00:bb:01", "acme/web-1")
    built.turn([floating])
    asking.changed([("get", Floating, "acme/float")], NOW)
    assert announced(list(asking.due(NOW))) == [("hv1", "192.0.2.30", "02:00:00:00:bb:01")]


def test_a_machine_of_a_segment_that_moves_is_told_of_where_it_is_now(built: Watched) -> None:
    asking, key = outside(built), "acme/moving"
    machine = Port(
        key, "uid-moving", "acme", "moving", "acme/wire", "02:00:00:00:cc:01", ("192.0.2.40", "2001:db8::40")
    )
    told: dict[str, list[tuple[str, str, str]]] = {}
    for host in ("hv1", "hv2"):
        built.turn([machine, Interface(f"{host}/tap", host, "tap", 88, key, int(host[-1]))])
        asking.changed([("get", Endpoint, key)], NOW)
        told[host] = [each for each in announced(list(asking.due(NOW))) if each[2] == machine.mac]
    assert told == {"hv1": [], "hv2": [("hv2", address, machine.mac) for address in machine.addresses]}


def test_a_router_that_is_gone_asks_nobody(built: Watched) -> None:
    asking = outside(built)
    built.turn([], [(Router, "acme/edge")])
    asking.changed([("get", Exit, "acme/edge")], NOW)
    assert list(asking.due(NOW + 1000)) == []


@given(st.binary(max_size=120))
def test_no_bytes_raise(noise: bytes) -> None:
    asking = outside(BUILT)
    for frame in (reply(), advertisement("2001:db8::1"), WAITING):
        for start in (0, 12, 14, 20, 54):
            list(asking.heard(heard(frame[:start] + noise), BUILT.store, NOW))
            list(asking.unresolved(unresolved(frame[:start] + noise), BUILT.store, NOW))


BUILT = compiled(town(DUAL, LEAVING))
