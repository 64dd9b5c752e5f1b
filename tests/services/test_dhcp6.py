"""DHCPv6 as its clients see it; their messages are written, and the answers read, by scapy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import dhcp6 as s
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from controller.addresses import link_local
from controller.services import dhcp6
from controller.services.outcome import DHCP6, Ignored, ToPorts
from tests.services.town import NOW, OFPORTS, emissions, facts, leases, mac, punt

if TYPE_CHECKING:
    from controller.services.outcome import Outcome
    from controller.store import Store

EVERYTHING = s.DHCP6OptOptReq(reqopts=[23, 24, 56, 32])


@pytest.fixture(scope="module")
def known() -> Store:
    return facts()


def said(number: int, message: Any, *options: Any, source: str | None = None) -> bytes:
    """What machine ``number`` sends; it names itself by its MAC."""
    whole = message
    for option in (s.DHCP6OptClientId(duid=s.DUID_LL(lladdr=mac(number))), *options):
        whole = whole / option
    ether = Ether(src=source or mac(number), dst="33:33:00:01:00:02")
    return bytes(ether / IPv6(src=link_local(mac(number)), dst="ff02::1:2") / UDP(sport=546, dport=547) / whole)


def ours() -> Any:
    return s.DHCP6OptServerId(duid=s.DUID_LL(bytes(dhcp6.DUID)))


def wanted(*addresses: str, iaid: int = 1) -> Any:
    return s.DHCP6OptIA_NA(iaid=iaid, ianaopts=[s.DHCP6OptIAAddress(addr=address) for address in addresses])


def answered(known: Store, of: str, frame: bytes) -> list[Outcome]:
    return list(dhcp6.answer(punt(of, DHCP6, frame), known, NOW))


def reply(outcomes: list[Outcome]) -> Any:
    (emission,) = emissions(outcomes)
    return Ether(emission.frame)


def given_addresses(packet: Any) -> dict[str, int]:
    """The addresses of all associations with the seconds for which they are valid."""
    found = {}
    layer = packet[s.DHCP6OptIA_NA]
    while isinstance(layer, s.DHCP6OptIA_NA):
        found |= {each.addr: each.validlft for each in layer.ianaopts if isinstance(each, s.DHCP6OptIAAddress)}
        layer = layer.payload
    return found


def test_a_machine_is_advertised_the_stateful_address_of_its_port(known: Store) -> None:
    outcomes = answered(known, "acme/web-1", said(1, s.DHCP6_Solicit(trid=7), wanted(), EVERYTHING))
    packet = reply(outcomes)
    assert packet[s.DHCP6_Advertise].trid == 7
    assert given_addresses(packet) == {"fd00:2::10": 3600}
    assert packet[s.DHCP6OptDNSServers].dnsservers == ["fd00:2::1"]
    assert packet[s.DHCP6OptDNSDomains].dnsdomains == ["web.acme.netloom.internal."]
    assert (packet.dst, packet[IPv6].dst, packet[UDP].dport) == (mac(1), link_local(mac(1)), 546)
    (lease,) = leases(outcomes)
    assert (lease.address, lease.state) == ("fd00:2::10", "offered")
    (emission,) = emissions(outcomes)
    assert (emission.chassis, emission.way) == ("hv1", ToPorts((OFPORTS["acme/web-1"][1],)))


def test_who_is_in_a_hurry_is_bound_at_once(known: Store) -> None:
    outcomes = answered(known, "acme/web-1", said(1, s.DHCP6_Solicit(), wanted(), s.DHCP6OptRapidCommit()))
    packet = reply(outcomes)
    assert s.DHCP6_Reply in packet
    assert s.DHCP6OptRapidCommit in packet
    assert [lease.state for lease in leases(outcomes)] == ["bound"]


@pytest.mark.parametrize("message", [s.DHCP6_Request, s.DHCP6_Renew])
def test_requests_and_renewals_to_us_are_granted(known: Store, message: Any) -> None:
    outcomes = answered(known, "acme/web-1", said(1, message(), ours(), wanted("fd00:2::10")))
    packet = reply(outcomes)
    assert given_addresses(packet) == {"fd00:2::10": 3600}
    assert (packet[s.DHCP6OptIA_NA].T1, packet[s.DHCP6OptIA_NA].T2) == (1800, 2880)
    assert [(lease.state, lease.expires) for lease in leases(outcomes)] == [("bound", NOW + 3600)]


def test_who_has_lost_its_server_rebinds_with_us(known: Store) -> None:
    packet = reply(answered(known, "acme/web-1", said(1, s.DHCP6_Rebind(), wanted("fd00:2::10"))))
    assert given_addresses(packet) == {"fd00:2::10": 3600}


def test_an_address_that_is_not_the_machines_is_taken_back(known: Store) -> None:
    packet = reply(answered(known, "acme/web-1", said(1, s.DHCP6_Renew(), ours(), wanted("fd00:2::66"))))
    assert given_addresses(packet) == {"fd00:2::10": 3600, "fd00:2::66": 0}


@pytest.mark.parametrize("message", [s.DHCP6_Request, s.DHCP6_Renew, s.DHCP6_Release, s.DHCP6_Decline])
def test_what_is_for_another_server_or_for_none_is_not_ours_to_answer(known: Store, message: Any) -> None:
    other = s.DHCP6OptServerId(duid=s.DUID_LL(lladdr="02:00:00:00:99:99"))
    assert answered(known, "acme/web-1", said(1, message(), other, wanted("fd00:2::10"))) == [Ignored("malformed")]
    assert answered(known, "acme/web-1", said(1, message(), wanted("fd00:2::10"))) == [Ignored("malformed")]


def test_only_the_first_association_gets_the_addresses(known: Store) -> None:
    packet = reply(answered(known, "acme/web-1", said(1, s.DHCP6_Solicit(), wanted(iaid=1), wanted(iaid=2))))
    first = packet[s.DHCP6OptIA_NA]
    second = first.payload
    assert (first.iaid, second.iaid) == (1, 2)
    assert [type(each) for each in second.ianaopts] == [s.DHCP6OptStatusCode]
    assert second.ianaopts[0].statuscode == 2


def test_what_is_on_the_link_is_confirmed_and_what_is_not_is_not(known: Store) -> None:
    packet = reply(answered(known, "acme/web-1", said(1, s.DHCP6_Confirm(), wanted("fd00:2::10"))))
    assert packet[s.DHCP6OptStatusCode].statuscode == 0
    packet = reply(answered(known, "acme/web-1", said(1, s.DHCP6_Confirm(), wanted("2001:db8::1"))))
    assert packet[s.DHCP6OptStatusCode].statuscode == 4
    assert answered(known, "acme/web-1", said(1, s.DHCP6_Confirm(), wanted())) == []


@pytest.mark.parametrize(("message", "state"), [(s.DHCP6_Release, "released"), (s.DHCP6_Decline, "declined")])
def test_what_a_machine_gives_back_is_known(known: Store, message: Any, state: str) -> None:
    outcomes = answered(known, "acme/web-1", said(1, message(), ours(), wanted("fd00:2::10")))
    assert reply(outcomes)[s.DHCP6OptStatusCode].statuscode == 0
    assert [lease.state for lease in leases(outcomes)] == [state]
    strange = answered(known, "acme/web-1", said(1, message(), ours(), wanted("fd00:2::11")))
    assert leases(strange) == []
    assert reply(strange)[s.DHCP6OptIA_NA].ianaopts[0].statuscode == 3


def test_where_hosts_make_their_own_addresses_they_are_told_the_rest(known: Store) -> None:
    packet = reply(answered(known, "acme/lone-1", said(5, s.DHCP6_InfoRequest(), EVERYTHING)))
    assert packet[s.DHCP6OptDNSDomains].dnsdomains == ["lone.acme.netloom.internal."]
    assert packet[s.DHCP6OptInfoRefreshTime].reftime == 3600
    packet = reply(answered(known, "acme/lone-1", said(5, s.DHCP6_Solicit(), wanted())))
    assert given_addresses(packet) == {}
    assert packet[s.DHCP6OptIA_NA].ianaopts[0].statuscode == 2


def test_who_a_machine_is_is_told_by_its_place(known: Store) -> None:
    assert answered(known, "acme/web-2", said(1, s.DHCP6_Solicit(), wanted())) == [Ignored("spoofed")]
    packet = reply(answered(known, "acme/web-2", said(1, s.DHCP6_Solicit(), wanted(), source=mac(2))))
    assert given_addresses(packet) == {"fd00:2::11": 3600}


def test_a_message_without_the_clients_identifier_gets_no_answer(known: Store) -> None:
    ether = Ether(src=mac(1)) / IPv6(src=link_local(mac(1)), dst="ff02::1:2") / UDP(sport=546, dport=547)
    assert answered(known, "acme/web-1", bytes(ether / s.DHCP6_Solicit() / wanted())) == [Ignored("malformed")]


@given(st.binary(max_size=300))
def test_no_bytes_raise(known: Store, noise: bytes) -> None:
    for start in (0, 14, 54, 62, 66, 80):
        frame = said(1, s.DHCP6_Solicit(), wanted("fd00:2::10"))[:start] + noise
        list(dhcp6.answer(punt("acme/web-1", DHCP6, frame), known, NOW))
