"""What is chosen is free, lowest first, and the same however the question is reached."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from controller.intent import allocate
from controller.intent.allocate import Pool, Underlay
from controller.intent.blocks import block, numbered, text

BLOCK = "10.0.0.0/27"
STEPS = st.lists(st.tuples(st.sampled_from(("take", "claim", "release", "draft")), st.integers(0, 31)), max_size=80)


@given(STEPS)
def test_a_pool_always_gives_the_lowest_free_address(steps: list[tuple[str, int]]) -> None:
    within = block(BLOCK)
    pool, taken = Pool.of(within), set[str]()
    for what, offset in steps:
        address = text(4, within.first + offset)
        match what:
            case "claim":
                taken.add(address)
            case "release" if address in taken:
                taken.discard(address)
                pool.release(address)
            case "draft":
                pool.copy(taken.__contains__).lowest(taken.__contains__)
            case "take":
                found = pool.copy(taken.__contains__).lowest(taken.__contains__)
                usable = [str(host) for host in ipaddress.ip_network(BLOCK).hosts()]
                assert found == next((host for host in usable if host not in taken), None)
                if found:
                    taken.add(found)


def test_one_draft_gives_each_address_once() -> None:
    pool = Pool.of(block("10.0.0.0/30")).copy(set[str]().__contains__)
    assert [pool.lowest(lambda _: False) for _ in range(3)] == ["10.0.0.1", "10.0.0.2", None]


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


@given(st.uuids())
def test_vnis_fit_and_avoid_what_is_taken(uid: object) -> None:
    first = allocate.vni(str(uid), lambda _: False)
    second = allocate.vni(str(uid), lambda number: number == first)
    assert first is not None
    assert second == first % allocate.VNI_MAX + 1
    assert 1 <= second <= allocate.VNI_MAX


def test_mtus_leave_room_for_the_encapsulation() -> None:
    found = {encap: allocate.mtu(encap, Underlay(1500, 4)) for encap in ("vxlan", "geneve", "gre")}
    assert found == {"vxlan": 1450, "geneve": 1442, "gre": 1458}
    assert allocate.mtu("vxlan", Underlay(9000, 6)) == 8930


def test_slaac_addresses_are_those_of_rfc_4291() -> None:
    assert allocate.slaac_address(block("2001:db8::/64"), "34:56:78:9a:bc:de") == "2001:db8::3656:78ff:fe9a:bcde"
    assert allocate.slaac_address(block("2001:db8::/65"), "34:56:78:9a:bc:de") is None
