"""Where a port is plugged in, whoever says so, and into how many parts its network's ports fall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from apps import binding
from controller.addresses import link_local
from controller.derived import Endpoint, Leaf, Presence
from controller.entities import Interface, Network, Plug, Port
from tests.compiled import Watched, compiled
from tests.worlds import World, changed, chassis, mac, network, plugged, port, small_world, with_more, without, world

WEB, TAP = "acme/web-1", "hv1/tap-acme-web-1"


def place(of: World, key: str = WEB) -> tuple[str, str] | None:
    """Chassis and interface of a port; None while it has none."""
    endpoint = compiled(of).store.get(Endpoint, key)
    return endpoint and (endpoint.chassis, endpoint.interface)


@pytest.mark.parametrize("iface_id", ["acme/web-1", "uid-acme/web-1"])
def test_an_interface_names_its_port_by_uid_or_by_project_and_name(iface_id: str) -> None:
    assert place(changed(small_world(), Interface, TAP, iface_id=iface_id)) == ("hv1", "tap-acme-web-1")


@pytest.mark.parametrize(
    "gone",
    [
        without(small_world(), Interface, TAP),
        without(small_world(), Network, "acme/web"),
        without(small_world(), Port, WEB),
        changed(small_world(), Port, WEB, admin_up=False),
        changed(small_world(), Interface, TAP, iface_id="web-1"),
        changed(small_world(), Interface, TAP, iface_id=None),
    ],
)
def test_a_port_is_nowhere_while_anything_is_missing(gone: World) -> None:
    assert place(gone) is None


def test_of_several_interfaces_that_claim_a_port_the_one_seen_last_has_it() -> None:
    moved = with_more(small_world(), plugged(WEB, "hv2", 9, seen=1))
    assert place(moved) == ("hv2", "tap-acme-web-1")
    back = changed(moved, Interface, TAP, seen=2, iface_id="uid-acme/web-1")
    assert place(back) == ("hv1", "tap-acme-web-1")
    assert place(without(back, Interface, TAP)) == ("hv2", "tap-acme-web-1")


def bound(interface: Interface | None, **fields: Any) -> World:
    """web-1 bound by name to ``eth1`` of hv2, and perhaps an interface there."""
    made = changed(small_world(), Port, WEB, binding=Plug("hv2", "eth1"), **fields)
    return with_more(made, interface) if interface else made


@pytest.mark.parametrize("iface_id", [None, "acme/web-1", "uid-acme/web-1"])
def test_a_binding_by_name_goes_before_what_interfaces_say(iface_id: str | None) -> None:
    eth1 = Interface("hv2/eth1", "hv2", "eth1", 9, iface_id)
    assert place(bound(eth1)) == ("hv2", "eth1")
    assert place(bound(None)) is None


def test_a_binding_by_name_takes_no_interface_of_another_port() -> None:
    assert place(bound(Interface("hv2/eth1", "hv2", "eth1", 9, "beta/web-1"))) is None


def test_an_endpoint_says_all_that_flows_need() -> None:
    endpoint = compiled(small_world()).store.get(Endpoint, WEB)
    assert endpoint == Endpoint(
        *(WEB, "acme/web", "acme/web", "overlay", 0x101, "vxlan", "hv1", "tap-acme-web-1", 1, mac(1)),
        *(("10.0.0.1",), ("fd00::1",), ()),
        port_security=True,
    )


def test_a_network_is_present_where_it_has_ports() -> None:
    store = compiled(without(small_world(), Interface, "hv2/tap-acme-web-2")).store
    assert {key for key in store.keys(Presence) if key.startswith("acme/web@")} == {"acme/web@hv1"}


def crowd(count: int) -> World:
    """So many ports of one network on one host."""
    made = [port(f"acme/p-{number}", "acme/web", 1, ()) for number in range(count)]
    ports = [replace(one, mac=f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}") for number, one in enumerate(made)]
    plugs = [plugged(one.key, "hv1", number) for number, one in enumerate(ports, 1)]
    return world([chassis(1), network("acme/web", 1), *ports, *plugs])


@pytest.mark.parametrize(("count", "parts"), [(1, 1), (32, 1), (33, 4), (128, 4), (129, 16)])
def test_ports_fall_into_more_parts_as_they_grow_many(count: int, parts: int) -> None:
    store = compiled(crowd(count)).store
    leaves = [store.get(Leaf, key) for key in store.keys(Leaf)]
    assert len(leaves) == parts
    places = [(leaf.network, leaf.chassis, leaf.depth, leaf.part) for leaf in leaves if leaf]
    members = [store.where(Endpoint, "leaf", at) for at in places]
    assert sorted(key for part in members for key in part) == sorted(store.keys(Endpoint))
    assert max(len(part) for part in members) <= binding.PORTS_PER_LEAF


def test_one_more_port_on_a_host_touches_few_flows_however_many_there_are() -> None:
    many, watched = crowd(1000), Watched()
    watched.turn(many.values())
    more = replace(port("acme/one-more", "acme/web", 1, ()), mac="02:00:00:00:ff:ff")
    (delta,) = watched.turn([more, plugged(more.key, "hv1", 2000)]).values()
    assert len(delta.changed) == 1
    assert len(delta.new) < 20
    assert delta.gone == []


def test_a_port_costs_three_flows_on_every_other_host_of_its_network_and_none_elsewhere() -> None:
    watched = Watched()
    watched.turn([*small_world().values(), chassis(3), port("acme/new", "acme/web", 7)])
    deltas = watched.turn([plugged("acme/new", "hv1", 70)])
    assert len(deltas["hv2"].new) == 3, "its MAC, and one for each address"
    assert (deltas["hv2"].changed, deltas["hv2"].gone) == ([], [])
    assert set(deltas) == {"hv1", "hv2"}


def test_a_link_local_address_is_made_of_the_mac() -> None:
    assert link_local("52:54:00:12:34:56") == "fe80::5054:ff:fe12:3456"
    assert link_local("02:00:00:00:00:01") == "fe80::ff:fe00:1"
