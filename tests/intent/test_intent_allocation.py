"""What is chosen is free, and the same however the question is reached."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.entities import Mode
from controller.intent import allocate
from controller.intent.allocate import Underlay
from controller.intent.blocks import block, numbered, text


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6), st.integers(1, 128))
def test_blocks_agree_with_the_standard_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int
) -> None:
    network = ipaddress.ip_network((address, min(prefix, address.max_prefixlen)), strict=False)
    within = block(str(network))
    version, number = numbered(str(address))
    assert text(version, number) == str(address)
    assert within.holds(version, number)
    assert within.last - within.first + 1 == network.num_addresses
    assert (within.misplaced(str(network.network_address)) is None) == (network.prefixlen >= network.max_prefixlen - 1)


@given(st.uuids(), st.integers(0, 5))
def test_macs_are_local_unicast_and_repeatable(uid: object, collisions: int) -> None:
    taken: set[str] = set()
    for _ in range(collisions):
        taken.add(allocate.mac(str(uid), taken.__contains__))
    found = allocate.mac(str(uid), taken.__contains__)
    assert found not in taken
    assert int(found[:2], 16) & 3 == 2
    assert found == allocate.mac(str(uid), taken.__contains__)


@given(st.uuids(), st.integers(1, allocate.VNI_MAX))
def test_numbers_fit_and_avoid_what_is_taken(uid: object, most: int) -> None:
    first = allocate.number(str(uid), most, lambda _: False)
    assert first is not None
    second = allocate.number(str(uid), most, lambda number: number == first) if most > 1 else 1
    assert second == first % most + 1
    assert 1 <= second <= most


def test_when_all_numbers_are_taken_there_is_none() -> None:
    assert allocate.number("uid", 7, lambda _: True) is None


def test_mtus_leave_room_for_the_encapsulation() -> None:
    found = {encap: allocate.mtu(encap, Underlay(1500, 4)) for encap in ("vxlan", "geneve", "gre")}
    assert found == {"vxlan": 1450, "geneve": 1442, "gre": 1458}
    assert allocate.mtu("vxlan", Underlay(9000, 6)) == 8930


def test_slaac_addresses_are_those_of_rfc_4291() -> None:
    assert allocate.slaac_address(block("2001:db8::/64"), "34:56:78:9a:bc:de") == "2001:db8::3656:78ff:fe9a:bcde"
    assert allocate.slaac_address(block("2001:db8::/65"), "34:56:78:9a:bc:de") is None


@pytest.mark.parametrize(
    ("mode", "usual", "largest"),
    [("overlay", 8950, 8950), ("internal", 8950, 8950), ("nat", 8950, 8950), ("bridged", 1500, 1500)],
)
def test_only_what_is_tunnelled_pays_for_a_tunnel(mode: Mode, usual: int, largest: int) -> None:
    assert allocate.mtus(mode, "vxlan", Underlay(9000)) == (usual, largest)


def test_a_host_alone_may_carry_what_it_likes() -> None:
    assert allocate.mtus("host-only", "vxlan", Underlay(1400, segment_mtu=1600)) == (1600, 65535)
