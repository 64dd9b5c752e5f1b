"""What stands outside for a port inside: floating IPs and port forwards, each once, none of them in another's way."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, bridged, desk, floating, forward, network, port, project, router

from controller import entities
from controller.errors import Conflict
from controller.intent.allocate import Underlay

A, V6 = "10.1.0.0/24", "fd00:1::/64"
OUT, OUT6 = "192.0.2.0/24", "2001:db8::/64"
PUBLIC = {"network": "public"}
BASE = (
    project(),
    network("a", A, V6),
    network("natted", "10.7.0.0/24", mode="nat"),
    bridged("public", OUT, OUT6),
    router("edge", "a", external=PUBLIC),
    port("p", on="a", addresses=["10.1.0.5", "10.1.0.6", "fd00:1::5"]),
    port("q", on="a", addresses=["10.1.0.7"]),
)


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        (floating("f", "p", on="a"), "/spec/network", "network a is overlay; nobody outside could reach"),
        (floating("f", "p", on="natted"), "/spec/network", "network natted is nat; nobody outside"),
        (floating("f", "p", address="198.51.100.7"), "/spec/address", "outside the network's subnets"),
        (floating("f", "p", address="192.0.2.255"), "/spec/address", "network or the broadcast"),
        (floating("f", "p", address="192.0.2.1"), "/spec/address", "is the gateway of Network acme/public"),
        (floating("f", "p", address="192.0.2.2"), "/spec/address", "is taken by Router acme/edge"),
        (floating("f", "p", private_address="10.1.0.7"), "/spec/private_address", "is no address of port p; it has 10"),
        (
            floating("f", "p", address="192.0.2.9", private_address="fd00:1::5"),
            "/spec/private_address",
            "different IP versions",
        ),
        (floating("f", private_address="10.1.0.5"), "/spec/private_address", "whose address is it?"),
        (forward("f", 0, router="edge"), "/spec/external_port", "there is no port 0; ports are 1 to 65535"),
        (forward("f", 65536, router="edge"), "/spec/external_port", "there is no port 65536"),
        (forward("f", 67890, router="edge"), "/spec/external_port", "there is no port 67890"),
        (forward("f", -1, router="edge"), "/spec/external_port", "there is no port -1"),
        (forward("f", "8010-8000", router="edge"), "/spec/external_port", "did you mean 8000-8010?"),
        (forward("f", "0-10", router="edge"), "/spec/external_port", "there is no port 0"),
        (forward("f", "8080", router="edge"), "/spec/external_port", "range of ports like 8000-8010"),
        (forward("f", True, router="edge"), "/spec/external_port", "must be a port, or a range"),  # noqa: FBT003
        (forward("f", 80, router="edge", internal_port=70000), "/spec/internal_port", "there is no port 70000"),
        (
            forward("f", "8000-8010", router="edge", internal_port="9000-9009"),
            "/spec/internal_port",
            "9000-9009 is 10 ports, outside are 11",
        ),
        (forward("f", "8000-8010", router="edge", internal_port=65526), "/spec/internal_port", "beyond 65535"),
        (forward("f", "8000-9000", router="edge"), "/spec/external_port", "1001 ports are more than the 1000"),
        (forward("f", 80, router="edge", protocol="icmp"), "/spec/protocol", "'tcp' or 'udp'"),
        (forward("f", 21, router="edge", protocol="udp", helper="ftp"), "/spec/helper", "ftp is of tcp"),
        (forward("f", 80), "/spec/router", "is required, or a network"),
        (forward("f", 8080, router="edge", network="natted"), "/spec/network", "not both"),
        (forward("f", 8080, network="a"), "/spec/network", "network a is overlay; hosts forward to nat"),
        (forward("f", 22, network="natted"), "/spec/external_port", "hosts keep the ports below 1024"),
        (forward("f", "4780-4790", network="natted"), "/spec/external_port", "hosts need port 4789 themselves"),
    ],
)
def test_a_contradiction_names_its_field(office: Desk, document: dict[str, Any], pointer: str, words: str) -> None:
    office.apply(*BASE)
    errors = office.refused(document)
    assert words in errors[f"/0{pointer}"], errors


def test_a_floating_ip_gets_an_address_and_stands_for_the_first_of_its_port(office: Desk) -> None:
    office.apply(*BASE, floating("f", "p"), floating("six", "p", private_address="fd00:1::5"))
    found: entities.FloatingIp = office.told("FloatingIP", "acme/f")
    assert (found.key, found.network, found.port) == ("acme/f", "acme/public", "acme/p")
    assert (found.address, found.private_address) == ("192.0.2.3", "10.1.0.5")
    six: entities.FloatingIp = office.told("FloatingIP", "acme/six")
    assert (six.address, six.private_address) == ("2001:db8::3", "fd00:1::5")
    assert found.mac != six.mac
    assert office.apply(floating("f", "p")).results[0].action == "unchanged"


def test_no_two_stand_for_one_address(office: Desk) -> None:
    office.apply(*BASE, floating("f", "p", address="192.0.2.20"))
    taken = office.refused(floating("g", "q", address="192.0.2.20"))
    assert taken["/0/spec/address"] == "address 192.0.2.20 is taken by FloatingIP acme/f"
    taken = office.refused(floating("g", "p", private_address="10.1.0.5"))
    assert taken["/0/spec/private_address"] == "private address 10.1.0.5 is taken by FloatingIP acme/f"
    assert "taken by FloatingIP acme/f" in office.refused(floating("g", "p"))["/0/spec/private_address"]
    taken = office.refused(port("r", on="public", addresses=["192.0.2.20"]))
    assert taken["/0/spec/addresses/0"] == "address 192.0.2.20 is taken by FloatingIP acme/f"
    office.apply(floating("g", "p", private_address="10.1.0.6"))


def test_a_floating_ip_given_twice_in_one_document_changes_nothing(office: Desk) -> None:
    office.apply(*BASE)
    both = (floating("f", "p", address="192.0.2.20"), floating("g", "q", address="192.0.2.20"))
    assert office.refused(*both) == {"/1/spec/address": "address 192.0.2.20 is taken by FloatingIP acme/f"}


def test_a_floating_ip_waits_for_whom_it_stands_for(office: Desk) -> None:
    office.apply(project(), bridged("public", OUT), floating("f", "p"), floating("kept"))
    assert office.told("FloatingIP", "acme/f").private_address is None
    assert office.told("FloatingIP", "acme/kept") is None
    assert office.allocated("FloatingIP", "acme/kept")["address"] == "192.0.2.3"
    office.apply(port("p", on="a"))
    assert office.told("FloatingIP", "acme/f").private_address is None
    outcome = office.apply(network("a", A))
    assert [(each.key[2], each.action) for each in outcome.results] == [
        ("a", "created"),
        ("p", "updated"),
        ("f", "updated"),
    ]
    assert office.told("FloatingIP", "acme/f").private_address == "10.1.0.2"


def test_a_floating_ip_waits_for_its_network(office: Desk) -> None:
    office.apply(project(), network("a", A), port("p", on="a"), floating("f", "p", address="192.0.2.9"))
    assert office.told("FloatingIP", "acme/f") is None
    outside = office.refused(bridged("public", "198.51.100.0/24"))
    assert outside["/0/spec"].startswith("FloatingIP acme/f: 192.0.2.9 is outside")
    assert "nobody outside could reach" in office.refused(network("public", OUT))["/0/spec"]
    office.apply(bridged("public", OUT))
    assert office.told("FloatingIP", "acme/f").address == "192.0.2.9"


def test_a_floating_ip_follows_its_port(office: Desk) -> None:
    office.apply(*BASE, floating("f", "q"), floating("fixed", "p", private_address="10.1.0.6"))
    office.apply(port("q", on="a", addresses=["10.1.0.77"]))
    assert office.told("FloatingIP", "acme/f").private_address == "10.1.0.77"
    office.apply(port("q", on="a", addresses=["fd00:1::7"]))
    assert office.told("FloatingIP", "acme/f").private_address is None
    gone = office.refused(port("p", on="a", addresses=["10.1.0.5"]))
    assert gone["/0/spec"] == "FloatingIP acme/fixed: 10.1.0.6 is no address of port p; it has 10.1.0.5"


def test_a_floating_ip_can_pass_to_another_port(office: Desk) -> None:
    office.apply(*BASE, floating("f", "p"))
    before = office.allocated("FloatingIP", "acme/f")
    office.apply(floating("f", "q"))
    assert office.allocated("FloatingIP", "acme/f") == {**before, "private": "10.1.0.7"}
    office.delete("Port", "acme/p")
    with pytest.raises(Conflict, match="Port acme/q is still used by FloatingIP acme/f"):
        office.delete("Port", "acme/q")


def test_addresses_outside_come_from_the_ranges_there_are(office: Desk) -> None:
    subnet = {"name": "s", "cidr": OUT, "dhcp": {"enabled": False, "ranges": ["192.0.2.100-192.0.2.101"]}}
    office.apply(project(), bridged("public", subnets=[subnet]), floating("f"), floating("g"))
    assert [office.allocated("FloatingIP", f"acme/{name}")["address"] for name in "fg"] == [
        "192.0.2.100",
        "192.0.2.101",
    ]
    with pytest.raises(Conflict, match="no free IPv4 address"):
        office.put("FloatingIP", "acme/h", spec={"network": "public"})


def test_a_forward_says_what_leads_where(office: Desk) -> None:
    office.apply(
        *BASE,
        forward("same", 443, router="edge"),
        forward("shifted", "8000-8010", router="edge", internal_port="9000-9010", protocol="udp"),
        forward("first", "7000-7010", router="edge", internal_port=65525),
        forward("ftp", 21, router="edge", helper="ftp"),
        forward("host", 8080, "q", network="natted", internal_port=80),
    )
    found = {name: office.told("PortForward", f"acme/{name}") for name in ("same", "shifted", "first", "ftp", "host")}
    assert {name: (each.via, each.protocol, each.ports, each.target) for name, each in found.items()} == {
        "same": ("acme/edge", "tcp", (443, 443), 443),
        "shifted": ("acme/edge", "udp", (8000, 8010), 9000),
        "first": ("acme/edge", "tcp", (7000, 7010), 65525),
        "ftp": ("acme/edge", "tcp", (21, 21), 21),
        "host": ("door:acme/natted", "tcp", (8080, 8080), 80),
    }
    assert (found["ftp"].helper, found["host"].port) == ("ftp", "acme/q")


@pytest.mark.parametrize("outer", [8005, "8005-8020", "7990-8000", "7000-7999"])
def test_forwards_collide_where_a_port_is_in_both(office: Desk, outer: int | str) -> None:
    office.apply(*BASE, router("other", external=PUBLIC), forward("f", "8000-8010", router="edge"))
    asked = forward("g", outer, "q", router="edge")
    if outer == "7000-7999":
        office.apply(asked)
    else:
        (message,) = office.refused(asked).values()
        assert "is taken by PortForward acme/f" in message
    office.apply(forward("udp", outer, router="edge", protocol="udp"), forward("elsewhere", outer, router="other"))


def test_the_hosts_ports_are_shared_by_all_projects(office: Desk) -> None:
    office.apply(*BASE, forward("f", 8080, network="natted"))
    theirs = network("n", A, owner="globex", mode="nat")
    office.apply(project("globex"), theirs, port("p", on="n", owner="globex"))
    taken = office.refused(forward("f", 8080, owner="globex", network="n"))
    assert taken == {"/0/spec/external_port": "port tcp 8080 is taken by another project"}


def test_a_router_that_leaves_by_the_hosts_takes_their_ports(office: Desk) -> None:
    office.apply(*BASE, forward("f", 8080, network="natted"), forward("g", 8080, router="edge"))
    moved = office.refused(router("edge", "a", external={"network": "natted"}))
    assert moved == {"/0/spec": "PortForward acme/g: port tcp 8080 is taken by PortForward acme/f"}
    office.apply(forward("g", 80, router="edge"))
    moved = office.refused(router("edge", "a", external={"network": "natted"}))
    assert moved == {"/0/spec": "PortForward acme/g: hosts keep the ports below 1024 for themselves"}
    office.apply(forward("g", 8081, router="edge"), router("edge", "a", external={"network": "natted"}))
    assert office.refused(forward("h", 8081, network="natted"))


def test_a_router_that_comes_later_takes_the_hosts_ports_then(office: Desk) -> None:
    office.apply(*BASE[:3], forward("f", 8080, network="natted"), forward("g", 8080, router="late"))
    leaving = router("late", "a", external={"network": "natted"})
    assert "PortForward acme/g: port tcp 8080 is taken" in office.refused(leaving)["/0/spec"]


def test_operators_say_which_ports_hosts_give_away() -> None:
    with desk(Underlay(forwarded_from=1, own_ports=frozenset({7070}))) as office:
        office.apply(*BASE, forward("f", 80, network="natted"))
        assert (
            "hosts need port 7070"
            in office.refused(forward("g", "7000-7100", network="natted"))["/0/spec/external_port"]
        )


def test_a_port_can_pass_from_one_forward_to_another_in_one_apply(office: Desk) -> None:
    office.apply(*BASE, forward("f", 80, router="edge"), forward("g", 81, router="edge"))
    office.apply(forward("f", 81, router="edge"), forward("g", 80, router="edge"))
    office.delete("PortForward", "acme/g")
    office.apply(forward("h", 80, router="edge"))
