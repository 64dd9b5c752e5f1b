"""What cannot be is refused with the field that is wrong, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, desk, network, port, project

from controller.errors import Conflict, NotFound, UserError
from controller.intent.allocate import Underlay
from controller.intent.kinds import KINDS
from controller.intent.kinds.project import Quotas

V4 = "10.1.0.0/24"
BASE = (project(), network("web", V4))


@pytest.mark.parametrize(
    ("documents", "pointer", "words"),
    [
        ((project(), network("web", V4, "10.1.0.128/25")), "/1/spec/subnets/1/cidr", "overlaps 10.1.0.0/24"),
        ((project(), network("web", V4, vni=0)), "/1/spec/vni", "greater than or equal to 1"),
        ((project(), network("web", V4, vni=1 << 24)), "/1/spec/vni", "less than or equal to 16777215"),
        ((project(), network("web", V4, mtu=1500)), "/1/spec/mtu", "leaves 1450 in vxlan"),
        ((project(), network("web", V4, mtu=1443, encap="geneve")), "/1/spec/mtu", "leaves 1442 in geneve"),
        ((project(), network("web", "fd00::/64", mtu=1279)), "/1/spec/mtu", "IPv6"),
        ((project(), network("web", V4, mode="routed")), "/1/spec/mode", "'overlay', 'internal', 'nat'"),
        ((project(), network("web", "10.1.0.7/24")), "/1/spec/subnets/0/cidr", "did you mean 10.1.0.0/24?"),
        ((project(), network("web", "224.0.0.0/24")), "/1/spec/subnets/0/cidr", "multicast"),
        (
            (project(), network("a", V4, vni=7), network("b", V4, vni=7)),
            "/2/spec/vni",
            "VNI 7 is taken by Network acme/a",
        ),
        ((*BASE, port("p", addresses=["10.2.0.5"])), "/2/spec/addresses/0", "outside the network's subnets"),
        ((*BASE, port("p", addresses=["10.1.0.0"])), "/2/spec/addresses/0", "network or the broadcast"),
        ((*BASE, port("p", addresses=["10.1.0.255"])), "/2/spec/addresses/0", "network or the broadcast"),
        ((*BASE, port("p", addresses=["10.1.0.1"])), "/2/spec/addresses/0", "gateway of Network acme/web"),
        ((*BASE, port("p", addresses=["10.1.0.5", "10.1.0.5"])), "/2/spec/addresses/1", "given twice"),
        ((*BASE, port("p", mac="01:00:00:00:00:01")), "/2/spec/mac", "unicast"),
        ((*BASE, port("p", mac="00:00:00:00:00:00")), "/2/spec/mac", "not a usable"),
        ((*BASE, port("p", security_groups=["a", "b", "a"])), "/2/spec/security_groups/2", "a is given twice"),
        ((*BASE, port("p", named_ports={"web": {"port": 70000}})), "/2/spec/named_ports/web/port", "65535"),
        ((*BASE, port("p", named_ports={"80": {"port": 80}})), "/2/spec/named_ports/80", "with a letter among them"),
        (
            (*BASE, port("p", named_ports={"a": {"protocol": "icmp", "port": 1}})),
            "/2/spec/named_ports/a/protocol",
            "tcp",
        ),
        ((*BASE, port("p", qos="gold")), "/2/spec/qos", "not supported yet"),
        ((*BASE, port("p", port_security="yes")), "/2/spec/port_security", "valid boolean"),
        ((*BASE, port("p", colour="red")), "/2/spec/colour", "unknown field"),
        ((*BASE, {"kind": "Port", "project": "acme", "name": "p", "spec": {}}), "/2/spec/network", "is required"),
        ((*BASE, {"kind": "Prt", "name": "p"}), "/2/kind", "must be one of"),
        ((*BASE, port("P_")), "/2/name", "must be 1 to 63"),
        ((*BASE, port("p", labels={"a b": "c"})), "/2/labels/a b", "must be 1 to 128"),
        ((*BASE, port("p", owner="nobody")), "/2/project", "does not exist"),
        ((*BASE, port("p"), port("p")), "/3/name", "first at /2"),
    ],
)
def test_a_contradiction_names_its_field(office: Desk, documents: tuple[Any, ...], pointer: str, words: str) -> None:
    errors = office.refused(*documents)
    assert words in errors[pointer], errors


def test_all_errors_of_all_documents_are_told_together(office: Desk) -> None:
    errors = office.refused(project("A"), network("web", "nonsense", vni=0), port("p", mac="zz", addresses=["x", "y"]))
    assert errors.keys() == {
        "/0/name",
        "/1/spec/vni",
        "/1/spec/subnets/0/cidr",
        "/2/spec/mac",
        "/2/spec/addresses/0",
        "/2/spec/addresses/1",
    }


def test_one_wrong_port_of_ten_thousand_changes_nothing(office: Desk) -> None:
    office.apply(project(), network("web", "10.0.0.0/16"))
    ports = [port(f"p{index}") for index in range(10_000)]
    ports[7_777] = port("p7777", addresses=["10.1.0.1"])
    assert office.refused(*ports).keys() == {"/7777/spec/addresses/0"}


def test_what_others_have_is_a_conflict(office: Desk) -> None:
    office.apply(
        *BASE, port("a", addresses=["10.1.0.9"], mac="02:00:00:00:00:09", binding={"chassis": "s1", "interface": "e1"})
    )
    with pytest.raises(Conflict, match=r"address 10\.1\.0\.9 is taken by Port acme/a"):
        office.put("Port", "acme/b", spec={"network": "web", "addresses": ["10.1.0.9"]})
    with pytest.raises(Conflict, match="MAC address 02:00:00:00:00:09 is taken by Port acme/a"):
        office.put("Port", "acme/b", spec={"network": "web", "mac": "02:00:00:00:00:09"})
    with pytest.raises(Conflict, match="interface s1/e1 is taken by Port acme/a"):
        office.put("Port", "acme/b", spec={"network": "other", "binding": {"chassis": "s1", "interface": "e1"}})


def test_another_project_is_not_named(office: Desk) -> None:
    office.apply(project(), network("secret", vni=5), project("globex"))
    with pytest.raises(Conflict, match="VNI 5 is taken by another project"):
        office.put("Network", "globex/n", spec={"vni": 5})


def test_a_network_keeps_the_subnets_that_its_ports_need(office: Desk) -> None:
    office.apply(*BASE, port("auto"), port("fixed", addresses=["10.1.0.77"]))
    with pytest.raises(Conflict) as refused:
        office.put("Network", "acme/web", spec={"subnets": [{"name": "s0", "cidr": "10.9.0.0/24"}]})
    messages = [error.message for error in refused.value.errors]
    assert {error.pointer for error in refused.value.errors} == {"/spec"}
    assert any(message.startswith("Port acme/auto: 10.1.0.2 is outside") for message in messages)
    assert any(message.startswith("Port acme/fixed: 10.1.0.77 is outside") for message in messages)


def test_a_gateway_cannot_take_a_port_s_address(office: Desk) -> None:
    office.apply(*BASE, port("p", addresses=["10.1.0.77"]))
    with pytest.raises(Conflict):
        office.put("Network", "acme/web", spec={"subnets": [{"name": "s0", "cidr": V4, "gateway": "10.1.0.77"}]})


def test_what_is_used_stays(office: Desk) -> None:
    office.apply(*BASE, *(port(f"p{index}") for index in range(8)))
    with pytest.raises(Conflict, match=r"Network acme/web is still used by Port acme/p0, .* and 3 more"):
        office.delete("Network", "acme/web")
    with pytest.raises(Conflict, match="Project acme is still used by Network acme/web"):
        office.delete("Project", "acme")


def test_quotas_bound_what_is_created_and_nothing_else(office: Desk) -> None:
    office.apply(project(quotas={"networks": 1, "ports": 2}), network("web", V4), port("a"), port("b"))
    with pytest.raises(Conflict, match="quota of project acme is 2 ports; this would make 3"):
        office.put("Port", "acme/c", spec={"network": "web"})
    with pytest.raises(Conflict, match="1 networks; this would make 2"):
        office.put("Network", "acme/db")
    office.put("Port", "acme/a", labels={"still": "editable"}, spec={"network": "web"})
    office.put("Project", "acme", spec={"quotas": {"ports": 1}})
    office.delete("Port", "acme/a")


def test_there_is_a_quota_for_every_kind_that_projects_have() -> None:
    assert {kind.plural for kind in KINDS.values() if kind.scoped} <= Quotas.model_fields.keys()


def test_a_project_in_the_path_must_exist(office: Desk) -> None:
    with pytest.raises(NotFound, match="project nobody does not exist"):
        office.put("Port", "nobody/p", spec={"network": "web"})


def test_no_address_left_is_told(office: Desk) -> None:
    office.apply(project(), network("web", "10.1.0.0/30"), port("only"))
    with pytest.raises(Conflict, match="no free IPv4 address"):
        office.put("Port", "acme/more", spec={"network": "web"})


def test_an_ipv6_underlay_leaves_less() -> None:
    with desk(Underlay(mtu=1500, ip=6, encap="gre")) as office:
        office.apply(project(), network("web", V4))
        assert office.allocated("Network", "acme/web")["mtu"] == 1438
        with pytest.raises(UserError, match="leaves 1438 in gre"):
            office.put("Network", "acme/web", spec={"mtu": 1439})
