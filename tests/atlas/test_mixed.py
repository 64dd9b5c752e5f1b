"""Hosts with tunnels and bridges with wires in one network: packets from everyone to everyone, by the flows of all."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from controller.links import Link, LinkSettings, Route
from tests.atlas.country import Country
from tests.packets import arp_request, ping
from tests.worlds import mac
from topology.map import Edge


def mixed(*cables: tuple[str, str], hosts: tuple[str, ...], bridges: int = 6) -> Country:
    country = Country(bridges, *hosts)
    for cable in cables:
        country.cable(*cable)
    country.begin()
    return country


def strangers(country: Country) -> list[tuple[str, str]]:
    """Who does not reach whom."""
    plane = country.plane()
    missed = []
    for one, other in permutations(range(1, len(country.names) + 1), 2):
        sent = ping(mac(one), mac(other), f"10.0.0.{one}", f"10.0.0.{other}")
        target = f"acme/vm-s{other - 1}"
        if plane.fate(f"acme/vm-s{one - 1}", sent) != [target]:
            missed.append((f"s{one - 1}", f"s{other - 1}"))
    return missed


CHAIN = (("s0", "s1"), ("s1", "s2"))
"""s0 is wired, and has tunnels to s3 and s4, where no wire is."""
ISLANDS = (("s0", "s1"), ("s2", "s3"))
"""Two fabrics; s0 and s2 have tunnels, and s4."""


@pytest.mark.parametrize(
    ("cables", "hosts", "bridges"), [(CHAIN, ("s0", "s3", "s4"), 5), (ISLANDS, ("s0", "s2", "s4"), 5)]
)
def test_everybody_reaches_everybody(cables: tuple[tuple[str, str], ...], hosts: tuple[str, ...], bridges: int) -> None:
    country = mixed(*cables, hosts=hosts, bridges=bridges)
    assert strangers(country) == []
    asked = arp_request(mac(1), "10.0.0.1", "10.0.0.99")
    assert country.plane().fate("acme/vm-s0", asked) == sorted(f"acme/vm-{name}" for name in country.names[1:])


def test_a_fabric_that_parts_is_joined_by_the_tunnels_of_its_hosts() -> None:
    country = mixed(("s0", "s1"), ("s1", "s2"), ("s2", "s3"), hosts=("s0", "s3"), bridges=4)
    assert strangers(country) == []
    middle = country.wires["s1.11-s2.10"]
    country.tell(replace(middle, up=False))
    assert strangers(country) == []
    country.tell(middle)
    assert strangers(country) == []


def test_wires_are_taken_before_tunnels() -> None:
    country = mixed(("s0", "s1"), ("s1", "s2"), hosts=("s0", "s2"), bridges=3)
    store = country.core.compiler.store
    assert store.get(Route, "s0>s1/0") == Route("s0>s1/0", "s0", "s1", 0, ("s1",))
    assert country.atlas.map.edge("s0", "s2") is not None
    country.tell(LinkSettings("s0-s1", cost=200))
    assert store.get(Route, "s0>s1/1") == Route("s0>s1/1", "s0", "s1", 1, ("s2",))
    assert strangers(country) == []


def test_hosts_that_are_not_wired_have_no_routes_to_each_other_and_lead_nobody_on() -> None:
    country = mixed(*ISLANDS, hosts=("s0", "s2", "s4", "s5"))
    store = country.core.compiler.store
    routes = {
        (route.bridge, route.destination): route.next_hops
        for key in store.keys(Route)
        if (route := store.get(Route, key))
    }
    assert ("s4", "s5") not in routes
    assert ("s4", "s0") not in routes
    assert routes["s4", "s1"] == ("s0",)
    assert routes["s1", "s4"] == ("s0",)
    assert routes["s1", "s3"] == ("s0",)
    assert routes["s0", "s3"] == ("s2",)
    country.tell(LinkSettings("s0-s2", maintenance=True))
    assert strangers(country) == []


def test_without_any_wire_there_is_neither_route_nor_heading() -> None:
    country = mixed(hosts=("s0", "s1", "s2"), bridges=3)
    assert list(country.core.compiler.store.keys(Route)) == []
    assert country.remembered == []
    assert strangers(country) == []
    country.tell(country.cable("s0", "s1"))
    assert country.remembered != []
    assert strangers(country) == []


def test_two_hosts_whose_only_wire_fails_take_their_tunnel_for_frames_of_others() -> None:
    country = mixed(("s2", "s0"), ("s0", "s1"), ("s1", "s3"), hosts=("s0", "s1"), bridges=4)
    wire = country.wires["s0.11-s1.10"]
    for up in (False, True):
        country.tell(replace(wire, up=up))
        assert strangers(country) == []
        assert (country.core.compiler.store.get(Link, "s0-s1") is not None) == up
        assert country.atlas.map.edge("s0", "s1") == Edge("s0-s1", ("s0", "s1"), 10 if up else 100)
