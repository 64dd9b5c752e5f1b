"""What a port asks of its network reaches the daemon and nobody else; nobody answers in the network's place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps import registers as r
from controller import served
from controller.entities import Dhcp, Subnet
from controller.flow import fields as f
from tests.interpreter import DataPlane
from tests.packets import BROADCAST, Packet, arp_request, duplicate_detection, icmpv6, solicitation, udp
from tests.worlds import mac, network, small_world, with_more

W1, W2 = mac(1), mac(2)
A1, A2, GATEWAY = "10.0.0.1", "10.0.0.2", "10.0.0.254"
S1, S2, GATEWAY6 = "fe80::ff:fe00:1", "fd00::2", "fd00::fe"
SUBNETS = (Subnet("v4", "10.0.0.0/24", GATEWAY, Dhcp()), Subnet("v6", "fd00::/64", GATEWAY6, Dhcp(), "stateful"))
CLIENT, SERVER = (68, 67), (67, 68)
CLIENT6, SERVER6 = (546, 547), (547, 546)


@pytest.fixture(scope="module")
def served_web() -> DataPlane:
    """The small world, acme's web served, the others as they were."""
    web = replace(network("acme/web", 0x101), subnets=SUBNETS)
    return DataPlane(with_more(small_world(), web))


def reasons(world: DataPlane, sender: str, packet: Packet) -> list[int]:
    """Why the daemon gets a packet, which nobody else does then."""
    journey = world.sent_by(sender, packet)
    assert not journey.punts or journey.arrivals == []
    return [punt.packet[r.PUNT] for punt in journey.punts]


def test_dhcp_is_asked_of_the_network(served_web: DataPlane) -> None:
    assert reasons(served_web, "acme/web-1", udp(W1, BROADCAST, "0.0.0.0", "255.255.255.255", CLIENT)) == [r.DHCP]
    assert reasons(served_web, "acme/web-1", udp(W1, W2, A1, GATEWAY, CLIENT)) == [r.DHCP]


def test_relays_ask_by_the_servers_address(served_web: DataPlane) -> None:
    assert reasons(served_web, "acme/web-1", udp(W1, served.SERVICE_MAC, A1, GATEWAY, (67, 67))) == [r.DHCP]
    assert served_web.fate("acme/web-1", udp(W1, W2, A1, A2, (67, 67))) == ["acme/web-2"]


def test_dhcpv6_and_router_solicitations_are_asked_of_the_network(served_web: DataPlane) -> None:
    assert reasons(served_web, "acme/web-1", udp(W1, "33:33:00:01:00:02", S1, "ff02::1:2", CLIENT6)) == [r.DHCP6]
    assert reasons(served_web, "acme/web-1", icmpv6(W1, "33:33:00:00:00:02", S1, "ff02::2", 133)) == [r.SOLICITATION]


@pytest.mark.parametrize(("source", "resolver"), [(A1, GATEWAY), ("fd00::1", GATEWAY6)])
def test_names_are_asked_of_the_gateway_and_of_nobody_else(served_web: DataPlane, source: str, resolver: str) -> None:
    assert reasons(served_web, "acme/web-1", udp(W1, served.SERVICE_MAC, source, resolver, (4000, 53))) == [r.DNS]
    other = S2 if ":" in source else A2
    assert served_web.fate("acme/web-1", udp(W1, W2, source, other, (4000, 53))) == ["acme/web-2"]


def test_an_address_that_no_router_has_is_found_where_it_serves(served_web: DataPlane) -> None:
    (answer,) = served_web.answers("acme/web-1", arp_request(W1, A1, GATEWAY))
    assert answer[f.ARP_SHA] == f.mac_number(served.SERVICE_MAC)
    (answer,) = served_web.answers("acme/web-1", solicitation(W1, "fd00::1", GATEWAY6, W1))
    assert answer[f.ND_TLL] == f.mac_number(served.SERVICE_MAC)


@pytest.mark.parametrize(
    "answer",
    [udp(W1, W2, A1, A2, SERVER), udp(W1, BROADCAST, A1, "255.255.255.255", SERVER), udp(W1, W2, S1, S2, SERVER6)],
)
def test_no_port_answers_in_the_networks_place(served_web: DataPlane, answer: Packet) -> None:
    assert served_web.fate("acme/web-1", answer) == []


def test_where_dhcpv6_is_switched_off_another_server_may_answer() -> None:
    web = replace(network("acme/web", 0x101), subnets=(Subnet("v6", "fd00::/64", GATEWAY6, None, "stateful"),))
    own_server = DataPlane(with_more(small_world(), web))
    asked = udp(W1, "33:33:00:01:00:02", S1, "ff02::1:2", CLIENT6)
    assert "acme/web-2" in own_server.fate("acme/web-1", asked)
    assert own_server.fate("acme/web-1", udp(W1, W2, S1, S2, SERVER6)) == ["acme/web-2"]


def test_networks_that_nothing_is_asked_of_carry_all_of_it(served_web: DataPlane) -> None:
    asked = udp(W1, BROADCAST, "0.0.0.0", "255.255.255.255", CLIENT)
    assert served_web.fate("beta/web-1", asked) == ["beta/web-2"]
    assert served_web.fate("beta/web-1", udp(W1, W2, A1, A2, SERVER)) == ["beta/web-2"]


def test_who_looks_whether_an_address_is_free_is_heard_of(served_web: DataPlane) -> None:
    for probe in (arp_request(W1, "0.0.0.0", A2), duplicate_detection(W1, S2)):
        journey = served_web.sent_by("acme/web-1", probe)
        assert [punt.packet[r.PUNT] for punt in journey.punts] == [r.PROBE]
        assert journey.arrivals != []
