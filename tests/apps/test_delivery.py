"""Who gets a packet: one port, all of a network, or nobody, wherever they are plugged in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.pipeline import CROWD
from controller.entities import AllowedPair, Interface, Port
from controller.flow import fields as f
from tests.interpreter import DataPlane
from tests.packets import (
    BROADCAST,
    Packet,
    arp_request,
    frame,
    ip,
    udp,
)
from tests.worlds import changed, chassis, mac, plugged, small_world, with_more, without

W1, W2, PAIR, OPEN = mac(1), mac(2), mac(3), mac(4)
A1, A2 = "10.0.0.1", "10.0.0.2"
S1, S2 = "fd00::1", "fd00::2"


def hello(sender: str = W1, target: str = W2) -> Packet:
    """An ordinary packet from machine 1."""
    return ip(sender, target, A1, A2)


def test_a_packet_reaches_its_port_on_another_host_by_one_tunnel(small: DataPlane) -> None:
    assert small.fate("acme/web-1", hello()) == ["acme/web-2"]
    assert small.sent_by("acme/web-1", hello()).crossings == [("hv1", "hv2", "vxlan", 0x101)]


def test_a_packet_reaches_its_port_on_the_same_host_by_no_tunnel(small: DataPlane) -> None:
    assert small.fate("acme/web-1", ip(W1, PAIR, A1, "10.0.0.3")) == ["acme/pair"]
    assert small.sent_by("acme/web-1", ip(W1, PAIR, A1, "10.0.0.3")).crossings == []


def test_ipv6_goes_the_same_way(small: DataPlane) -> None:
    assert small.fate("acme/web-1", ip(W1, W2, S1, S2)) == ["acme/web-2"]


def test_a_packet_arrives_as_it_was_sent(small: DataPlane) -> None:
    (arrival,) = small.sent_by("acme/web-1", hello()).arrivals
    assert hello().items() <= arrival.packet.items()


def test_a_network_uses_its_own_encapsulation(small: DataPlane) -> None:
    assert small.sent_by("acme/db-1", hello()).crossings == [("hv1", "hv2", "geneve", 0x102)]


def test_a_mac_that_a_port_was_allowed_leads_to_it(small: DataPlane) -> None:
    assert small.fate("acme/web-1", hello(target=mac(0x99))) == ["acme/pair"]
    assert small.fate("acme/web-2", ip(W2, mac(0x99), A2, A1)) == ["acme/pair"]
    assert small.fate("beta/web-1", hello(target=mac(0x99))) == []


def test_a_mac_that_several_were_allowed_reaches_all_of_the_network_and_no_other() -> None:
    shared = changed(small_world(), Port, "acme/web-2", allowed_pairs=(AllowedPair(mac(0x99), "10.0.0.99"),))
    fate = DataPlane(shared).fate("acme/web-1", hello(target=mac(0x99)))
    assert fate == ["acme/open", "acme/pair", "acme/web-2"]


def test_an_unknown_address_is_nobodys(small: DataPlane) -> None:
    assert small.fate("acme/web-1", hello(target=mac(0x77))) == []


def test_a_packet_to_oneself_goes_nowhere(small: DataPlane) -> None:
    assert small.fate("acme/web-1", hello(target=W1)) == []


def test_a_broadcast_reaches_every_other_port_of_the_network_once(small: DataPlane) -> None:
    packet = udp(W1, BROADCAST, A1, "255.255.255.255")
    assert small.fate("acme/web-1", packet) == ["acme/open", "acme/pair", "acme/web-2"]


def test_a_broadcast_goes_to_hosts_with_ports_of_the_network_only_and_never_back(small: DataPlane) -> None:
    assert small.sent_by("acme/web-1", udp(W1, BROADCAST, A1, "255.255.255.255")).crossings == [
        ("hv1", "hv2", "vxlan", 0x101)
    ]


@pytest.mark.parametrize("group", ["01:00:5e:00:00:fb", "33:33:00:00:00:01"])
def test_multicast_is_spread_as_broadcast_is(small: DataPlane, group: str) -> None:
    assert small.fate("acme/web-2", ip(W2, group, A2, "224.0.0.251")) == ["acme/open", "acme/pair", "acme/web-1"]


def test_tenants_with_the_same_addresses_and_macs_never_meet(small: DataPlane) -> None:
    for target in (W2, BROADCAST):
        assert all(
            name.startswith("acme/web") or name in {"acme/open", "acme/pair"}
            for name in small.fate("acme/web-1", hello(target=target))
        )
        assert small.fate("beta/web-1", hello(target=target)) == ["beta/web-2"]
        assert small.sent_by("beta/web-1", hello(target=target)).crossings == [("hv1", "hv2", "vxlan", 0x201)]


def test_networks_of_one_project_do_not_meet_either(small: DataPlane) -> None:
    assert small.fate("acme/db-1", udp(W1, BROADCAST, A1, "10.0.0.255")) == ["acme/db-2", "acme/plain"]


def tunnelled(packet: Packet, key: int, source: str) -> Packet:
    """A packet as it comes out of a tunnel to hv1."""
    return packet | {f.TUN_ID: key, f.TUN_SRC: f.ip_number(source), f.TUN_DST: f.ip_number("192.0.2.1")}


def test_a_tunnel_packet_is_delivered_to_its_network(small: DataPlane) -> None:
    for key, port in ((0x101, 1), (0x201, 5)):
        journey = small.sent_from("hv1", 101, tunnelled(ip(W2, W1, A2, A1), key, "192.0.2.2"))
        assert [(arrival.port, journey.crossings) for arrival in journey.arrivals] == [(port, [])]


def test_a_strangers_tunnel_packet_goes_nowhere(small: DataPlane) -> None:
    assert small.sent_from("hv1", 101, tunnelled(ip(W2, W1, A2, A1), 0x101, "198.51.100.9")).arrivals == []


def test_a_tunnel_packet_of_no_network_goes_nowhere(small: DataPlane) -> None:
    assert small.sent_from("hv1", 101, tunnelled(ip(W2, W1, A2, A1), 0x999, "192.0.2.2")).arrivals == []


def test_what_came_by_a_tunnel_never_leaves_by_one(small: DataPlane) -> None:
    for target in (BROADCAST, W2, mac(0x77)):
        journey = small.sent_from("hv1", 101, tunnelled(ip(mac(9), target, A2, A1), 0x101, "192.0.2.3"))
        assert journey.crossings == []


def test_a_guest_that_speaks_vxlan_itself_sends_an_ordinary_udp_packet(small: DataPlane) -> None:
    inside = udp(W1, W2, A1, "192.0.2.2", (49152, 4789))
    (arrival,) = small.sent_by("acme/web-1", inside).arrivals
    assert (arrival.chassis, arrival.port) == ("hv2", 1)
    assert small.sent_by("acme/web-1", inside).crossings == [("hv1", "hv2", "vxlan", 0x101)]
    forged = tunnelled(hello(), 0x201, "192.0.2.2")
    assert small.fate("acme/web-1", forged) == ["acme/web-2"], "a guest cannot choose the network"


def test_a_port_that_is_down_neither_sends_nor_receives() -> None:
    plane = DataPlane(changed(small_world(), Port, "acme/web-2", admin_up=False))
    assert plane.fate("acme/web-2", ip(W2, W1, A2, A1)) == []
    assert plane.fate("acme/web-1", hello()) == []
    assert "acme/web-2" not in plane.fate("acme/web-1", hello(target=BROADCAST))


def test_an_unplugged_port_is_no_longer_known() -> None:
    plane = DataPlane(without(small_world(), Interface, "hv2/tap-acme-web-2"))
    assert plane.fate("acme/web-1", hello()) == []
    assert "acme/web-2" not in plane.fate("acme/web-1", arp_request(W1, A1, A2))


def test_a_deleted_port_does_not_speak() -> None:
    plane = DataPlane(without(small_world(), Port, "acme/web-1"))
    assert plane.fate("acme/web-1", hello()) == []
    assert plane.fate("acme/web-1", hello(target=BROADCAST)) == []


def test_a_port_that_moves_is_found_at_its_new_place() -> None:
    moved = with_more(small_world(), chassis(3), plugged("acme/web-2", "hv3", 9, seen=1))
    plane = DataPlane(moved)
    assert plane.sent_by("acme/web-1", hello()).crossings == [("hv1", "hv3", "vxlan", 0x101)]
    assert plane.fate("acme/web-1", hello()) == ["acme/web-2"]
    assert plane.fate("acme/web-2", ip(W2, W1, A2, A1)) == ["acme/web-1"]
    assert plane.sent_from("hv2", 1, ip(W2, W1, A2, A1)).arrivals == [], "its old place is nobody's"


def test_a_host_without_tunnel_address_keeps_its_ports_to_itself() -> None:
    plane = DataPlane(with_more(small_world(), replace(chassis(1), encap_ip=None)))
    assert plane.fate("acme/web-1", hello()) == []
    assert plane.fate("acme/web-1", hello(target=BROADCAST)) == ["acme/open", "acme/pair"]


def test_hosts_with_ipv6_tunnels_reach_each_other() -> None:
    hosts = [replace(chassis(number), encap_ip=f"2001:db8::{number}") for number in (1, 2)]
    plane = DataPlane(with_more(small_world(), *hosts))
    assert plane.fate("acme/web-1", hello()) == ["acme/web-2"]
    assert plane.sent_by("acme/web-1", hello(target=BROADCAST)).crossings == [("hv1", "hv2", "vxlan", 0x101)]


@pytest.mark.parametrize("reserved", ["01:80:c2:00:00:00", "01:80:c2:00:00:02", "01:80:c2:00:00:0e"])
def test_what_a_link_keeps_to_itself_reaches_nobody(small: DataPlane, reserved: str) -> None:
    assert small.fate("acme/open", frame(OPEN, reserved, 0x88CC)) == []


def test_only_what_is_asked_of_everybody_is_limited(small: DataPlane) -> None:
    for target, limited in ((BROADCAST, True), ("33:33:ff:00:00:77", True), ("01:00:5e:00:00:fb", False)):
        walk = small.sent_by("acme/open", frame(OPEN, target, 0x88B5)).walks[0][1]
        assert (CROWD.number in {table for table, _ in walk.steps}) == limited, target
