"""Router advertisements as hosts see them, read by scapy; asked for, unasked, and when who routes has changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import inet6 as s
from scapy.layers.l2 import Ether

from controller import served
from controller.addresses import link_local
from controller.derived import Leg, Narrowed
from controller.entities import Network
from controller.services import ra
from controller.services.beacons import Beacons
from controller.services.outcome import SOLICITATION, Ignored, ToPorts
from tests.compiled import compiled
from tests.services.town import DOOR_MAC, LONE, NOW, ROUTER, ROUTER_MAC, WEB, emissions, facts, mac, punt, town

if TYPE_CHECKING:
    from controller.services.outcome import Outcome
    from controller.store import Store


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def solicitation(number: int, source: str | None = None) -> bytes:
    message = s.ICMPv6ND_RS() / s.ICMPv6NDOptSrcLLAddr(lladdr=mac(number))
    network = s.IPv6(src=source or link_local(mac(number)), dst="ff02::2", hlim=255)
    return bytes(Ether(src=mac(number), dst="33:33:00:00:00:02") / network / message)


def answered(known: Store, of: str, frame: bytes) -> list[Outcome]:
    return list(ra.answer(punt(of, SOLICITATION, frame), known, NOW))


def advertised(outcomes: list[Outcome]) -> Any:
    (emission,) = emissions(outcomes)
    packet = Ether(emission.frame)
    told = bytes(packet[s.IPv6])
    del packet[s.ICMPv6ND_RA].cksum
    assert bytes(packet[s.IPv6]) == told, "the checksum is wrong"
    return packet


def prefixes(packet: Any) -> dict[str, tuple[int, int]]:
    """Prefixes with whether they are on the link and whether hosts make addresses of them."""
    found, layer = {}, packet[s.ICMPv6ND_RA].payload
    while layer:
        if isinstance(layer, s.ICMPv6NDOptPrefixInfo):
            found[f"{layer.prefix}/{layer.prefixlen}"] = (layer.L, layer.A)
        layer = layer.payload
    return found


def test_a_host_that_asks_learns_all_there_is_to_know(known: Store) -> None:
    packet = advertised(answered(known, "acme/web-1", solicitation(1)))
    said = packet[s.ICMPv6ND_RA]
    assert (packet.dst, packet[s.IPv6].dst) == (mac(1), link_local(mac(1)))
    assert (packet.src, packet[s.IPv6].src, packet[s.IPv6].hlim) == (ROUTER_MAC, link_local(ROUTER_MAC), 255)
    assert (said.M, said.O, said.routerlifetime) == (1, 1, 1800)
    assert prefixes(packet) == {"fd00:1::/64": (1, 1), "fd00:2::/64": (1, 0)}
    assert packet[s.ICMPv6NDOptMTU].mtu == 1450
    assert packet[s.ICMPv6NDOptSrcLLAddr].lladdr == ROUTER_MAC
    assert packet[s.ICMPv6NDOptRDNSS].dns == ["fd00:1::1", "fd00:2::1"]
    assert packet[s.ICMPv6NDOptDNSSL].searchlist == ["web.acme.netloom.internal."]


def test_who_has_no_address_yet_is_answered_with_all_others(known: Store) -> None:
    packet = advertised(answered(known, "acme/web-1", solicitation(1, "::")))
    assert (packet.dst, packet[s.IPv6].dst) == ("33:33:00:00:00:01", "ff02::1")


def test_where_nothing_routes_nobody_is_a_default_router(known: Store) -> None:
    packet = advertised(answered(known, "acme/lone-1", solicitation(5)))
    assert (packet[s.ICMPv6ND_RA].routerlifetime, packet.src) == (0, served.SERVICE_MAC)
    assert (packet[s.ICMPv6ND_RA].M, packet[s.ICMPv6ND_RA].O) == (0, 1)
    assert prefixes(packet) == {"fd00:3::/64": (1, 1)}


def test_a_nat_networks_own_router_is_the_default_router(known: Store) -> None:
    packet = advertised(answered(known, "acme/home-1", solicitation(6)))
    assert (packet[s.ICMPv6ND_RA].routerlifetime, packet.src) == (1800, DOOR_MAC)


def test_a_network_without_advertisements_says_nothing(known: Store) -> None:
    assert answered(known, "acme/wire-1", solicitation(7)) == [Ignored("unserved")]


def test_a_solicitation_from_beyond_the_link_is_none(known: Store) -> None:
    frame = bytearray(solicitation(1))
    frame[14 + 7] = 64
    assert answered(known, "acme/web-1", bytes(frame)) == [Ignored("malformed")]


@given(st.binary(max_size=120))
def test_no_bytes_raise(known: Store, noise: bytes) -> None:
    for start in (0, 14, 54, 58, 62):
        list(ra.answer(punt("acme/web-1", SOLICITATION, solicitation(1)[:start] + noise), known, NOW))


def test_networks_are_told_at_once_when_there_is_less_room() -> None:
    narrow = facts()
    narrow.put(Narrowed("acme/web", 1412), set())
    beacons = Beacons(narrow, lambda: 0.5)
    beacons.changed([("get", Narrowed, "acme/web")], NOW)
    (said, *_) = beacons.due(NOW)
    assert Ether(said.frame)[s.ICMPv6NDOptMTU].mtu == 1412


def test_networks_are_told_unasked_soon_after_a_change_and_then_within_the_bounds() -> None:
    beacons = Beacons(facts(), lambda: 0.5)
    beacons.changed([("get", Network, "acme/web"), ("get", Network, "acme/wire")], NOW)
    first = list(beacons.due(NOW))
    assert [(each.chassis, each.way) for each in first] == [("hv1", ToPorts((1, 3, 4))), ("hv2", ToPorts((2,)))]
    assert list(beacons.due(NOW + 15)) == []
    times = [at for at in range(1, 1300) if list(beacons.due(NOW + at))]
    assert times == [16, 32, 432, 832, 1232]


def test_who_routes_no_longer_says_so() -> None:
    built = compiled(town())
    beacons = Beacons(built.store, lambda: 0.5)
    beacons.changed([("get", Network, "acme/web")], NOW)
    list(beacons.due(NOW))
    built.turn([replace(ROUTER, interfaces=())])
    beacons.changed([("get", Leg, "acme/edge|acme/web")], NOW + 5)
    said = [Ether(each.frame) for each in beacons.due(NOW + 5) if each.chassis == "hv1"]
    assert [(each.src, each[s.ICMPv6ND_RA].routerlifetime) for each in said] == [
        (ROUTER_MAC, 0),
        (served.SERVICE_MAC, 0),
    ]


def test_a_network_that_is_gone_is_told_no_more() -> None:
    built = compiled(town())
    beacons = Beacons(built.store, lambda: 0.5)
    beacons.changed([("get", Network, LONE.key)], NOW)
    built.turn([], [(Network, LONE.key)])
    beacons.changed([("get", Network, LONE.key)], NOW)
    assert list(beacons.due(NOW + 10_000)) == []


def test_a_long_search_list_leaves_room_for_the_rest() -> None:
    dhcp = replace(WEB.subnets[1].dhcp, search=tuple(f"{'x' * 60}{n}.example" for n in range(60)))  # type: ignore[type-var]
    network = replace(WEB, subnets=(replace(WEB.subnets[1], dhcp=dhcp),))
    assert len(ra.advertisement(network, facts()).to_all()) < 1280
