"""A router gets what it leaves open, keeps what it has, and waits for what does not exist yet."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, bridged, desk, network, port, project, router
from hypothesis import given, settings
from hypothesis import strategies as st

from controller import entities
from controller.errors import Conflict

A, B, V6 = "10.1.0.0/24", "10.2.0.0/24", "fd00:1::/64"
OUT, OUT6 = "192.0.2.0/24", "2001:db8::/64"
BASE = (project(), network("a", A), network("b", B), bridged("public", OUT))
PUBLIC = {"network": "public"}


def made(office: Desk, name: str = "r", owner: str = "acme") -> entities.Router:
    """A router as the compiler was told of it last."""
    found = office.told("Router", f"{owner}/{name}")
    assert isinstance(found, entities.Router)
    return found


def test_a_router_stands_at_the_gateways_and_outside(office: Desk) -> None:
    asked = router(
        "r",
        "a",
        ("b", "10.2.0.9"),
        external={"network": "public", "snat6": True, "port_range": "2000-3000"},
        routes=[{"to": "10.9.0.0/16", "via": ["10.1.0.50", "10.1.0.51"]}],
        helpers=["ftp"],
    )
    office.apply(*BASE, asked)
    found = made(office)
    assert found.interfaces == (
        entities.RouterInterface("acme/a", ("10.1.0.1",)),
        entities.RouterInterface("acme/b", ("10.2.0.9",)),
    )
    assert found.external == entities.External("acme/public", ("192.0.2.2",), True, True, (2000, 3000))  # noqa: FBT003
    assert found.routes == (entities.StaticRoute("10.9.0.0/16", ("10.1.0.50", "10.1.0.51")),)
    assert found.helpers == ("ftp",)
    assert found in office.followed[-1][0]
    networks = {entity.vni for entity in office.followed[-1][0] if isinstance(entity, entities.Network)}
    assert found.vni not in networks


def test_a_router_keeps_what_it_was_given(office: Desk) -> None:
    office.apply(*BASE, router("r", "a", external=PUBLIC))
    before = made(office)
    office.apply(router("r", "a", "b", external=PUBLIC))
    after = made(office)
    assert (after.number, after.vni, after.mac, after.external) == (
        before.number,
        before.vni,
        before.mac,
        before.external,
    )
    assert office.apply(router("r", "a", "b", external=PUBLIC)).results[0].action == "unchanged"


def test_addresses_follow_the_ip_versions_of_their_networks(office: Desk) -> None:
    office.apply(project(), network("a", A, V6), bridged("public", OUT, OUT6))
    office.apply(router("r", ("a", "10.1.0.9"), external=PUBLIC | {"address": "2001:db8::9"}))
    found = made(office)
    assert found.interfaces[0].addresses == ("10.1.0.9", "fd00:1::1")
    assert found.external
    assert found.external.addresses == ("2001:db8::9", "192.0.2.2")


def test_a_second_router_gets_another_address_than_the_gateway(office: Desk) -> None:
    office.apply(*BASE, router("r", "a"))
    office.apply(router("s", "a"), router("r", "a"), port("p", on="a"))
    assert made(office, "r").interfaces[0].addresses == ("10.1.0.1",)
    assert made(office, "s").interfaces[0].addresses == ("10.1.0.2",)
    assert office.allocated("Port", "acme/p")["addresses"] == ["10.1.0.3"]
    taken = office.refused(router("t", ("a", "10.1.0.1")))
    assert taken["/0/spec/interfaces/0/address"] == "gateway 10.1.0.1 is taken by Router acme/r"
    taken = office.refused(port("q", on="a", addresses=["10.1.0.2"]))
    assert taken["/0/spec/addresses/0"] == "address 10.1.0.2 is taken by Router acme/s"
    office.delete("Router", "acme/r")
    assert office.apply(router("s", "a")).results[0].action == "unchanged"


def test_a_network_without_a_gateway_gives_its_router_an_address(office: Desk) -> None:
    subnets = [{"name": "s", "cidr": A, "gateway": None}]
    office.apply(project(), network("a", subnets=subnets), router("r", "a"))
    assert made(office).interfaces[0].addresses == ("10.1.0.1",)
    office.apply(network("a", subnets=[{"name": "s", "cidr": A, "gateway": "10.1.0.254"}]))
    assert made(office).interfaces[0].addresses == ("10.1.0.1",)


def test_a_router_moves_with_the_gateway_that_it_is(office: Desk) -> None:
    office.apply(*BASE, router("r", "a", ("b", "10.2.0.9")))
    office.apply(network("a", subnets=[{"name": "s0", "cidr": A, "gateway": "10.1.0.254"}]))
    assert made(office).interfaces[0].addresses == ("10.1.0.254",)
    office.apply(router("r", "a", "b"))
    assert made(office).interfaces[1].addresses == ("10.2.0.1",)


def test_hosts_keep_the_gateway_of_a_host_only_network(office: Desk) -> None:
    office.apply(project(), network("a", A, mode="host-only"), router("r", "a"))
    assert made(office).interfaces[0].addresses == ("10.1.0.2",)


def test_a_router_that_leaves_by_the_hosts_is_on_their_link(office: Desk) -> None:
    office.apply(*BASE, network("n", "10.7.0.0/24", mode="nat"))
    office.apply(router("r", "a", external={"network": "n"}), router("s", "b", external={"network": "n"}))
    outside = [found.addresses for name in "rs" if (found := made(office, name).external)]
    assert sorted(outside) == [
        ("169.254.64.3", "fd6e:6574:6c6f::3"),
        ("169.254.64.4", "fd6e:6574:6c6f::4"),
    ]
    office.apply(router("r", "a", external=PUBLIC))
    moved = made(office).external
    assert moved
    assert moved.addresses == ("192.0.2.2",)


def test_a_router_waits_for_its_networks_and_takes_them_as_they_come(office: Desk) -> None:
    asked = router("r", "a", ("b", "10.2.0.9"), external=PUBLIC, routes=[{"to": "10.9.0.0/16", "via": ["10.2.0.7"]}])
    office.apply(project(), asked)
    first = made(office)
    assert (first.interfaces, first.external) == ((), entities.External("acme/public", ()))
    outcome = office.apply(network("b", B))
    assert [(each.key[2], each.action) for each in outcome.results] == [("b", "created"), ("r", "updated")]
    office.apply(network("a", A), bridged("public", OUT))
    last = made(office)
    assert [each.addresses for each in last.interfaces] == [("10.1.0.1",), ("10.2.0.9",)]
    assert last.external
    assert last.external.addresses == ("192.0.2.2",)
    assert (last.number, last.vni, last.mac) == (first.number, first.vni, first.mac)


def test_external_addresses_are_unique_among_all_who_have_one(office: Desk) -> None:
    office.apply(*BASE, router("r", external=PUBLIC), router("s", external=PUBLIC), port("p", on="public"))
    assert [found.addresses for name in "rs" if (found := made(office, name).external)] == [
        ("192.0.2.2",),
        ("192.0.2.3",),
    ]
    assert office.allocated("Port", "acme/p")["addresses"] == ["192.0.2.4"]
    taken = office.refused(router("t", external=PUBLIC | {"address": "192.0.2.4"}))
    assert taken["/0/spec/external/address"] == "address 192.0.2.4 is taken by Port acme/p"


def test_an_external_address_follows_its_network(office: Desk) -> None:
    office.apply(*BASE, router("r", external=PUBLIC), router("fixed", external=PUBLIC | {"address": "192.0.2.9"}))
    renumbered = bridged("public", "198.51.100.0/24")
    assert office.refused(renumbered)["/0/spec"].startswith("Router acme/fixed: 192.0.2.9 is outside")
    office.delete("Router", "acme/fixed")
    office.apply(renumbered)
    moved = made(office).external
    assert moved
    assert moved.addresses == ("198.51.100.2",)


def test_external_addresses_run_out(office: Desk) -> None:
    office.apply(project(), bridged("public", "192.0.2.0/30"), router("r", external=PUBLIC))
    with pytest.raises(Conflict, match="no free IPv4 address") as refused:
        office.put("Router", "acme/s", spec={"external": PUBLIC})
    assert refused.value.errors[0].pointer == "/spec/external"


def test_a_router_s_networks_stay_and_it_stays_for_its_forwards(office: Desk) -> None:
    forward = {"router": "r", "protocol": "tcp", "external_port": 80, "port": "p"}
    office.apply(*BASE, router("r", "a", external=PUBLIC))
    office.put("PortForward", "acme/f", spec=forward)
    for kind, name in (("Network", "a"), ("Network", "public"), ("Router", "r")):
        with pytest.raises(Conflict, match="is still used by"):
            office.delete(kind, f"acme/{name}")
    office.delete("PortForward", "acme/f")
    office.delete("Router", "acme/r")
    assert not [space for space in office.intent.claims._owners if "router" in space or "gateway" in space]  # noqa: SLF001


def test_another_project_s_router_is_not_told(office: Desk) -> None:
    office.apply(*BASE, project("globex"), network("a", A, owner="globex"), router("r", "a", owner="globex"))
    assert made(office, owner="globex").interfaces == (entities.RouterInterface("globex/a", ("10.1.0.1",)),)
    office.apply(router("r", "a"))
    assert made(office).number != made(office, owner="globex").number


@settings(deadline=None, max_examples=40)
@given(st.permutations([*BASE[1:], router("r", "a", "b", external=PUBLIC), router("s", ("a", "10.1.0.9"), "b")]))
def test_the_order_in_which_things_come_decides_nothing_that_was_asked_for(documents: list[dict[str, Any]]) -> None:
    with desk() as office:
        office.apply(project())
        for document in documents:
            office.apply(document)
        first, second = made(office, "r"), made(office, "s")
        assert first.interfaces[0].addresses == ("10.1.0.1",)
        assert second.interfaces[0].addresses == ("10.1.0.9",)
        assert {first.interfaces[1].addresses, second.interfaces[1].addresses} == {("10.2.0.1",), ("10.2.0.2",)}
        assert len({first.number, second.number}) == len({first.mac, second.mac}) == len({first.vni, second.vni}) == 2
