"""A port speaks for itself and for nobody else."""

from __future__ import annotations

import pytest

from controller.addresses import link_local
from controller.flow import fields as f
from tests.interpreter import DataPlane
from tests.packets import (
    BROADCAST,
    NO_MAC,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    Packet,
    advertisement,
    arp,
    duplicate_detection,
    frame,
    from_router,
    ip,
    solicitation,
    tagged,
    udp,
)
from tests.worlds import mac

W1, W2, PAIR, OPEN = mac(1), mac(2), mac(3), mac(4)
A1, A2 = "10.0.0.1", "10.0.0.2"
S1, S2 = "fd00::1", "fd00::2"


def hello(sender: str = W1, target: str = W2) -> Packet:
    """An ordinary packet from machine 1."""
    return ip(sender, target, A1, A2)


LIES = {
    "another's MAC": hello(sender=W2),
    "another's IPv4 address": ip(W1, W2, "10.0.0.3", A2),
    "another's IPv6 address": ip(W1, W2, "fd00::3", S2),
    "another's link-local address": ip(W1, W2, link_local(PAIR), S2),
    "no IPv4 address, and no DHCP": udp(W1, BROADCAST, "0.0.0.0", "255.255.255.255"),
    "no IPv6 address, and no ICMPv6": ip(W1, W2, "::", S2),
    "another's MAC inside ARP": arp(W1, BROADCAST, 1, (W2, A1), (NO_MAC, A2)),
    "another's address inside ARP": arp(W1, BROADCAST, 1, (W1, "10.0.0.3"), (NO_MAC, A2)),
    "an ARP reply for another": arp(W1, W2, 2, (W1, "10.0.0.3"), (W2, A2)),
    "an announcement of another's address": arp(W1, BROADCAST, 1, (W1, A2), (NO_MAC, A2)),
    "another's link address in a solicitation": solicitation(W1, S1, S2, W2),
    "an advertisement of another's address": advertisement(W1, W2, S1, "fd00::3", W1),
    "an advertisement that points elsewhere": advertisement(W1, W2, S1, S1, PAIR),
    "a router advertisement": from_router(W1, ROUTER_ADVERTISEMENT),
    "a redirect": from_router(W1, REDIRECT),
    "another kind of frame": frame(W1, W2, 0x88B5),
    "LLDP": frame(W1, "01:80:c2:00:00:0e", 0x88CC),
    "a tagged frame": tagged(hello(), 100),
    "a priority-tagged frame": tagged(hello(), 0),
    "a doubly tagged frame": tagged(hello(), 100) | {f.ETH_TYPE: 0x8100},
}


@pytest.mark.parametrize("lie", LIES)
def test_who_lies_is_not_heard(small: DataPlane, lie: str) -> None:
    assert small.fate("acme/web-1", LIES[lie]) == []


def test_dhcp_has_no_address_to_send_from_yet(small: DataPlane) -> None:
    asked = udp(W1, BROADCAST, "0.0.0.0", "255.255.255.255", (68, 67))
    assert small.fate("acme/web-1", asked) == ["acme/open", "acme/pair", "acme/web-2"]


def test_a_port_of_an_ipv4_network_speaks_no_ipv6(small: DataPlane) -> None:
    assert small.fate("acme/db-1", ip(W1, W2, link_local(W1), link_local(W2))) == []
    assert small.fate("acme/db-1", duplicate_detection(W1, link_local(W1))) == []


def test_allowed_pairs_may_be_used_with_their_own_macs(small: DataPlane) -> None:
    for source, sender in (("10.0.0.100", PAIR), ("10.0.9.77", mac(0x99)), ("fd00:9::7", PAIR)):
        target = S1 if ":" in source else A1
        assert small.fate("acme/pair", ip(sender, W1, source, target)) == ["acme/web-1"]
    assert small.fate("acme/pair", ip(PAIR, W1, "10.0.9.77", A1)) == []
    assert small.fate("acme/pair", ip(mac(0x99), W1, "10.0.0.100", A1)) == []
    assert small.fate("acme/pair", ip(mac(0x99), W1, "10.0.10.1", A1)) == []


def test_an_allowed_address_may_be_announced(small: DataPlane) -> None:
    announced = arp(PAIR, BROADCAST, 1, (PAIR, "10.0.0.100"), (NO_MAC, "10.0.0.100"))
    assert "acme/web-1" in small.fate("acme/pair", announced)
    assert small.fate("acme/pair", advertisement(PAIR, W1, "fd00:9::7", "fd00:9::7", PAIR)) == ["acme/web-1"]


def test_a_trusted_port_may_send_as_anybody(small: DataPlane) -> None:
    assert small.fate("acme/open", ip(mac(0x55), W1, "192.168.9.9", A1)) == ["acme/web-1"]
    assert small.fate("acme/open", frame(OPEN, W2, 0x88B5)) == ["acme/web-2"]
    assert len(small.fate("acme/open", from_router(OPEN, ROUTER_ADVERTISEMENT))) == 3


def test_even_a_trusted_port_sends_no_tagged_frames(small: DataPlane) -> None:
    assert small.fate("acme/open", tagged(frame(OPEN, W2, 0x88B5), 7)) == []


def test_a_port_without_addresses_may_use_any_with_its_mac(small: DataPlane) -> None:
    plain = mac(3)
    assert small.fate("acme/plain", ip(plain, W1, "172.16.0.1", A1)) == ["acme/db-1"]
    assert small.fate("acme/plain", ip(W2, W1, A2, A1)) == []


@pytest.mark.parametrize(
    "lie",
    [
        from_router(mac(3), ROUTER_ADVERTISEMENT),
        from_router(mac(3), REDIRECT),
        arp(mac(3), BROADCAST, 1, (W1, "10.0.0.77"), (NO_MAC, "10.0.0.77")),
        advertisement(mac(3), W1, "fd00::77", "fd00::77", W2),
        solicitation(mac(3), "fd00::77", "fd00::1", W2),
    ],
)
def test_a_port_without_addresses_does_not_speak_for_other_macs_or_routers(small: DataPlane, lie: Packet) -> None:
    assert small.fate("acme/plain", lie) == []
