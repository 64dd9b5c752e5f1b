"""Questions about neighbours are answered on the asker's host, rightly or not at all."""

from __future__ import annotations

import pytest

from controller.addresses import link_local
from controller.entities import Port
from controller.flow import fields as f
from tests.interpreter import DataPlane
from tests.packets import (
    advertisement,
    arp,
    arp_request,
    duplicate_detection,
    solicitation,
)
from tests.worlds import changed, mac, small_world

W1, W2, PAIR, OPEN = mac(1), mac(2), mac(3), mac(4)
A1, A2 = "10.0.0.1", "10.0.0.2"
S1, S2 = "fd00::1", "fd00::2"


def test_an_arp_request_is_answered_on_the_askers_host(small: DataPlane) -> None:
    (answer,) = small.answers("acme/web-1", arp_request(W1, A1, A2))
    assert arp(W2, W1, 2, (W2, A2), (W1, A1)).items() <= answer.items()


def test_arp_is_answered_for_ports_of_the_own_network_only(small: DataPlane) -> None:
    (answer,) = small.answers("acme/db-1", arp_request(W1, A1, A2))
    assert answer[f.ARP_SHA] == f.mac_number(W2)
    assert small.fate("acme/db-1", arp_request(W1, A1, "10.0.0.3")) == ["acme/db-2", "acme/plain"]


def test_an_arp_request_for_nobodys_address_is_asked_of_all(small: DataPlane) -> None:
    assert small.fate("acme/web-1", arp_request(W1, A1, "10.0.0.100")) == ["acme/open", "acme/pair", "acme/web-2"]


def test_an_arp_probe_for_ones_own_address_meets_silence(small: DataPlane) -> None:
    assert small.fate("acme/web-1", arp_request(W1, "0.0.0.0", A1)) == []


def test_an_arp_probe_for_anothers_address_is_answered(small: DataPlane) -> None:
    (answer,) = small.answers("acme/web-1", arp_request(W1, "0.0.0.0", A2))
    assert arp(W2, W1, 2, (W2, A2), (W1, "0.0.0.0")).items() <= answer.items()


def test_an_arp_reply_is_delivered_as_any_packet(small: DataPlane) -> None:
    assert small.fate("acme/web-1", arp(W1, W2, 2, (W1, A1), (W2, A2))) == ["acme/web-2"]


def test_a_solicitation_is_answered_on_the_askers_host(small: DataPlane) -> None:
    (answer,) = small.answers("acme/web-1", solicitation(W1, S1, S2, W1))
    assert advertisement(W2, W1, S2, S2, W2).items() - {(f.IPV6_DST, f.ip_number("ff02::1"))} <= answer.items()
    assert answer[f.IPV6_DST] == f.ip_number(S1)
    assert answer[f.ND_FLAGS] == 0x60000000
    assert answer[f.ND_OPTION] == 2


@pytest.mark.parametrize(("target", "where"), [(W2, "another host"), (PAIR, "the same host")])
def test_a_solicitation_for_a_link_local_address_is_answered_from_the_mac_inside(
    small: DataPlane, target: str, where: str
) -> None:
    (answer,) = small.answers("acme/web-1", solicitation(W1, link_local(W1), link_local(target), W1))
    assert (answer[f.ETH_SRC], answer[f.ND_TLL]) == (f.mac_number(target), f.mac_number(target)), where
    assert answer[f.IPV6_SRC] == answer[f.ND_TARGET] == f.ip_number(link_local(target))
    assert answer[f.ETH_DST] == f.mac_number(W1)


def test_a_link_local_address_with_the_universal_bit_is_found_too() -> None:
    vendor = "52:54:00:12:34:56"
    plane = DataPlane(changed(small_world(), Port, "acme/web-2", mac=vendor))
    (answer,) = plane.answers("acme/web-1", solicitation(W1, S1, link_local(vendor), W1))
    assert answer[f.ND_TLL] == f.mac_number(vendor)
    registered = "00:16:3e:12:34:56"
    plane = DataPlane(changed(small_world(), Port, "acme/web-2", mac=registered))
    (answer,) = plane.answers("acme/web-1", solicitation(W1, S1, link_local(registered), W1))
    assert answer[f.ND_TLL] == f.mac_number(registered)


def test_a_link_local_address_that_no_mac_makes_is_asked_of_all(small: DataPlane) -> None:
    asked = solicitation(W1, S1, "fe80::1234", W1)
    assert small.fate("acme/web-1", asked) == ["acme/open", "acme/pair", "acme/web-2"]


def test_a_link_local_address_of_an_unknown_mac_is_nobodys(small: DataPlane) -> None:
    assert small.fate("acme/web-1", solicitation(W1, S1, link_local(mac(0x77)), W1)) == []


@pytest.mark.parametrize("own", [S1, link_local(W1)])
def test_ones_own_address_meets_silence(small: DataPlane, own: str) -> None:
    assert small.fate("acme/web-1", duplicate_detection(W1, own)) == []


def test_duplicate_detection_of_anothers_address_reaches_the_other(small: DataPlane) -> None:
    assert "acme/web-2" in small.fate("acme/web-1", duplicate_detection(W1, S2))
    assert "acme/web-2" in small.fate("acme/web-1", duplicate_detection(W1, link_local(W2)))


def test_a_solicitation_without_link_address_is_for_the_other_to_answer(small: DataPlane) -> None:
    asked = solicitation(W1, S1, S2) | {f.ETH_DST: f.mac_number(W2)}
    assert small.fate("acme/web-1", asked) == ["acme/web-2"]


def test_an_advertisement_of_ones_own_address_is_delivered(small: DataPlane) -> None:
    for told in (W1, None):
        assert small.fate("acme/web-1", advertisement(W1, W2, S1, S1, told)) == ["acme/web-2"]
