"""Networks that a project shares: others leave by them and have addresses of them, and learn nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, bridged, desk, floating, forward, network, port, project, router

from controller import entities
from controller.errors import Conflict, UserError
from controller.intent.proposal import Outcome

A, OUT, OUT6 = "10.1.0.0/24", "192.0.2.0/24", "2001:db8::/64"
PUBLIC = {"network": "acme/public"}
SHARED = bridged("public", OUT, shared=True)
PRIVATE = bridged("public", OUT)
PROJECTS = (project(), project("globex"))


def theirs(**external: Any) -> tuple[dict[str, Any], ...]:
    """Another project's network and port, as everybody has them, and its router."""
    return (
        network("web", A, owner="globex"),
        port("p", owner="globex", addresses=["10.1.0.5"]),
        router("edge", "web", owner="globex", external=PUBLIC | external),
    )


def changed(outcome: Outcome) -> set[str]:
    return {f"{each.key[1]}/{each.key[2]}" for each in outcome.results if each.changed}


def why(office: Desk, *asked: dict[str, Any]) -> str:
    """The only reason for which an apply is refused."""
    (message,) = office.refused(*asked).values()
    return message


def test_two_tenants_leave_by_one_segment_and_have_different_addresses(office: Desk) -> None:
    own = (network("web", A), router("edge", "web", external={"network": "public"}))
    office.apply(*PROJECTS, SHARED, *own, *theirs(), floating("f", "p", on="acme/public", owner="globex"))
    ours, other = office.told("Router", "acme/edge").external, office.told("Router", "globex/edge").external
    assert (ours.network, ours.addresses) == ("acme/public", ("192.0.2.2",))
    assert (other.network, other.addresses) == ("acme/public", ("192.0.2.3",))
    found: entities.FloatingIp = office.told("FloatingIP", "globex/f")
    assert (found.network, found.address, found.port) == ("acme/public", "192.0.2.4", "globex/p")
    assert found.private_address == "10.1.0.5"


def test_a_nat_network_can_be_shared_too(office: Desk) -> None:
    office.apply(*PROJECTS, network("public", "10.7.0.0/24", mode="nat", shared=True), *theirs())
    found = office.allocated("Router", "globex/edge")
    assert (found["by_host"], found["external_addresses"][0][:11]) == (True, "169.254.64.")
    message = why(office, forward("f", 22, owner="globex", router="edge"))
    assert message == "hosts keep the ports below 1024 for themselves"


def test_what_each_host_has_for_itself_cannot_be_shared(office: Desk) -> None:
    errors = office.refused(project(), network("web", mode="host-only", shared=True))
    assert errors["/1/spec/shared"] == "host-only networks cannot be shared"


def test_a_projects_own_network_may_be_named_with_its_project(office: Desk) -> None:
    office.apply(project(), PRIVATE, router("edge", external={"network": "public"}))
    before = office.allocated("Router", "acme/edge")
    assert office.apply(router("edge", external=PUBLIC)).results[0].action == "updated"
    assert office.allocated("Router", "acme/edge") == before
    message = "network public is one of the interfaces already"
    assert message in office.refused(router("edge", "public", external=PUBLIC))["/0/spec/external/network"]


@pytest.mark.parametrize(
    "document",
    [
        router("r", "acme/public", owner="globex"),
        forward("f", 8080, owner="globex", network="acme/public"),
        forward("f", 8080, owner="globex", router="acme/edge"),
        floating("f", "acme/p", owner="globex"),
        router("r", owner="globex", external={"network": "acme/public/x"}),
        router("r", owner="globex", external={"network": "/public"}),
    ],
)
def test_nothing_else_of_another_project_can_be_named(office: Desk, document: dict[str, Any]) -> None:
    office.apply(*PROJECTS, SHARED)
    assert "must be" in why(office, document)


def test_a_network_that_is_not_shared_is_as_one_that_is_not_there(office: Desk) -> None:
    floats = floating("f", "p", on="acme/public", owner="globex", address="192.0.2.9")
    waiting = (*theirs(address="192.0.2.1"), floats)
    office.apply(*PROJECTS, *waiting)
    unknown = {
        kind: office.allocated(kind, f"globex/{name}") for kind, name in (("Router", "edge"), ("FloatingIP", "f"))
    }
    assert changed(office.apply(PRIVATE)) == {"acme/public"}
    assert changed(office.apply(*waiting)) == set()
    assert unknown == {
        kind: office.allocated(kind, f"globex/{name}") for kind, name in (("Router", "edge"), ("FloatingIP", "f"))
    }
    assert office.told("Router", "globex/edge").external is None
    assert office.told("FloatingIP", "globex/f") is None
    office.apply(port("q", on="public", addresses=["192.0.2.9"], mac=unknown["Router"]["mac"]))
    office.delete("Port", "acme/q")
    office.delete("Network", "acme/public")


def test_who_waited_for_a_shared_network_gets_it_when_it_comes(office: Desk) -> None:
    office.apply(*PROJECTS, *theirs(), floating("f", "p", on="acme/public", owner="globex"), PRIVATE)
    assert changed(office.apply(SHARED)) == {"acme/public", "globex/edge", "globex/f"}
    assert office.told("Router", "globex/edge").external.addresses == ("192.0.2.2",)
    assert office.told("FloatingIP", "globex/f").private_address == "10.1.0.5"


def test_who_waits_is_never_in_the_way_of_sharing(office: Desk) -> None:
    """The gateway, a machine's address, a block that overlaps, a port that hosts keep: asked for by others before."""
    office.apply(
        *PROJECTS,
        *theirs(address="192.0.2.1"),
        floating("f", on="acme/public", owner="globex", address="192.0.2.7"),
        network("twin", "192.0.2.128/25", owner="globex"),
        router("twin", "twin", owner="globex", external=PUBLIC),
        router("good", owner="globex", external=PUBLIC),
        router("outside", owner="globex", external=PUBLIC | {"address": "203.0.113.1"}),
    )
    outcome = office.apply(SHARED, port("q", on="public", addresses=["192.0.2.7"]), port("r", on="public"))
    assert changed(outcome) == {"acme/public", "acme/q", "acme/r", "globex/good"}
    assert office.told("Router", "globex/edge").external is None
    assert office.allocated("Router", "globex/edge")["interfaces"][0]["addresses"] == ["10.1.0.1"]
    office.apply(network("web", A, "10.2.0.0/24", owner="globex"))
    assert office.allocated("Router", "globex/edge")["interfaces"][0]["addresses"] == ["10.1.0.1", "10.2.0.1"]
    message = why(office, router("edge", "web", owner="globex", external=PUBLIC | {"address": "192.0.2.1"}))
    assert message == "address 192.0.2.1 is taken by another project"
    office.apply(router("good", owner="globex"))
    office.delete("Port", "acme/q")
    office.delete("Port", "acme/r")
    office.delete("Network", "acme/public")


def test_a_forward_of_who_waits_is_not_in_the_way_either(office: Desk) -> None:
    office.apply(*PROJECTS, *theirs(), forward("low", 80, owner="globex", router="edge"))
    natted = network("public", "10.7.0.0/24", mode="nat", shared=True)
    assert changed(office.apply(natted)) == {"acme/public"}
    assert not office.allocated("PortForward", "globex/low")["by_host"]
    office.delete("PortForward", "globex/low")
    assert changed(office.apply(*theirs())) == {"globex/edge"}


def test_what_others_use_is_neither_unshared_nor_deleted(office: Desk) -> None:
    office.apply(*PROJECTS, SHARED, *theirs(), floating("f", on="acme/public", owner="globex"))
    office.apply(router("mine", external={"network": "public"}))
    used = "Network acme/public is still used by"
    assert office.refused(PRIVATE) == {"/0/spec/shared": f"{used} 2 resources of other projects"}
    with pytest.raises(Conflict, match=f"{used} Router acme/mine and by 2 resources of other"):
        office.delete("Network", "acme/public")
    office.apply(router("mine"), router("edge", "web", owner="globex"))
    with pytest.raises(Conflict, match="by 1 resource of other projects"):
        office.delete("Network", "acme/public")
    assert changed(office.apply(PRIVATE, floating("f", on="none", owner="globex"))) == {"acme/public", "globex/f"}


def test_an_address_is_one_tenants_and_whose_is_not_told(office: Desk) -> None:
    office.apply(*PROJECTS, SHARED, *theirs(), floating("f", on="acme/public", owner="globex", address="192.0.2.9"))
    taken = "address {} is taken by another project"
    assert why(office, port("q", on="public", addresses=["192.0.2.9"])) == taken.format("192.0.2.9")
    assert why(office, floating("g", address="192.0.2.2")) == taken.format("192.0.2.2")
    mine = router("mine", external={"network": "public", "address": "192.0.2.9"})
    assert why(office, mine) == taken.format("192.0.2.9")
    office.apply(port("q", on="public", addresses=["192.0.2.30"]))
    greedy = floating("g", on="acme/public", owner="globex", address="192.0.2.30")
    assert why(office, greedy) == taken.format("192.0.2.30")
    office.apply(router("edge", "web", owner="globex"))
    office.apply(port("r", on="public", addresses=["192.0.2.2"]))


@pytest.mark.parametrize(
    "change",
    [
        bridged("public", "198.51.100.0/24", shared=True),
        bridged("public", OUT, "10.1.0.0/16", shared=True),
        network("public", OUT, mode="nat", shared=True),
    ],
)
def test_what_others_contradict_is_refused_without_naming_them(office: Desk, change: dict[str, Any]) -> None:
    floats = floating("f", on="acme/public", owner="globex", address="192.0.2.9")
    office.apply(*PROJECTS, SHARED, *theirs(address="192.0.2.8"), floats)
    assert office.refused(change) == {"/0/spec": "what other projects have of it contradicts this"}


def test_a_further_subnet_gives_everybody_an_address(office: Desk) -> None:
    office.apply(*PROJECTS, SHARED, *theirs())
    office.apply(bridged("public", OUT, OUT6, shared=True))
    assert office.told("Router", "globex/edge").external.addresses == ("192.0.2.2", "2001:db8::2")


def test_a_shared_network_without_subnets_is_waited_for(office: Desk) -> None:
    office.apply(*PROJECTS, bridged("public", shared=True), *theirs())
    assert office.told("Router", "globex/edge").external is None
    assert changed(office.apply(SHARED)) == {"acme/public", "globex/edge"}


def test_an_address_that_another_project_freed_rests() -> None:
    with desk(quarantine=60) as office:
        office.apply(*PROJECTS, SHARED, floating("f", on="acme/public", owner="globex"))
        assert office.allocated("FloatingIP", "globex/f")["address"] == "192.0.2.2"
        office.delete("FloatingIP", "globex/f")
        office.apply(floating("mine"))
        assert office.allocated("FloatingIP", "acme/mine")["address"] == "192.0.2.3"


def test_a_project_that_shares_goes_last(office: Desk) -> None:
    office.apply(*PROJECTS, SHARED, *theirs())
    with pytest.raises(UserError, match="Network acme/public"):
        office.delete("Project", "acme")
