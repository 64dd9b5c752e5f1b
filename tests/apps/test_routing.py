"""Routers: between networks on the sender's chassis, from router to router, and what the daemon hears of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps import registers as r
from controller.entities import Interface, Router
from controller.flow import fields as f
from controller.flow.fields import mac_text
from controller.zones import MOST_ROUTERS
from tests.compiled import compiled
from tests.interpreter import DataPlane, Journey
from tests.packets import PONG, aged, arp_request, ip, ping, sized, solicitation, tcp, udp
from tests.routed_worlds import EDGE, EDGE_MAC, INNER, routed_world
from tests.worlds import changed, mac, without

SEGMENT = "p1.100"
WEB_1, WEB_2, DB_1, FAR_1 = mac(1), mac(2), mac(0x21), mac(0x22)


@pytest.fixture
def routed() -> DataPlane:
    return DataPlane(routed_world())


def reasons(journey: Journey) -> list[int]:
    """Why packets went to the daemon."""
    return [punt.packet[r.PUNT] for punt in journey.punts]


def test_a_packet_is_routed_on_its_senders_chassis_and_crosses_one_tunnel(routed: DataPlane) -> None:
    journey = routed.sent_by("acme/web-1", ip(WEB_1, EDGE_MAC, "10.0.0.1", "10.0.1.1"))
    (arrival,) = journey.arrivals
    assert routed.reached(journey) == ["acme/db-1"]
    assert journey.crossings == [("hv1", "hv2", "vxlan", 0x102)]
    assert mac_text(arrival.packet[f.ETH_SRC]) == EDGE_MAC
    assert mac_text(arrival.packet[f.ETH_DST]) == DB_1
    assert arrival.packet[f.IP_TTL] == 63


@pytest.mark.parametrize("address", ["10.0.0.254", "10.0.1.254", "fd00:1::fe"])
def test_what_is_for_the_router_itself_goes_round_in_no_circle(routed: DataPlane, address: str) -> None:
    source = "fd00::1" if ":" in address else "10.0.0.1"
    for packet in (tcp(WEB_1, EDGE_MAC, source, address), udp(WEB_1, EDGE_MAC, source, address)):
        journey = routed.sent_by("acme/web-1", packet)
        assert (journey.arrivals, journey.punts) == ([], [])
        assert all(walk.lost == [] and len(walk.steps) < 20 for _, walk in journey.walks)


def test_ipv6_is_routed_alike(routed: DataPlane) -> None:
    assert routed.fate("acme/web-1", ip(WEB_1, EDGE_MAC, "fd00::1", "fd00:1::1")) == ["acme/db-1"]


def test_one_router_hands_on_to_another_on_the_same_chassis(routed: DataPlane) -> None:
    journey = routed.sent_by("acme/web-1", ip(WEB_1, EDGE_MAC, "10.0.0.1", "10.0.2.1"))
    (arrival,) = journey.arrivals
    assert routed.reached(journey) == ["acme/far-1"]
    assert journey.crossings == []
    assert (mac_text(arrival.packet[f.ETH_SRC]), arrival.packet[f.IP_TTL]) == (INNER.mac, 62)


def test_and_back_by_its_own_static_route(routed: DataPlane) -> None:
    assert routed.fate("acme/far-1", ip(FAR_1, INNER.mac, "10.0.2.1", "10.0.0.2")) == ["acme/web-2"]


def test_routers_that_lead_in_a_circle_give_up_when_the_ttl_ends() -> None:
    base = routed_world()
    circle = [replace(route, to="10.77.0.0/16") for route in EDGE.routes[1:2]]
    back = [replace(route, to="10.77.0.0/16") for route in INNER.routes]
    world = changed(changed(base, Router, EDGE.key, routes=tuple(circle)), Router, INNER.key, routes=tuple(back))
    journey = DataPlane(world).sent_by("acme/web-1", aged(ip(WEB_1, EDGE_MAC, "10.0.0.1", "10.77.0.1"), 9))
    assert journey.arrivals == []
    assert reasons(journey) == [r.EXPIRED]


@pytest.mark.parametrize("address", ["10.0.0.254", "fd00::fe"])
def test_a_router_answers_pings_to_each_of_its_addresses(routed: DataPlane, address: str) -> None:
    source = "fd00::1" if ":" in address else "10.0.0.1"
    (answer,) = routed.answers("acme/web-1", ping(WEB_1, EDGE_MAC, source, address))
    assert (f.IPV6_SRC if ":" in address else f.IPV4_SRC, f.ip_number(address)) in answer.items()
    if ":" not in address:
        assert answer[f.ICMP_TYPE] == PONG


def test_a_router_tells_its_mac_for_its_addresses(routed: DataPlane) -> None:
    for asked in (arp_request(WEB_1, "10.0.0.1", "10.0.0.254"), solicitation(WEB_1, "fd00::1", "fd00::fe", WEB_1)):
        (answer,) = routed.answers("acme/web-1", asked)
        assert mac_text(answer[f.ETH_SRC]) == EDGE_MAC


def test_the_last_hop_of_a_packet_is_told_of_and_goes_no_further(routed: DataPlane) -> None:
    journey = routed.sent_by("acme/web-1", aged(ip(WEB_1, EDGE_MAC, "10.0.0.1", "10.0.1.1"), 1))
    assert (journey.arrivals, reasons(journey)) == ([], [r.EXPIRED])


def test_a_packet_that_does_not_fit_the_next_network_is_told_of(routed: DataPlane) -> None:
    packet = ip(WEB_1, EDGE_MAC, "10.0.0.1", "10.0.1.1")
    assert reasons(routed.sent_by("acme/web-1", sized(packet, 14 + 1451))) == [r.TOO_LARGE]
    assert routed.fate("acme/web-1", sized(packet, 14 + 1450)) == ["acme/db-1"]


@pytest.mark.parametrize("nobody", ["10.0.1.99", "fd00:1::99"])
def test_an_address_that_nobody_has_is_told_of(routed: DataPlane, nobody: str) -> None:
    source = "fd00::1" if ":" in nobody else "10.0.0.1"
    journey = routed.sent_by("acme/web-1", ip(WEB_1, EDGE_MAC, source, nobody))
    assert (journey.arrivals, reasons(journey)) == ([], [r.UNRESOLVED])


def test_a_router_without_a_way_says_so(routed: DataPlane) -> None:
    journey = routed.sent_by("acme/far-1", ip(FAR_1, INNER.mac, "10.0.2.1", "203.0.113.9"))
    assert (journey.arrivals, reasons(journey)) == ([], [r.UNRESOLVED])


def test_next_hops_share_connections_and_each_keeps_its_own(routed: DataPlane) -> None:
    packets = [tcp(DB_1, EDGE_MAC, "10.0.1.1", "10.9.0.7", (port, 80)) for port in range(40000, 40064)]
    chosen = [routed.fate("acme/db-1", packet) for packet in packets]
    assert {tuple(one) for one in chosen} == {("acme/web-1",), ("acme/web-2",)}
    assert [routed.fate("acme/db-1", packet) for packet in packets] == chosen


def test_a_next_hop_that_is_not_plugged_in_is_left_out() -> None:
    alone = DataPlane(without(routed_world(), Interface, "hv2/tap-acme-web-2"))
    packets = [tcp(DB_1, EDGE_MAC, "10.0.1.1", "10.9.0.7", (port, 80)) for port in range(40000, 40032)]
    assert {tuple(alone.fate("acme/db-1", packet)) for packet in packets} == {("acme/web-1",)}


def test_networks_that_no_router_joins_stay_apart(routed: DataPlane) -> None:
    journey = routed.sent_by("acme/lab-1", ip(mac(0x41), EDGE_MAC, "10.6.0.10", "10.0.0.1"))
    assert (journey.arrivals, journey.punts) == ([], [])


def test_a_router_that_was_numbered_before_ports_had_zones_leaves_nowhere_and_is_complained_of() -> None:
    """Its zones are ports' now. What it joins it still joins, which needs none."""
    old = changed(routed_world(), Router, "acme/edge", number=MOST_ROUTERS + 1)
    assert [str(bug) for bug in compiled(old).bugs if "apply" in str(bug)]
    plane = DataPlane(old)
    assert SEGMENT not in plane.fate("acme/db-1", tcp(DB_1, EDGE_MAC, "10.0.1.1", "203.0.113.9"))
    assert plane.fate("acme/web-1", tcp(WEB_1, EDGE_MAC, "10.0.0.1", "10.0.1.1")) == ["acme/db-1"]
