"""The inventory tells what hosts and bare switches told, once, and nothing that they did not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.entities import Chassis, Interface
from controller.inventory import MOST_BARE, Inventory, News
from ovsdb.rows import ChassisRow, InterfaceRow, Watch
from tests.worlds import Key, World, world

if TYPE_CHECKING:
    from controller.entities import Entity

HOST = ChassisRow("hv1", "hv1.example", 0xA1, "netdev", "192.0.2.1", "3.1.0")
TAP = InterfaceRow("tap1", 5, "", "acme/web-1", None)
VXLAN = InterfaceRow("vxlan0", 100, "vxlan", None, None)
PATCH = InterfaceRow("nlp0123456789", 7, "patch", None, None, physical_network="outer")
WATCH = InterfaceRow("nlb0123456789", 8, "vxlan", None, None, watch=Watch("gw1", "up"))


def told(inventory: Inventory, *changed: InterfaceRow, now: int = 1, whole: bool = False) -> News:
    return inventory.interfaces("hv1", changed, (), now, whole=whole)


def test_a_host_is_a_chassis_and_its_interfaces_are_where_ports_plug_in() -> None:
    inventory = Inventory()
    assert inventory.host(HOST).puts == [Chassis("hv1", 0xA1, "192.0.2.1")]
    assert told(inventory, TAP, now=7).puts == [Interface("hv1/tap1", "hv1", "tap1", 5, "acme/web-1", 7)]
    assert inventory.chassis_of(0xA1) == "hv1"
    assert inventory.joined("hv1")


def test_what_is_told_twice_is_news_once() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    told(inventory, TAP, VXLAN)
    assert told(inventory, TAP, VXLAN, now=9) == News()


def test_tunnels_are_the_chassis_own_and_no_place_to_plug_in() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    assert told(inventory, VXLAN).puts == [Chassis("hv1", 0xA1, "192.0.2.1", (("vxlan", 100),))]
    gone = inventory.interfaces("hv1", (), ("vxlan0",), 2, whole=False)
    assert gone == News([Chassis("hv1", 0xA1, "192.0.2.1")], [])


def test_a_patch_to_a_physical_network_is_a_segment_and_an_interface() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    news = told(inventory, PATCH)
    interface = Interface("hv1/nlp0123456789", "hv1", "nlp0123456789", 7, None, 1)
    assert news.puts == [interface, Chassis("hv1", 0xA1, "192.0.2.1", (), (("outer", 7),))]
    gone = inventory.interfaces("hv1", (), (PATCH.name,), 2, whole=False)
    assert gone == News([Chassis("hv1", 0xA1, "192.0.2.1")], [(Interface, interface.key)])


def test_a_port_that_watches_is_neither_tunnel_nor_place_to_plug_in() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    assert told(inventory, WATCH) == News()


def test_a_host_is_a_gateway_as_long_as_it_is_labelled() -> None:
    inventory = Inventory()
    assert inventory.host(replace(HOST, gateway=True)).puts == [Chassis("hv1", 0xA1, "192.0.2.1", gateway=True)]
    assert inventory.host(HOST).puts == [Chassis("hv1", 0xA1, "192.0.2.1")]


@pytest.mark.parametrize("before", [TAP, VXLAN, PATCH, WATCH])
@pytest.mark.parametrize("after", [replace(row, name="x") for row in (TAP, VXLAN, PATCH, WATCH)])
def test_an_interface_that_becomes_something_else_is_no_longer_what_it_was(
    before: InterfaceRow, after: InterfaceRow
) -> None:
    inventory, fresh = Inventory(), Inventory()
    known = replay([inventory.host(HOST), told(inventory, replace(before, name="x")), told(inventory, after)])
    assert known == replay([fresh.host(HOST), told(fresh, after)])


@pytest.mark.parametrize(
    "unusable",
    [
        replace(TAP, ofport=None),
        replace(TAP, ofport=-1),
        replace(TAP, ofport=0xFFFFFFFE),
        replace(TAP, error="could not open network device tap1"),
    ],
)
def test_an_interface_without_a_port_is_not_there(unusable: InterfaceRow) -> None:
    inventory = Inventory()
    inventory.host(HOST)
    assert told(inventory, unusable) == News()
    told(inventory, TAP)
    assert told(inventory, unusable) == News([], [(Interface, "hv1/tap1")])


def test_an_interface_is_seen_anew_when_it_stands_for_another_port() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    told(inventory, TAP, now=1)
    (renumbered,) = told(inventory, replace(TAP, ofport=6), now=2).puts
    (other,) = told(inventory, replace(TAP, iface_id="acme/web-2"), now=3).puts
    assert isinstance(renumbered, Interface)
    assert isinstance(other, Interface)
    assert (renumbered.seen, other.seen) == (1, 3)


def test_a_whole_report_takes_away_what_it_lacks() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    told(inventory, TAP, VXLAN, replace(TAP, name="tap2"))
    news = told(inventory, replace(TAP, name="tap2"), whole=True)
    assert news == News([Chassis("hv1", 0xA1, "192.0.2.1")], [(Interface, "hv1/tap1")])


def test_what_a_host_told_stays_true_when_it_is_out_of_reach() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    told(inventory, TAP)
    inventory.left("hv1")
    assert not inventory.joined("hv1")
    assert inventory.chassis_of(0xA1) == "hv1"
    inventory.host(HOST)
    assert told(inventory, TAP, now=9, whole=True) == News()


def test_two_hosts_in_reach_cannot_have_one_bridge() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    assert inventory.host(replace(HOST, name="hv2")).puts == [Chassis("hv2", 0, "192.0.2.1")]
    assert inventory.chassis_of(0xA1) == "hv1"
    inventory.left("hv1")
    assert inventory.host(replace(HOST, name="hv2")).puts == [Chassis("hv2", 0xA1, "192.0.2.1")]


@pytest.mark.parametrize("dpid", [None, 0, 1 << 64])
def test_a_host_without_a_bridge_has_no_datapath(dpid: int | None) -> None:
    inventory = Inventory()
    assert inventory.host(replace(HOST, dpid=dpid)).puts == [Chassis("hv1", 0, "192.0.2.1")]
    assert inventory.chassis_of(0) is None


def test_a_host_that_gets_another_bridge_gives_up_the_old_one() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    inventory.host(replace(HOST, dpid=0xB1))
    assert (inventory.chassis_of(0xA1), inventory.chassis_of(0xB1)) == (None, "hv1")


def test_a_bare_bridge_is_a_chassis_by_its_own_name() -> None:
    inventory = Inventory()
    news = inventory.bare_bridge(7, {1: "s1-eth1", 2: "s1-eth2"}, "s1")
    assert news.puts == [
        Chassis("s1", 7, bare=True),
        Interface("s1/s1-eth1", "s1", "s1-eth1", 1),
        Interface("s1/s1-eth2", "s1", "s1-eth2", 2),
    ]
    moved = Interface("s1/s1-eth1", "s1", "s1-eth1", 3)
    assert inventory.bare_bridge(7, {2: "s1-eth2", 3: "s1-eth1"}, "s1") == News([moved])
    assert inventory.bare_bridge(7, {}, "s1").deletes == [(Interface, "s1/s1-eth2"), (Interface, "s1/s1-eth1")]


def test_a_bare_bridge_that_was_known_before_is_bare_and_unchanged() -> None:
    news = Inventory().bare_bridge(7, {1: "s1-eth1"}, "s1")
    inventory = Inventory()
    inventory.recall(news.puts)
    assert (inventory.chassis_of(7), inventory.hosted("s1"), inventory.bare_taken("s1")) == ("s1", False, None)
    assert inventory.bare_bridge(7, {1: "s1-eth1"}, "s1") == News()
    assert inventory.forget_bare("s1") == [(Interface, "s1/s1-eth1"), (Chassis, "s1")]


def test_a_hosts_bridge_is_not_bare() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    assert inventory.bare_bridge(0xA1, {1: "tap1"}, "br0") == News()
    assert inventory.bare_bridge(0xA2, {1: "tap1"}, "hv1") == News()
    assert inventory.bare_bridge(0xA3, {1: "tap1"}, "br-int") == News()


@pytest.mark.parametrize("local", ["br0", "hv1"])
def test_a_bare_bridge_that_turns_out_to_be_a_hosts_is_that_hosts_alone(local: str) -> None:
    inventory, fresh = Inventory(), Inventory()
    before = inventory.bare_bridge(0xA1, {1: "eth1"}, local)
    known = replay([before, inventory.host(HOST), told(inventory, TAP, VXLAN)])
    assert known == replay([fresh.host(HOST), told(fresh, TAP, VXLAN)])
    assert inventory.hosted("hv1")


def test_a_bare_bridge_may_not_take_a_hosts_name() -> None:
    inventory = Inventory()
    inventory.host(HOST)
    inventory.bare_bridge(7, {}, "s1")
    assert inventory.bare_taken("hv1") is not None
    assert inventory.bare_taken("s1") is None
    assert inventory.bare_taken("s2") is None


def test_there_is_an_end_to_bare_bridges() -> None:
    inventory = Inventory()
    for number in range(1, MOST_BARE + 1):
        inventory.bare_bridge(number, {}, f"s{number}")
    assert inventory.bare_taken("s0") is not None
    assert inventory.bare_taken("s1") is None


def test_what_is_recalled_is_no_news_when_it_is_told_again() -> None:
    inventory = Inventory()
    known: list[Entity] = [
        Chassis("hv1", 0xA1, "192.0.2.1", (("vxlan", 100),), (("outer", 7),), gateway=True),
        Interface("hv1/tap1", "hv1", "tap1", 5, "acme/web-1", 3),
        Interface("hv1/nlp0123456789", "hv1", "nlp0123456789", 7, None, 2),
    ]
    inventory.recall(known)
    assert inventory.chassis_of(0xA1) == "hv1"
    assert not inventory.joined("hv1")
    assert inventory.host(replace(HOST, gateway=True)).puts == known[:1]
    assert told(inventory, TAP, VXLAN, PATCH, now=99, whole=True) == News()


def replay(news: list[News]) -> World:
    """The entities that a compiler would hold."""
    held: World = {}
    for part in news:
        for key in part.deletes:
            held.pop(key, None)
        held |= world(part.puts)
    return held


ROWS = st.builds(
    InterfaceRow,
    st.sampled_from(["tap1", "tap2", "vxlan0"]),
    st.sampled_from([None, -1, 0, 1, 2, 100, 0xFFFFFFFE]),
    st.sampled_from(["", "internal", "vxlan", "gre"]),
    st.sampled_from([None, "", "acme/web-1", "uid-1", "💥"]),
    st.sampled_from([None, "no such device"]),
    st.sampled_from([None, "outer"]),
    watch=st.sampled_from([None, Watch("gw1", "up")]),
)


REPORTS = st.tuples(
    st.lists(ROWS, max_size=3, unique_by=lambda row: row.name),
    st.lists(st.sampled_from(["tap1", "nothing"])),
    st.booleans(),
)


@given(st.lists(REPORTS))
def test_whatever_was_told_before_the_last_whole_report_decides(
    reports: list[tuple[list[InterfaceRow], list[str], bool]],
) -> None:
    inventory, fresh = Inventory(), Inventory()
    news = [inventory.host(HOST)]
    for changed, removed, whole in reports:
        news.append(inventory.interfaces("hv1", tuple(changed), tuple(removed), 1, whole=whole))
    last = {row.name: row for row in (TAP, VXLAN, replace(TAP, name="tap2", ofport=9))}
    news.append(told(inventory, *last.values(), whole=True))
    assert unseen(replay(news)) == unseen(replay([fresh.host(HOST), told(fresh, *last.values())]))


def unseen(held: World) -> dict[Key, object]:
    """Entities but for when they were first seen."""
    return {key: replace(one, seen=0) if isinstance(one, Interface) else one for key, one in held.items()}
