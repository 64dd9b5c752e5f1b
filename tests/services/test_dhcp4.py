"""DHCPv4 as its clients see it; their messages are written, and the answers read, by scapy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from controller.derived import Narrowed
from controller.entities import Dhcp
from controller.services import dhcp4
from controller.services.outcome import DHCP as REASON
from controller.services.outcome import Ignored, ToPorts, Withdrawn
from tests.services.town import NOW, OFPORTS, TWIN, emissions, facts, leases, mac, punt

if TYPE_CHECKING:
    from controller.services.outcome import Lease, Outcome
    from controller.store import Store

BROADCAST = "ff:ff:ff:ff:ff:ff"
EVERYTHING = [1, 3, 6, 15, 26, 42, 119, 121]
SERVER = "10.1.0.1"


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def said(
    number: int,
    kind: str,
    *options: tuple[str, Any],
    ciaddr: str = "0.0.0.0",
    giaddr: str = "0.0.0.0",
    to: str = BROADCAST,
    flags: int = 0,
) -> bytes:
    """What machine ``number`` sends; through a relay at ``giaddr`` if one is given."""
    relay = giaddr != "0.0.0.0"
    source = mac(3) if relay else mac(number)
    ips = IP(src="10.1.0.13" if relay else ciaddr, dst=SERVER if relay or ciaddr != "0.0.0.0" else "255.255.255.255")
    ports = UDP(sport=67 if relay else 68, dport=67)
    hardware = bytes.fromhex(mac(number).replace(":", ""))
    boot = BOOTP(chaddr=hardware, xid=0xABCD, ciaddr=ciaddr, giaddr=giaddr, flags=flags)
    told = DHCP(options=[("message-type", kind), *options, "end"])
    return bytes(Ether(src=source, dst=to) / ips / ports / boot / told)


def answered(known: Store, of: str, frame: bytes) -> list[Outcome]:
    return list(dhcp4.answer(punt(of, REASON, frame), known, NOW))


def reply(outcomes: list[Outcome]) -> tuple[Any, dict[str, Any]]:
    """The one answer, and its options by name."""
    (emission,) = emissions(outcomes)
    packet = Ether(emission.frame)
    return packet, {name: rest[0] if len(rest) == 1 else rest for name, *rest in _pairs(packet[DHCP].options)}


def _pairs(options: list[Any]) -> list[tuple[Any, ...]]:
    return [option for option in options if isinstance(option, tuple)]


def the_lease(outcomes: list[Outcome]) -> Lease:
    (lease,) = leases(outcomes)
    return lease


def test_a_machine_is_told_the_mtu_that_there_is_room_for() -> None:
    narrow = facts()
    narrow.put(Narrowed("acme/web", 1412), set())
    _, options = reply(answered(narrow, "acme/web-1", said(1, "discover", ("param_req_list", EVERYTHING))))
    assert options["interface-mtu"] == 1412


def test_a_machine_is_offered_the_address_of_its_port_and_what_the_subnet_tells(known: Store) -> None:
    asked = said(1, "discover", ("param_req_list", EVERYTHING), ("hostname", b"one"))
    outcomes = answered(known, "acme/web-1", asked)
    packet, options = reply(outcomes)
    assert (packet[BOOTP].yiaddr, packet[BOOTP].xid, options["message-type"]) == ("10.1.0.10", 0xABCD, 2)
    assert (options["server_id"], options["subnet_mask"], options["router"]) == (SERVER, "255.255.255.0", "10.1.0.1")
    assert options["name_server"] == ("10.1.0.1", "192.0.2.53") or options["name_server"] == ["10.1.0.1", "192.0.2.53"]
    assert options["domain"] == b"web.example"
    assert options["interface-mtu"] == 1450
    assert (options["NTP_server"], options["lease_time"]) == ("192.0.2.123", 3600)
    assert (options["renewal_time"], options["rebinding_time"]) == (1800, 3150)
    raw = dict(_raw(packet))
    assert raw[119] == b"\3web\7example\0\7example\0"
    assert raw[121] == bytes((16, 10, 9, 10, 1, 0, 9, 0, 10, 1, 0, 1))
    lease = the_lease(outcomes)
    assert (lease.port, lease.address, lease.state, lease.hostname) == ("acme/web-1", "10.1.0.10", "offered", "one")


def _raw(packet: Any) -> list[tuple[int, bytes]]:
    """The options as codes and bytes."""
    data, found = bytes(packet[DHCP]), []
    at = 0
    while data[at] != 255:
        found.append((data[at], data[at + 2 : at + 2 + data[at + 1]]))
        at += 2 + data[at + 1]
    return found


def test_only_what_was_asked_for_is_told_in_the_order_in_which_it_was_asked(known: Store) -> None:
    packet, _ = reply(answered(known, "acme/web-1", said(1, "discover", ("param_req_list", [26, 3]))))
    assert [code for code, _ in _raw(packet)] == [53, 54, 51, 58, 59, 1, 26, 3]


def test_an_offer_goes_straight_to_the_machine_or_to_all_where_it_asks_for_that(known: Store) -> None:
    (straight,) = emissions(answered(known, "acme/web-1", said(1, "discover")))
    assert (straight.chassis, straight.way) == ("hv1", ToPorts((OFPORTS["acme/web-1"][1],)))
    frame = Ether(straight.frame)
    assert (frame.dst, frame[IP].dst, frame[UDP].dport) == (mac(1), "10.1.0.10", 68)
    (to_all,) = emissions(answered(known, "acme/web-1", said(1, "discover", flags=0x8000)))
    frame = Ether(to_all.frame)
    assert (frame.dst, frame[IP].dst) == (BROADCAST, "255.255.255.255")


def test_who_takes_the_offer_is_bound_for_the_time_of_the_lease(known: Store) -> None:
    outcomes = answered(known, "acme/web-1", said(1, "request", ("server_id", SERVER), ("requested_addr", "10.1.0.10")))
    packet, options = reply(outcomes)
    assert (packet[BOOTP].yiaddr, options["message-type"]) == ("10.1.0.10", 5)
    lease = the_lease(outcomes)
    assert (lease.state, lease.expires) == ("bound", NOW + 3600)


def test_who_takes_another_servers_offer_gets_no_answer_and_ours_is_withdrawn(known: Store) -> None:
    asked = said(1, "request", ("server_id", "10.1.0.99"), ("requested_addr", "10.1.0.10"))
    assert answered(known, "acme/web-1", asked) == [Withdrawn("acme/web-1", "10.1.0.10")]


def test_a_machine_that_comes_back_keeps_its_address_and_one_from_elsewhere_must_ask_anew(known: Store) -> None:
    _, options = reply(answered(known, "acme/web-1", said(1, "request", ("requested_addr", "10.1.0.10"))))
    assert options["message-type"] == 5
    refused = answered(known, "acme/web-1", said(1, "request", ("requested_addr", "192.168.1.7")))
    packet, options = reply(refused)
    assert (options["message-type"], packet.dst, packet[IP].dst) == (6, BROADCAST, "255.255.255.255")
    assert leases(refused) == []


def test_a_lease_is_renewed_at_the_address_in_use_even_by_a_daemon_that_never_gave_it(known: Store) -> None:
    asked = said(1, "request", ciaddr="10.1.0.10", to="02:00:00:00:aa:01")
    packet, options = reply(answered(known, "acme/web-1", asked))
    assert options["message-type"] == 5
    assert (packet.src, packet.dst, packet[IP].dst) == ("02:00:00:00:aa:01", mac(1), "10.1.0.10")


def test_a_machine_that_renews_an_address_that_is_no_longer_its_own_is_refused(known: Store) -> None:
    _, options = reply(answered(known, "acme/web-1", said(1, "request", ciaddr="10.1.0.99")))
    assert options["message-type"] == 6


def test_a_port_with_several_addresses_gets_the_one_it_asks_for_else_its_first(known: Store) -> None:
    packet, _ = reply(answered(known, "acme/web-2", said(2, "discover", ("requested_addr", "10.1.0.12"))))
    assert packet[BOOTP].yiaddr == "10.1.0.12"
    packet, _ = reply(answered(known, "acme/web-2", said(2, "discover", ("requested_addr", "10.1.0.99"))))
    assert packet[BOOTP].yiaddr == "10.1.0.11"


def test_what_a_machine_releases_or_declines_is_known_and_not_answered(known: Store) -> None:
    released = answered(known, "acme/web-1", said(1, "release", ("server_id", SERVER), ciaddr="10.1.0.10"))
    assert (the_lease(released).state, emissions(released)) == ("released", [])
    declined = answered(known, "acme/web-1", said(1, "decline", ("server_id", SERVER), ("requested_addr", "10.1.0.10")))
    assert (the_lease(declined).state, emissions(declined)) == ("declined", [])


def test_nobody_releases_or_declines_an_address_of_another(known: Store) -> None:
    release = said(1, "release", ("server_id", SERVER), ciaddr="10.1.0.11")
    assert answered(known, "acme/web-1", release) == [Ignored("spoofed")]
    decline = said(1, "decline", ("server_id", SERVER), ("requested_addr", "10.1.0.11"))
    assert answered(known, "acme/web-1", decline) == [Ignored("spoofed")]


def test_who_has_an_address_from_elsewhere_is_told_the_rest(known: Store) -> None:
    outcomes = answered(known, "acme/web-1", said(1, "inform", ciaddr="10.1.0.10"))
    packet, options = reply(outcomes)
    assert (packet[BOOTP].yiaddr, packet[IP].dst, options["message-type"]) == ("0.0.0.0", "10.1.0.10", 5)
    assert "lease_time" not in options
    assert options["interface-mtu"] == 1450
    assert leases(outcomes) == []


def test_a_relay_is_answered_for_a_machine_that_its_port_was_allowed(known: Store) -> None:
    circuit = ("relay_agent_information", b"\x01\x03eth")
    packet, options = reply(answered(known, "acme/relay", said(0x77, "discover", circuit, giaddr="10.77.0.1")))
    assert packet[BOOTP].yiaddr == "10.1.0.77"
    assert (packet.dst, packet[IP].dst, packet[UDP].sport, packet[UDP].dport) == (mac(3), "10.77.0.1", 67, 67)
    assert dict(_raw(packet))[82] == b"\x01\x03eth"
    assert packet[BOOTP].giaddr == "10.77.0.1"
    assert options["message-type"] == 2


def test_a_relay_is_answered_for_a_port_of_its_own_network_and_for_no_other_machine(known: Store) -> None:
    packet, _ = reply(answered(known, "acme/relay", said(2, "discover", giaddr="10.1.0.13")))
    assert packet[BOOTP].yiaddr == "10.1.0.11"
    for stranger in (6, 0x78, 0x99):
        outcomes = answered(known, "acme/relay", said(stranger, "discover", giaddr="10.1.0.13"))
        assert emissions(outcomes) == []


def test_who_the_machine_is_is_told_by_its_place_and_never_by_what_it_says(known: Store) -> None:
    assert answered(known, "acme/web-2", said(1, "discover")) == [Ignored("unserved")]
    frame = bytearray(said(1, "discover"))
    frame[6:12] = bytes.fromhex(mac(2).replace(":", ""))
    assert answered(known, "acme/web-2", bytes(frame)) == [Ignored("spoofed")]


def test_tenants_with_the_same_macs_and_addresses_are_told_each_their_own(known: Store) -> None:
    _, ours = reply(answered(known, "acme/web-1", said(1, "discover")))
    _, theirs = reply(answered(known, "beta/web-1", said(1, "discover")))
    assert (ours["domain"], theirs["domain"]) == (b"web.example", b"web.beta.netloom.internal")
    assert theirs["name_server"] == "10.1.0.1"


def test_an_overlays_gateway_is_told_before_a_router_has_it(known: Store) -> None:
    _, options = reply(answered(known, "beta/web-1", said(1, "discover")))
    assert options["router"] == "10.1.0.1"


def test_a_default_route_that_was_asked_for_takes_the_gateways_place() -> None:
    routes = (("0.0.0.0/0", "10.1.0.7"), ("10.9.0.0/16", "10.1.0.8"))
    asked = replace(TWIN, subnets=(replace(TWIN.subnets[0], dhcp=Dhcp(routes=routes)),))
    packet, options = reply(answered(facts(asked), "beta/web-1", said(1, "discover")))
    assert options["router"] == "10.1.0.7"
    assert dict(_raw(packet))[121] == bytes((16, 10, 9, 10, 1, 0, 8, 0, 10, 1, 0, 7))
    alone = replace(TWIN, subnets=(replace(TWIN.subnets[0], dhcp=Dhcp(routes=routes[:1])),))
    packet, options = reply(answered(facts(alone), "beta/web-1", said(1, "discover")))
    assert options["router"] == "10.1.0.7"
    assert 121 not in dict(_raw(packet))


def test_a_network_that_nothing_leads_out_of_tells_no_router(known: Store) -> None:
    _, options = reply(answered(known, "acme/lone-1", said(5, "discover")))
    assert "router" not in options
    assert "name_server" not in options
    assert options["server_id"] == "169.254.0.1"


def test_the_gateway_of_a_segment_is_told_but_speaks_for_itself(known: Store) -> None:
    _, options = reply(answered(known, "acme/wire-1", said(7, "discover")))
    assert (options["router"], options["server_id"]) == ("192.0.2.1", "169.254.0.1")
    assert "name_server" not in options


def test_a_nat_networks_own_router_is_told(known: Store) -> None:
    _, options = reply(answered(known, "acme/home-1", said(6, "discover")))
    assert (options["router"], options["server_id"]) == ("10.3.0.1", "10.3.0.1")


def test_a_port_without_an_address_gets_none(known: Store) -> None:
    assert answered(known, "acme/bare", said(4, "discover")) == [Ignored("unserved")]


def test_a_lease_for_ever_is_one() -> None:
    subnet = TWIN.subnets[0]
    forever = replace(TWIN, subnets=(replace(subnet, dhcp=Dhcp(lease=0xFFFFFFFF)),))
    outcomes = answered(facts(forever), "beta/web-1", said(1, "request", ("requested_addr", "10.1.0.10")))
    _, options = reply(outcomes)
    assert options["lease_time"] == 0xFFFFFFFF
    assert the_lease(outcomes).expires is None


def test_who_a_client_says_it_is_goes_back_to_it(known: Store) -> None:
    packet, _ = reply(answered(known, "acme/web-1", said(1, "discover", ("client_id", b"\xff1234"))))
    assert dict(_raw(packet))[61] == b"\xff1234"


def test_more_options_than_the_client_takes_are_left_out() -> None:
    subnet = TWIN.subnets[0]
    many = tuple(f"search-{number}.{'x' * 40}.example" for number in range(30))
    long = replace(TWIN, subnets=(replace(subnet, dhcp=Dhcp(search=many)),))
    known = facts(long)
    packet, _ = reply(answered(known, "beta/web-1", said(1, "discover", ("param_req_list", [119, 6]))))
    assert 119 not in dict(_raw(packet))
    assert 6 in dict(_raw(packet))
    assert len(packet[IP]) <= 576
    roomy = said(1, "discover", ("param_req_list", [119, 6]), ("max_dhcp_size", 3000))
    (emission,) = emissions(answered(known, "beta/web-1", roomy))
    whole = b"".join(value for code, value in _raw(Ether(emission.frame)) if code == 119)
    assert whole.count(b"\7example\0") == 30


def test_a_name_that_a_machine_gives_itself_can_do_no_harm(known: Store) -> None:
    outcomes = answered(known, "acme/web-1", said(1, "discover", ("hostname", b"<b>\x1b[31m\xff\xfe" + b"x" * 90)))
    assert the_lease(outcomes).hostname.startswith("?b???31m??x")
    assert len(the_lease(outcomes).hostname) == 64


@given(st.binary(max_size=600))
def test_no_bytes_raise(known: Store, noise: bytes) -> None:
    for start in (0, 12, 14, 34, 42, 280):
        frame = said(1, "discover", ("param_req_list", EVERYTHING))[:start] + noise
        list(dhcp4.answer(punt("acme/web-1", REASON, frame), known, NOW))
