"""Ports of several projects on one shared network: they meet there, as those of Kubernetes' namespaces do."""

from __future__ import annotations

import pytest
from desk import Desk, desk, floating, network, port, project, router

from controller.entities import FloatingIp
from controller.errors import Conflict

NET = "10.1.0.0/24"
PROJECTS = (project(), project("globex"), project("initech"))
SHARED = network("pods", NET, shared=True)
PRIVATE = network("pods", NET)


def test_ports_of_several_projects_share_a_network_and_no_address(office: Desk) -> None:
    office.apply(
        *PROJECTS, SHARED, port("p", on="pods"), *(port("p", on="acme/pods", owner=o) for o in ("globex", "initech"))
    )
    ports = [office.told("Port", f"{owner}/p") for owner in ("acme", "globex", "initech")]
    assert {each.network for each in ports if each} == {"acme/pods"}
    assert [each.project for each in ports if each] == ["acme", "globex", "initech"]
    assert sorted(each.addresses for each in ports if each) == [("10.1.0.2",), ("10.1.0.3",), ("10.1.0.4",)]
    assert len({each.mac for each in ports if each}) == 3
    message = "is taken by another project"
    twin = port("q", on="acme/pods", owner="globex", addresses=["10.1.0.2"])
    assert message in next(iter(office.refused(twin).values()))
    twin = port("q", on="acme/pods", owner="globex", mac=next(each.mac for each in ports if each))
    assert message in next(iter(office.refused(twin).values()))


@pytest.mark.parametrize("mode", ["overlay", "internal"])
def test_a_port_waits_for_a_network_to_be_shared_and_holds_it_then(office: Desk, mode: str) -> None:
    office.apply(*PROJECTS, network("pods", NET, mode=mode), port("p", on="acme/pods", owner="globex"))
    assert office.told("Port", "globex/p") is None
    office.apply(network("pods", NET, mode=mode, shared=True))
    found = office.told("Port", "globex/p")
    assert found is not None
    assert found.addresses == ("10.1.0.2",)
    used = "Network acme/pods is still used by 1 resource of other projects"
    assert office.refused(network("pods", NET, mode=mode)) == {"/0/spec/shared": used}
    with pytest.raises(Conflict, match=used):
        office.delete("Network", "acme/pods")
    office.delete("Port", "globex/p")
    office.apply(network("pods", NET, mode=mode))
    office.delete("Network", "acme/pods")


def test_a_nat_network_has_ports_of_its_own_project_only(office: Desk) -> None:
    natted = network("pods", NET, mode="nat", shared=True)
    message = "network acme/pods is nat; only its own project has ports there"
    assert office.refused(*PROJECTS, natted, port("p", on="acme/pods", owner="globex")) == {"/4/spec/network": message}
    office.apply(*PROJECTS, natted, port("p", on="acme/pods"))
    office.apply(port("p", on="pods"))
    office.delete("Port", "acme/p")
    office.apply(SHARED, port("p", on="acme/pods", owner="globex"))
    assert office.refused(natted) == {"/0/spec": "what other projects have of it contradicts this"}


def test_a_port_that_waits_is_never_in_the_way_of_sharing(office: Desk) -> None:
    office.apply(*PROJECTS, PRIVATE, port("p", on="pods", addresses=["10.1.0.9"]))
    office.apply(port("p", on="acme/pods", owner="globex", addresses=["10.1.0.9"]))
    office.apply(SHARED)
    assert office.told("Port", "globex/p") is None
    office.apply(port("p", on="pods", addresses=["10.1.0.8"]), port("p", on="acme/pods", owner="globex"))
    assert office.told("Port", "globex/p") is not None


def test_an_address_that_a_port_of_another_project_freed_rests() -> None:
    with desk(quarantine=60) as office:
        office.apply(*PROJECTS, SHARED, port("p", on="acme/pods", owner="globex"))
        office.delete("Port", "globex/p")
        office.apply(port("p", on="pods"))
        assert office.allocated("Port", "acme/p")["addresses"] == ["10.1.0.3"]


def test_a_port_that_moves_to_another_projects_network_has_new_addresses_and_its_floating_ip_follows(
    office: Desk,
) -> None:
    public = network("public", "192.0.2.0/24", mode="bridged", physical_network="out", shared=True)
    own = (network("web", "10.2.0.0/24", owner="globex"), port("p", owner="globex", on="web"))
    office.apply(*PROJECTS, SHARED, public, router("edge", "pods", external={"network": "public"}))
    office.apply(*own, floating("f", "p", on="acme/public", owner="globex"))
    office.apply(port("p", owner="globex", on="acme/pods"))
    found = office.told("Port", "globex/p")
    assert found is not None
    assert found.addresses == ("10.1.0.2",)
    (moved,) = (each for each in office.followed[-1][0] if isinstance(each, FloatingIp))
    assert (moved.port, moved.private_address) == ("globex/p", "10.1.0.2")


def test_ports_count_against_the_quota_of_their_own_project(office: Desk) -> None:
    office.apply(project(), project("globex", quotas={"ports": 1}), SHARED, port("p", on="acme/pods", owner="globex"))
    office.apply(*(port(f"p{index}", on="pods") for index in range(5)))
    assert "the quota of project globex is 1 ports" in office.refused(port("q", on="acme/pods", owner="globex"))["/0"]


def test_a_port_has_groups_and_names_its_ports(office: Desk) -> None:
    names = {"web": {"port": 80}, "dns": {"protocol": "udp", "port": 53}}
    office.apply(*PROJECTS, PRIVATE, port("p", on="pods", security_groups=["web", "base"], named_ports=names))
    found = office.told("Port", "acme/p")
    assert found is not None
    assert found.groups == ("acme/base", "acme/web")
    assert found.named_ports == (("dns", 17, 53), ("web", 6, 80))
