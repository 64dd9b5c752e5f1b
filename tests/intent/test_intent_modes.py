"""A network's mode decides what it may ask for, and what it gets to reach its hosts."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, bridged, desk, network, port, project, router

from controller import entities
from controller.errors import Conflict
from controller.intent import allocate
from controller.intent.allocate import Underlay
from controller.intent.blocks import numbered
from controller.intent.kinds import KINDS
from controller.intent.kinds.addressing import HOST_LINK_SPANS

V4, V6 = "10.1.0.0/24", "fd00:1::/64"


def one(**subnet: Any) -> tuple[dict[str, Any], ...]:
    """A network with one subnet."""
    return project(), network(subnets=[{"name": "s", "cidr": V4, **subnet}])


@pytest.mark.parametrize(
    ("documents", "pointer", "words"),
    [
        ((project(), network(mode="bridged")), "/1/spec/physical_network", "a bridged network needs one"),
        ((project(), network(physical_network="a")), "/1/spec/physical_network", "only bridged networks have one"),
        ((project(), network(mode="nat", vlan=7)), "/1/spec/vlan", "this one's mode is nat"),
        ((project(), bridged(vlan=0)), "/1/spec/vlan", "greater than or equal to 1"),
        ((project(), bridged(vlan=4095)), "/1/spec/vlan", "less than or equal to 4094"),
        ((project(), bridged(physical_network="a:b")), "/1/spec/physical_network", "must be 1 to 63"),
        (
            (project(), bridged("a", physical_network="x", vlan=7), bridged("b", physical_network="x", vlan=7)),
            "/2/spec/vlan",
            "segment x VLAN 7 is taken by Network acme/a",
        ),
        (
            (project(), bridged("a", physical_network="x"), bridged("b", physical_network="x")),
            "/2/spec/physical_network",
            "segment x untagged is taken",
        ),
        ((project(), network(vni=allocate.VNI_MAX + 1)), "/1/spec/vni", "netloom's own"),
        ((project(), bridged(mtu=1501)), "/1/spec/mtu", "physical networks carry 1500"),
        ((project(), network(mode="nat", mtu=1451)), "/1/spec/mtu", "leaves 1450 in vxlan"),
        (one(cidr="169.254.0.0/16"), "/1/spec/subnets/0/cidr", "by which networks reach their hosts"),
        (one(cidr="fd6e:6574:6c6f::/80"), "/1/spec/subnets/0/cidr", "by which networks reach their hosts"),
        (one(gateway="10.2.0.1"), "/1/spec/subnets/0/gateway", "outside 10.1.0.0/24"),
        (one(ra="slaac"), "/1/spec/subnets/0/ra", "are of IPv6"),
        (one(cidr=V6, ra="sometimes"), "/1/spec/subnets/0/ra", "'slaac', 'stateful'"),
        (one(cidr=V6, dhcp={}), "/1/spec/subnets/0/dhcp", "with ra none no machine asks DHCPv6"),
        (one(cidr=V6, ra="slaac", dhcp={}), "/1/spec/subnets/0/dhcp", "with ra slaac no machine asks"),
        (
            one(cidr=V6, ra="stateless", dhcp={"ranges": ["fd00:1::5-fd00:1::9"]}),
            "/1/spec/subnets/0/dhcp/ranges",
            "form their addresses themselves",
        ),
        (
            one(cidr=V6, ra="stateful", dhcp={"routes": [{"to": "::/0", "via": "fd00:1::1"}]}),
            "/1/spec/subnets/0/dhcp/routes",
            "DHCPv6 tells of no routes",
        ),
        (one(dhcp={"ranges": ["10.1.0.9-10.2.0.1"]}), "/1/spec/subnets/0/dhcp/ranges/0", "10.2.0.1 is outside"),
        (one(dhcp={"ranges": ["10.1.0.0-10.1.0.9"]}), "/1/spec/subnets/0/dhcp/ranges/0", "network or the broadcast"),
        (
            one(dhcp={"ranges": ["10.1.0.9-10.1.0.5"]}),
            "/1/spec/subnets/0/dhcp/ranges/0",
            "backwards; did you mean 10.1.0.5-10.1.0.9?",
        ),
        (one(dhcp={"ranges": ["10.1.0.9"]}), "/1/spec/subnets/0/dhcp/ranges/0", "the first and the last"),
        (one(dhcp={"ranges": ["10.1.0.9-fd00::1"]}), "/1/spec/subnets/0/dhcp/ranges/0", "different IP versions"),
        (
            one(dhcp={"ranges": ["10.1.0.5-10.1.0.9", "10.1.0.9-10.1.0.12"]}),
            "/1/spec/subnets/0/dhcp/ranges/1",
            "overlaps 10.1.0.5-10.1.0.9",
        ),
        (one(dhcp={"lease": 0}), "/1/spec/subnets/0/dhcp/lease", "greater than or equal to 10"),
        (one(dhcp={"dns": ["fd00::1"]}), "/1/spec/subnets/0/dhcp/dns/0", "IPv4 addresses only"),
        (one(dhcp={"ntp": ["fd00::1"]}), "/1/spec/subnets/0/dhcp/ntp/0", "IPv4 addresses only"),
        (one(dhcp={"domain": "-.x"}), "/1/spec/subnets/0/dhcp/domain", "must be a domain name"),
        (one(dhcp={"search": ["a..b"]}), "/1/spec/subnets/0/dhcp/search/0", "must be a domain name"),
        (
            one(dhcp={"routes": [{"to": "fd00::/8", "via": "10.1.0.1"}]}),
            "/1/spec/subnets/0/dhcp/routes/0/to",
            "is not IPv4",
        ),
        (
            one(dhcp={"routes": [{"to": "10.0.0.0/8", "via": "10.9.0.1"}]}),
            "/1/spec/subnets/0/dhcp/routes/0/via",
            "10.9.0.1 is outside",
        ),
    ],
)
def test_a_contradiction_names_its_field(office: Desk, documents: tuple[Any, ...], pointer: str, words: str) -> None:
    errors = office.refused(*documents)
    assert words in errors[pointer], errors


def made(office: Desk) -> entities.Network:
    """The network that the last commit brought."""
    (found,) = [entity for entity in office.followed[-1][0] if isinstance(entity, entities.Network)]
    return found


def test_all_that_is_said_of_dhcp_reaches_the_compiler(office: Desk) -> None:
    dhcp = {
        "ranges": ["10.1.0.100 - 10.1.0.200"],
        "lease": 600,
        "dns": ["10.1.0.1", "192.0.2.53"],
        "domain": "Acme.Example",
        "search": ["a.example", "b.example"],
        "ntp": ["192.0.2.123"],
        "routes": [{"to": "0.0.0.0/0", "via": "10.1.0.254"}],
    }
    office.apply(*one(dhcp=dhcp))
    assert made(office).subnets == (
        entities.Subnet(
            "s",
            V4,
            "10.1.0.1",
            entities.Dhcp(
                lease=600,
                dns=("10.1.0.1", "192.0.2.53"),
                domain="acme.example",
                search=("a.example", "b.example"),
                ntp=("192.0.2.123",),
                routes=(("0.0.0.0/0", "10.1.0.254"),),
            ),
        ),
    )
    office.apply(port("p"))
    assert office.allocated("Port", "acme/p")["addresses"] == ["10.1.0.100"]


@pytest.mark.parametrize(
    ("subnet", "dhcp"),
    [
        ({}, None),
        ({"dhcp": {}}, entities.Dhcp()),
        ({"dhcp": {"enabled": False}}, None),
        ({"cidr": V6, "ra": "slaac"}, None),
        ({"cidr": V6, "ra": "stateful"}, entities.Dhcp()),
        ({"cidr": V6, "ra": "stateless"}, entities.Dhcp()),
        ({"cidr": V6, "ra": "stateful", "dhcp": {"enabled": False}}, None),
    ],
)
def test_dhcp_is_answered_where_machines_are_to_ask(
    office: Desk, subnet: dict[str, Any], dhcp: entities.Dhcp | None
) -> None:
    office.apply(*one(**subnet))
    assert made(office).subnets[0].dhcp == dhcp
    assert made(office).subnets[0].ra == subnet.get("ra", "none")


def test_what_machines_are_told_disturbs_no_port() -> None:
    kind = KINDS["Network"]
    usual, lease, gateway = (
        kind.spec.model_validate(document["spec"])
        for document in (one(dhcp={})[1], one(dhcp={"lease": 700})[1], one(gateway="10.1.0.9")[1])
    )
    assert not kind.disturbed(usual, lease)
    assert kind.disturbed(usual, gateway)
    assert kind.disturbed(None, usual)


def test_ranges_bound_what_is_given_even_where_nobody_answers_dhcp(office: Desk) -> None:
    office.apply(*one(dhcp={"enabled": False, "ranges": ["10.1.0.9-10.1.0.9", "10.1.0.20-10.1.0.20"]}))
    office.apply(port("a"), port("b"), port("outside", addresses=["10.1.0.50"]))
    assert [office.allocated("Port", f"acme/{name}")["addresses"] for name in "ab"] == [["10.1.0.9"], ["10.1.0.20"]]
    with pytest.raises(Conflict, match="no free IPv4 address"):
        office.put("Port", "acme/c", spec={"network": "web"})


def test_stateful_addresses_come_from_ranges_and_others_from_the_mac(office: Desk) -> None:
    ranges = {"ranges": ["fd00:1::100-fd00:1::1ff"]}
    office.apply(*one(cidr=V6, ra="stateful", dhcp=ranges), network("plain", V6))
    office.apply(port("a", mac="02:00:00:00:00:01"), port("b", on="plain", mac="02:00:00:00:00:01"))
    assert office.allocated("Port", "acme/a")["addresses"] == ["fd00:1::100"]
    assert office.allocated("Port", "acme/b")["addresses"] == ["fd00:1::ff:fe00:1"]


def test_a_nat_network_has_a_door_of_its_own(office: Desk) -> None:
    office.apply(project(), *(network(f"n{index}", V4, mode="nat") for index in range(20)))
    networks = [entity for entity in office.followed[-1][0] if isinstance(entity, entities.Network)]
    doors = [each.door for each in networks if each.door]
    assert len(doors) == 20
    for distinct in ({door.number for door in doors}, {door.mac for door in doors}, {d.addresses for d in doors}):
        assert len(distinct) == 20
    for door in doors:
        assert 1 <= door.number <= allocate.ROUTER_NUMBERS
        assert door.mac != "02:6e:65:74:6c:6f"
        for address, span in zip(door.addresses, HOST_LINK_SPANS, strict=True):
            assert span.lowest <= numbered(address)[1] <= span.highest
    lowest = min((door.addresses for door in doors), key=lambda pair: numbered(pair[0])[1])
    assert lowest == ("169.254.64.2", "fd6e:6574:6c6f::2")


def test_a_door_stays_until_the_mode_changes(office: Desk) -> None:
    office.apply(project(), network("web", V4, mode="nat"))
    door = made(office).door
    office.apply(network("web", V4, V6, mode="nat"))
    assert made(office).door == door
    office.apply(network("web", V4, mode="overlay"))
    assert made(office).door is None
    assert office.intent.claims.owner("host link", "169.254.64.2") is None


def test_a_host_only_network_has_the_hosts_mac(office: Desk) -> None:
    office.apply(project(), network("web", V4, mode="host-only"))
    mac = made(office).gateway_mac
    assert mac
    assert office.refused(port("p", mac=mac))["/0/spec/mac"] == f"MAC address {mac} is the gateway of Network acme/web"
    office.apply(network("web", V4, mode="internal"))
    assert made(office).gateway_mac is None


def test_a_bridged_network_is_known_by_its_segment(office: Desk) -> None:
    office.apply(project(), bridged("a", V4, physical_network="x", vlan=7))
    found = made(office)
    assert (found.mode, found.physical_network, found.vlan, found.mtu) == ("bridged", "x", 7, 1500)
    office.apply(bridged("b", physical_network="x"), bridged("c", physical_network="x", vlan=8))
    office.delete("Network", "acme/a")
    office.apply(bridged("d", physical_network="x", vlan=7))


def test_another_project_s_segment_is_not_told() -> None:
    with desk() as office:
        office.apply(project(), project("globex"), bridged("secret", physical_network="x", vlan=7))
        theirs = bridged("b", owner="globex", physical_network="x", vlan=7)
        assert office.refused(theirs)["/0/spec/vlan"] == "segment x VLAN 7 is taken by another project"


def test_what_is_not_tunnelled_has_the_segments_mtu() -> None:
    with desk(Underlay(mtu=9000, segment_mtu=1600)) as office:
        office.apply(project(), network("o", mode="overlay"), bridged("b"), network("h", mode="host-only", mtu=9100))
        found = {name: office.allocated("Network", f"acme/{name}")["mtu"] for name in "obh"}
    assert found == {"o": 8950, "b": 1600, "h": 9100}


def test_a_network_cannot_take_a_mode_that_its_router_contradicts(office: Desk) -> None:
    office.apply(project(), network("web", V4), router("edge", "web"))
    errors = office.refused(network("web", V4, mode="internal"))
    assert "Router acme/edge: network web is internal" in errors["/0/spec"]


def test_there_are_only_so_many_doors(office: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocate, "ROUTER_NUMBERS", 2)
    office.apply(project(), network("a", mode="nat"), router("edge"))
    with pytest.raises(Conflict, match="as many routers and nat networks as there can be"):
        office.put("Network", "acme/b", spec={"mode": "nat"})
    with pytest.raises(Conflict, match="as many routers as there can be"):
        office.put("Router", "acme/more")
