"""Translation: out by the router's address, in by floating IPs and forwarded ports, and nothing else in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps import registers as r
from controller.derived import HOST_MAC
from controller.entities import External
from controller.flow import fields as f
from controller.flow.fields import ipv4_text, mac_text
from tests.fabric_worlds import over_links
from tests.interpreter import DataPlane, Journey
from tests.packets import SYN, Packet, answer, arp_request, icmp_error, ip, ping, tagged, tcp, udp
from tests.routed_worlds import (
    DOOR_MAC,
    EDGE,
    EDGE_MAC,
    FLOATING_MAC,
    GATEWAY_MAC,
    HOST_ONLY_MAC,
    HOST_ONLY_PORT,
    LINK_PORT,
    routed_world,
)
from tests.worlds import mac, with_more

WEB_1, WEB_2, NAT_1, LAB_1 = mac(1), mac(2), mac(0x31), mac(0x41)
SERVER, CLIENT = "203.0.113.9", "203.0.113.5"
SEGMENT = "p1.100"


@pytest.fixture(params=["tunnels", "links"])
def plane(request: pytest.FixtureRequest) -> DataPlane:
    """Whatever joins the hosts, it makes no difference."""
    return DataPlane(over_links(routed_world()) if request.param == "links" else routed_world())


def sent_out(plane: DataPlane, sender: str, packet: Packet) -> Packet:
    """The packet as it leaves onto the segment."""
    journey = plane.sent_by(sender, packet)
    assert SEGMENT in plane.reached(journey)
    return next(arrival.packet for arrival in journey.arrivals if plane.name(arrival) == SEGMENT)


def from_outside(plane: DataPlane, packet: Packet) -> Journey:
    return plane.sent_on("p1", tagged(packet, 100))


def arrives(plane: DataPlane, packet: Packet) -> list[str]:
    """The ports that a packet of a machine outside reaches, but for machines of the segment."""
    return [name for name in plane.reached(from_outside(plane, packet)) if name != SEGMENT]


def back(packet: Packet) -> Packet:
    """The server's answer, from the gateway's MAC."""
    return answer(packet) | {f.ETH_SRC: f.mac_number(GATEWAY_MAC)}


def test_what_leaves_has_the_routers_address_and_a_port_of_its_range(plane: DataPlane) -> None:
    out = sent_out(plane, "acme/web-2", tcp(WEB_2, EDGE_MAC, "10.0.0.2", SERVER))
    assert ipv4_text(out[f.IPV4_SRC]) == "192.0.2.10"
    assert 5000 <= out[f.TCP_SRC] <= 5999
    assert (mac_text(out[f.ETH_SRC]), mac_text(out[f.ETH_DST])) == (EDGE_MAC, GATEWAY_MAC)
    assert out[f.IP_TTL] == 63


def test_the_answer_finds_its_way_back_to_another_chassis(plane: DataPlane) -> None:
    out = sent_out(plane, "acme/db-1", udp(mac(0x21), EDGE_MAC, "10.0.1.1", SERVER))
    journey = from_outside(plane, back(out))
    assert plane.reached(journey) == ["acme/db-1"]
    (arrival,) = journey.arrivals
    assert (ipv4_text(arrival.packet[f.IPV4_DST]), arrival.packet[f.UDP_DST]) == ("10.0.1.1", 5000)


def test_two_who_use_the_same_port_get_different_ones(plane: DataPlane) -> None:
    one = sent_out(plane, "acme/web-2", udp(WEB_2, EDGE_MAC, "10.0.0.2", SERVER))
    other = sent_out(plane, "acme/db-1", udp(mac(0x21), EDGE_MAC, "10.0.1.1", SERVER))
    assert one[f.UDP_SRC] != other[f.UDP_SRC]


def test_what_could_get_no_port_of_its_own_does_not_leave(plane: DataPlane) -> None:
    """Two that ping one server under one id: conntrack would let the second go on under its own address."""
    sent_out(plane, "acme/web-2", ping(WEB_2, EDGE_MAC, "10.0.0.2", SERVER, identifier=9))
    assert plane.fate("acme/db-1", ping(mac(0x21), EDGE_MAC, "10.0.1.1", SERVER, identifier=9)) == []
    assert plane.fate("acme/db-1", ping(mac(0x21), EDGE_MAC, "10.0.1.1", SERVER, identifier=8)) == [SEGMENT]


@pytest.mark.parametrize(
    ("packet", "reached"),
    [
        (udp(GATEWAY_MAC, FLOATING_MAC, CLIENT, "192.0.2.20"), "acme/web-1"),
        (udp(GATEWAY_MAC, EDGE_MAC, CLIENT, "192.0.2.10", (40000, 6005)), "acme/web-2"),
        (tcp(GATEWAY_MAC, EDGE_MAC, CLIENT, "192.0.2.10", (40000, 8080), flags=SYN), "acme/web-2"),
    ],
)
def test_a_connection_that_is_not_answered_yet_goes_on(plane: DataPlane, packet: Packet, reached: str) -> None:
    assert [arrives(plane, packet) for _ in range(3)] == [[reached]] * 3


@pytest.mark.parametrize("target", ["192.0.2.10", "10.0.0.2"])
def test_a_stranger_reaches_nobody(plane: DataPlane, target: str) -> None:
    assert arrives(plane, tcp(GATEWAY_MAC, EDGE_MAC, CLIENT, target)) == []
    assert arrives(plane, ping(GATEWAY_MAC, EDGE_MAC, CLIENT, "10.0.0.2")) == []


def test_ipv6_leaves_as_it_is_and_only_answers_come_back(plane: DataPlane) -> None:
    out = sent_out(plane, "acme/web-2", tcp(WEB_2, EDGE_MAC, "fd00::2", "2001:db8:1::9"))
    assert f.ipv6_text(out[f.IPV6_SRC]) == "fd00::2"
    assert arrives(plane, back(out)) == ["acme/web-2"]
    assert arrives(plane, tcp(GATEWAY_MAC, EDGE_MAC, "2001:db8:1::9", "fd00::2")) == []


def test_an_error_about_what_left_reaches_its_sender(plane: DataPlane) -> None:
    out = sent_out(plane, "acme/web-2", udp(WEB_2, EDGE_MAC, "10.0.0.2", SERVER))
    journey = from_outside(plane, icmp_error(GATEWAY_MAC, EDGE_MAC, "198.51.100.1", out))
    assert plane.reached(journey) == ["acme/web-2"]
    (arrival,) = journey.arrivals
    assert ipv4_text(arrival.packet[f.IPV4_DST]) == "10.0.0.2"


def test_an_error_about_nothing_reaches_nobody(plane: DataPlane) -> None:
    never = udp(EDGE_MAC, GATEWAY_MAC, "192.0.2.10", SERVER)
    assert arrives(plane, icmp_error(GATEWAY_MAC, EDGE_MAC, "198.51.100.1", never)) == []


def test_a_floating_ip_is_translated_on_its_ports_own_chassis(plane: DataPlane) -> None:
    journey = from_outside(plane, tcp(GATEWAY_MAC, FLOATING_MAC, CLIENT, "192.0.2.20"))
    assert plane.reached(journey) == ["acme/web-1"]
    assert journey.crossings == []
    (arrival,) = journey.arrivals
    assert ipv4_text(arrival.packet[f.IPV4_DST]) == "10.0.0.1"
    out = sent_out(plane, "acme/web-1", answer(arrival.packet))
    assert (ipv4_text(out[f.IPV4_SRC]), mac_text(out[f.ETH_SRC])) == ("192.0.2.20", FLOATING_MAC)


def test_its_port_leaves_by_it(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/web-1", tcp(WEB_1, EDGE_MAC, "10.0.0.1", SERVER))
    assert journey.crossings == []
    out = next(arrival.packet for arrival in journey.arrivals)
    assert (ipv4_text(out[f.IPV4_SRC]), mac_text(out[f.ETH_SRC])) == ("192.0.2.20", FLOATING_MAC)


@pytest.mark.parametrize(("port", "inner"), [(8080, 80)])
def test_a_forwarded_port_leads_to_its_port(plane: DataPlane, port: int, inner: int) -> None:
    journey = from_outside(plane, tcp(GATEWAY_MAC, EDGE_MAC, CLIENT, "192.0.2.10", (40000, port)))
    assert plane.reached(journey) == ["acme/web-2"]
    (arrival,) = journey.arrivals
    assert arrival.packet[f.TCP_DST] == inner
    assert ipv4_text(arrival.packet[f.IPV4_SRC]) == CLIENT
    out = sent_out(plane, "acme/web-2", answer(arrival.packet))
    assert (ipv4_text(out[f.IPV4_SRC]), out[f.TCP_SRC]) == ("192.0.2.10", port)


def test_a_forwarded_range_keeps_its_numbers_and_ends_where_it_ends(plane: DataPlane) -> None:
    for port, reached in ((5999, []), (6000, ["acme/web-2"]), (6010, ["acme/web-2"]), (6011, [])):
        packet = udp(GATEWAY_MAC, EDGE_MAC, CLIENT, "192.0.2.10", (40000, port))
        assert arrives(plane, packet) == reached, port


@pytest.mark.parametrize(
    ("sender", "source", "target", "port", "reached"),
    [
        ("acme/web-2", "10.0.0.2", "192.0.2.20", 80, "acme/web-1"),
        ("acme/web-1", "10.0.0.1", "192.0.2.20", 80, "acme/web-1"),
        ("acme/web-1", "10.0.0.1", "192.0.2.10", 8080, "acme/web-2"),
        ("acme/web-2", "10.0.0.2", "192.0.2.10", 8080, "acme/web-2"),
        ("acme/db-1", "10.0.1.1", "192.0.2.20", 80, "acme/web-1"),
        ("acme/db-1", "10.0.1.1", "192.0.2.10", 8080, "acme/web-2"),
    ],
)
def test_inside_too_an_outer_address_leads_inside_and_the_answer_comes_back(  # noqa: PLR0917 - a row of the table above
    plane: DataPlane, sender: str, source: str, target: str, port: int, reached: str
) -> None:
    macs = {"acme/web-1": WEB_1, "acme/web-2": WEB_2, "acme/db-1": mac(0x21)}
    first = tcp(macs[sender], EDGE_MAC, source, target, (40000, port))
    journey = plane.sent_by(sender, first)
    assert plane.reached(journey) == [reached]
    (arrival,) = journey.arrivals
    by_floating = target == "192.0.2.20"
    assert ipv4_text(arrival.packet[f.IPV4_SRC]) == (target if by_floating else "10.0.0.254")
    returned = plane.sent_by(reached, answer(arrival.packet))
    assert plane.reached(returned) == [sender]
    (came,) = returned.arrivals
    assert (ipv4_text(came.packet[f.IPV4_SRC]), came.packet[f.TCP_SRC]) == (target, port)
    assert plane.reached(plane.sent_by(sender, first)) == [reached], "and so do the packets after the first"


def test_only_the_seat_answers_for_the_routers_address(plane: DataPlane) -> None:
    journey = from_outside(plane, arp_request(GATEWAY_MAC, "192.0.2.1", "192.0.2.10"))
    answers = [arrival for arrival in journey.arrivals if arrival.packet.get(f.ARP_OP) == 2]
    assert [(arrival.chassis, mac_text(arrival.packet[f.ARP_SHA])) for arrival in answers] == [("hv2", EDGE_MAC)]
    assert all(arrival.packet[f.VLAN] == 0x1000 | 100 for arrival in answers)


def test_pings_to_the_routers_outer_address_are_answered(plane: DataPlane) -> None:
    journey = from_outside(plane, ping(GATEWAY_MAC, EDGE_MAC, "192.0.2.1", "192.0.2.10"))
    (out,) = [arrival.packet for arrival in journey.arrivals if arrival.packet.get(f.ICMP_TYPE) == 0]
    assert ipv4_text(out[f.IPV4_DST]) == "192.0.2.1"


def test_a_neighbour_nobody_knows_yet_is_asked_for(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/web-2", tcp(WEB_2, EDGE_MAC, "10.0.0.2", "192.0.2.99"))
    assert [punt.packet[r.PUNT] for punt in journey.punts] == [r.UNRESOLVED]


def test_a_nat_network_leaves_by_its_host_and_nothing_unasked_comes_in(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/nat-1", tcp(NAT_1, DOOR_MAC, "10.5.0.10", SERVER))
    (arrival,) = journey.arrivals
    assert plane.reached(journey) == ["hv1/nl-host"]
    assert ipv4_text(arrival.packet[f.IPV4_SRC]) == "169.254.64.9"
    assert mac_text(arrival.packet[f.ETH_DST]) == HOST_MAC
    assert plane.reached(plane.sent_from("hv1", LINK_PORT, answer(arrival.packet))) == ["acme/nat-1"]
    stranger = tcp(HOST_MAC, DOOR_MAC, CLIENT, "169.254.64.9", (40000, 81))
    assert plane.sent_from("hv1", LINK_PORT, stranger).arrivals == []


def test_its_forwarded_ports_lead_in(plane: DataPlane) -> None:
    inward = tcp(HOST_MAC, DOOR_MAC, CLIENT, "169.254.64.9", (40000, 8001))
    journey = plane.sent_from("hv1", LINK_PORT, inward)
    assert plane.reached(journey) == ["acme/nat-1"]
    (arrival,) = journey.arrivals
    assert arrival.packet[f.TCP_DST] == 9001
    assert plane.fate("acme/nat-1", answer(arrival.packet)) == ["hv1/nl-host"]


def test_its_gateway_is_the_host(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/nat-1", tcp(NAT_1, DOOR_MAC, "10.5.0.10", "10.5.0.1", (40000, 22)))
    (arrival,) = journey.arrivals
    assert plane.reached(journey) == ["hv1/nl-host"]
    assert ipv4_text(arrival.packet[f.IPV4_DST]) == "169.254.64.1"
    returned = plane.sent_from("hv1", LINK_PORT, answer(arrival.packet))
    (came,) = returned.arrivals
    assert ipv4_text(came.packet[f.IPV4_SRC]) == "10.5.0.1"


def test_a_host_only_network_reaches_its_host_and_the_host_it(plane: DataPlane) -> None:
    assert plane.fate("acme/lab-1", ip(LAB_1, HOST_ONLY_MAC, "10.6.0.10", "10.6.0.1")) == [
        name for name in plane.fate("acme/lab-1", ip(LAB_1, HOST_ONLY_MAC, "10.6.0.10", "10.6.0.1")) if "nlh" in name
    ]
    inward = ip(HOST_ONLY_MAC, LAB_1, "10.6.0.1", "10.6.0.10")
    assert plane.reached(plane.sent_from("hv1", HOST_ONLY_PORT, inward)) == ["acme/lab-1"]


def test_a_port_of_a_segment_speaks_with_machines_there(plane: DataPlane) -> None:
    journey = plane.sent_by("acme/pub-1", ip(mac(0x51), GATEWAY_MAC, "192.0.2.30", "192.0.2.1"))
    assert plane.reached(journey) == [SEGMENT]
    assert journey.arrivals[0].packet[f.VLAN] == 0x1000 | 100
    assert arrives(plane, ip(GATEWAY_MAC, mac(0x51), "192.0.2.1", "192.0.2.30")) == ["acme/pub-1"]
    assert plane.reached(plane.sent_on("p1", ip(GATEWAY_MAC, mac(0x51), "192.0.2.1", "192.0.2.30"))) == []


def test_a_connection_that_finds_no_port_does_not_leave_and_is_told_of() -> None:
    narrow = replace(EDGE, external=External("acme/public", ("192.0.2.10",), ports=(5000, 5000)))
    plane = DataPlane(with_more(routed_world(), narrow))
    first = sent_out(plane, "acme/web-2", udp(WEB_2, EDGE_MAC, "10.0.0.2", SERVER))
    assert first[f.UDP_SRC] == 5000
    journey = plane.sent_by("acme/db-1", udp(mac(0x21), EDGE_MAC, "10.0.1.1", SERVER))
    assert journey.arrivals == []
    assert [(punt.chassis, punt.packet[r.PUNT], punt.packet[r.ROUTER]) for punt in journey.punts] == [
        ("hv2", r.EXHAUSTED, narrow.number)
    ]
    assert plane.sent_by("acme/db-1", udp(mac(0x21), EDGE_MAC, "10.0.1.1", CLIENT)).punts == [], "to another it does"


def test_a_machine_of_the_segment_that_takes_a_ports_address_is_heard_of(plane: DataPlane) -> None:
    journey = from_outside(plane, arp_request(GATEWAY_MAC, "192.0.2.30", "192.0.2.1"))
    assert [(punt.chassis, punt.packet[r.PUNT]) for punt in journey.punts] == [("hv2", r.HEARD)]
    assert from_outside(plane, arp_request(GATEWAY_MAC, "192.0.2.31", "192.0.2.1")).punts == []
