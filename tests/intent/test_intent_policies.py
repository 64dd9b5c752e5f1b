"""Policies, groups and tiers as they are written, and what they mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desk import Desk, address_group, allowing, network, policy, port, project, security_group, tier

from controller.errors import Conflict
from controller.policy import tiers
from controller.policy.values import AddressGroup, Block, Listed, Machines, Policy, Requirement, Rule, Service, Tier

WEB = Requirement("app", "In", ("web",))


def last(office: Desk, kind: type) -> Any:
    """The one entity of a type that the compiler was told of last."""
    (found,) = (each for each in office.followed[-1][0] if isinstance(each, kind))
    return found


def rule(office: Desk, **spec: Any) -> Rule:
    """What an ingress rule means, written with its peers as ``peers``."""
    office.apply(project(), allowing(**spec))
    found: Policy = last(office, Policy)
    assert found.ingress is not None
    return found.ingress[0]


def test_the_policy_of_the_contract_is_read_as_it_stands(office: Desk) -> None:
    rules = [
        {
            "action": "allow",
            "from": [{"labels": {"app": "web"}}],
            "protocol": "tcp",
            "ports": [5432],
            "log": False,
            "name": "pg",
        },
        {"action": "deny", "from": [{"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}]},
    ]
    spec = {"tier": "application", "priority": 100, "mode": "audit", "established": "cut", "egress": []}
    office.apply(project(), policy("web-to-db", {"labels": {"app": "db"}}, ingress=rules, **spec))
    found: Policy = last(office, Policy)
    assert (found.key, found.kind, found.project, found.name) == (
        "Policy:acme/web-to-db",
        "Policy",
        "acme",
        "web-to-db",
    )
    assert (found.tier, found.priority, found.audit, found.cut) == ("application", 100, True, True)
    assert found.applied_to == (Machines(("acme",), labels=(Requirement("app", "In", ("db",)),)),)
    assert found.ingress == (
        Rule("pg", "allow", (Machines(("acme",), labels=(WEB,)),), (Service(6, ((5432, 5432),)),)),
        Rule("1", "deny", (Block("10.0.0.0/8", ("10.9.0.0/16",)),)),
    )
    assert found.egress is None


def test_what_is_left_out_has_its_default(office: Desk) -> None:
    office.apply(project(), policy(egress=[{"action": "reject"}]))
    found: Policy = last(office, Policy)
    assert (found.tier, found.priority, found.audit, found.cut) == (tiers.APPLICATION, 500, False, False)
    assert (found.applied_to, found.ingress) == ((Machines(("acme",)),), None)
    assert found.egress == (Rule("0", "reject", None),)


@pytest.mark.parametrize("anybody", ["any", ["any"], {"any": True}, [{"any": True}], [{"cidr": "10.0.0.0/8"}, "any"]])
def test_anybody_can_be_said_in_several_ways(office: Desk, anybody: Any) -> None:
    assert rule(office, peers=anybody).peers is None


@pytest.mark.parametrize(
    ("peer", "meant"),
    [
        ({"group": "g"}, (Machines(("acme",), groups=("acme/g",)), Listed("acme/g"))),
        ({"group": "g", "labels": {"app": "web"}}, (Machines(("acme",), labels=(WEB,), groups=("acme/g",)),)),
        ({"networks": ["b", "a"], "network": "b"}, (Machines(("acme",), networks=("acme/a", "acme/b")),)),
        ({"port": "p"}, (Machines(("acme",), ports=("acme/p",)),)),
        ({"project": "globex"}, (Machines(("globex",)),)),
        ({"project": "globex", "group": "g"}, (Machines(("globex",), groups=("globex/g",)),)),
        ({"projects": {}}, (Machines(None),)),
        ({"projects": {"labels": {"app": "web"}}}, (Machines(None, (WEB,)),)),
        ({"projects": {"labels": {"app": "web"}}, "labels": {"app": "web"}}, (Machines(None, (WEB,), (WEB,)),)),
        ({"cidr": "FD00::/8"}, (Block("fd00::/8"),)),
        ({"cidr": "224.0.0.0/4"}, (Block("224.0.0.0/4"),)),
    ],
)
def test_peers_mean_what_they_say(office: Desk, peer: dict[str, Any], meant: tuple[object, ...]) -> None:
    assert rule(office, peers=peer).peers == meant
    assert rule(office, peers=[peer, peer]).peers == meant


def test_conditions_on_labels_are_one_however_they_are_written(office: Desk) -> None:
    terms = [
        {"key": "tier", "operator": "Exists"},
        {"key": "env", "operator": "NotIn", "values": ["test", "dev", "test"]},
        {"key": "app", "operator": "In", "values": ["web"]},
    ]
    expected = (WEB, Requirement("env", "NotIn", ("dev", "test")), Requirement("tier", "Exists"))
    assert rule(office, peers={"expressions": terms}).peers == (Machines(("acme",), labels=expected),)
    pairs = {"expressions": terms[1::-1], "labels": {"app": "web"}}
    assert rule(office, peers=pairs).peers == (Machines(("acme",), labels=expected),)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ({}, ()),
        ({"protocol": "any"}, ()),
        ({"protocol": "udp"}, (Service(17),)),
        ({"protocol": 47}, (Service(47),)),
        (
            {"protocol": "tcp", "ports": [443, "8000-8100", 80, 8050, 81]},
            (Service(6, ((80, 81), (443, 443), (8000, 8100))),),
        ),
        ({"protocol": "sctp", "ports": [7], "source_ports": ["1-2"]}, (Service(132, ((7, 7),), ((1, 2),)),)),
        ({"protocol": "tcp", "ports": ["web", 80]}, (Service(6, ((80, 80),), (), ("web",)),)),
        ({"protocol": "icmp", "types": [8, {"type": 3, "code": 4}]}, (Service(1, ((0x304, 0x304), (0x800, 0x8FF))),)),
        ({"protocol": "icmpv6", "types": [{"type": 128}]}, (Service(58, ((0x8000, 0x80FF),)),)),
    ],
)
def test_services_mean_what_they_say(office: Desk, spec: dict[str, Any], meant: tuple[Service, ...]) -> None:
    assert rule(office, **spec).services == meant


def test_what_was_written_is_stored_and_read_again_as_it_was(office: Desk) -> None:
    asked = allowing(peers=[{"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}, {"labels": {"app": "web"}}, "any"])
    office.apply(project(), asked)
    (row,) = (row for row in office.database.rows.values() if row.kind == "Policy")
    assert json.loads(row.spec)["ingress"][0]["from"] == asked["spec"]["ingress"][0]["from"]
    again = office.put("Policy", "acme/p", spec=json.loads(row.spec))
    assert [result.action for result in again.results] == ["unchanged"]
    assert office.patch("Policy", "acme/p", {"spec": {"mode": "enforce"}}).results[0].action == "unchanged"


def test_a_security_group_is_a_policy_for_its_members_and_speaks_of_both_directions(office: Desk) -> None:
    rules = (
        {"direction": "ingress", "protocol": "tcp", "ports": [80, "8000-8100"], "from": {"group": "g"}},
        {"direction": "egress", "to": [{"cidr": "10.0.0.0/8"}], "name": "out"},
        {"direction": "ingress"},
    )
    office.apply(project(), security_group("g", *rules))
    found: Policy = last(office, Policy)
    assert (found.key, found.kind, found.tier) == ("SecurityGroup:acme/g", "SecurityGroup", tiers.SECURITY_GROUPS)
    assert found.applied_to == (Machines(("acme",), groups=("acme/g",)),)
    assert found.ingress is not None
    assert [(each.name, each.action) for each in found.ingress] == [("0", "allow"), ("2", "allow")]
    assert found.egress == (Rule("out", "allow", (Block("10.0.0.0/8"),)),)
    office.apply(security_group("g"))
    closed: Policy = last(office, Policy)
    assert (closed.ingress, closed.egress) == ((), ())


def test_an_address_group_is_its_blocks(office: Desk) -> None:
    office.apply(project(), address_group("a", "10.0.0.0/8", "FD00::/64", "10.0.0.0/8"))
    found: AddressGroup = last(office, AddressGroup)
    assert (found.key, found.cidrs) == ("acme/a", ("10.0.0.0/8", "fd00::/64"))
    office.apply(address_group("a"))
    assert last(office, AddressGroup).cidrs == ()


def test_tiers_come_and_go_with_their_policies(office: Desk) -> None:
    office.apply(project(), policy(tier="edge"), tier("edge", 10, default="deny"))
    assert last(office, Tier) == Tier("edge", 10, "deny")
    assert last(office, Policy).tier == "edge"
    with pytest.raises(Conflict, match="Tier edge is still used by Policy acme/p"):
        office.delete("Tier", "edge")
    office.apply(policy())
    office.delete("Tier", "edge")
    assert office.followed[-1][1] == ((Tier, "edge"),)


def test_two_tiers_may_change_places_at_once(office: Desk) -> None:
    office.apply(tier("a", 1), tier("b", 2))
    office.apply(tier("a", 2), tier("b", 1))
    assert {each.key: each.order for each in office.followed[-1][0]} == {"a": 2, "b": 1}


def test_a_group_in_use_cannot_be_deleted(office: Desk) -> None:
    ours = {"direction": "ingress", "from": [{"group": "g"}, {"group": "a"}]}
    office.apply(project(), network("web"), port("p", security_groups=["g"]), security_group("g", ours))
    office.apply(address_group("a"))
    with pytest.raises(Conflict, match="SecurityGroup acme/g is still used by Port acme/p"):
        office.delete("SecurityGroup", "acme/g")
    with pytest.raises(Conflict, match="AddressGroup acme/a is still used by SecurityGroup acme/g"):
        office.delete("AddressGroup", "acme/a")
    office.delete("Port", "acme/p")
    office.delete("SecurityGroup", "acme/g")
    assert office.followed[-1][1] == ((Policy, "SecurityGroup:acme/g"),)


def test_what_a_policy_names_may_come_later_and_cannot_go_before_it(office: Desk) -> None:
    office.apply(project(), policy(applied_to={"port": "p"}, egress=[{"action": "pass", "to": {"network": "web"}}]))
    office.apply(network("web"), port("p"))
    for kind in ("Port", "Network"):
        with pytest.raises(Conflict, match="Policy acme/p"):
            office.delete(kind, "acme/p" if kind == "Port" else "acme/web")


def test_other_projects_things_are_not_held_by_those_who_name_them(office: Desk) -> None:
    office.apply(project(), project("globex"), security_group("g", owner="globex"))
    office.apply(allowing(peers={"project": "globex", "group": "g"}))
    office.delete("SecurityGroup", "globex/g")
    office.delete("Project", "globex")


def test_rules_of_policies_and_groups_count_against_the_quota(office: Desk) -> None:
    one = {"direction": "ingress"}
    deny = {"action": "deny"}
    office.apply(project(quotas={"rules": 3}), security_group("g", one), policy(ingress=[deny], egress=[deny]))
    message = "the quota of project acme is 3 rules; this would make 4"
    assert office.refused(policy(ingress=[deny, deny], egress=[deny])) == {"/0": message}
    assert office.refused(security_group("h", one)) == {"/0": message}
    office.apply(policy(ingress=[deny, deny]), security_group("g", one))
    office.apply(policy(ingress=[deny]), security_group("g", one, one))
    office.apply(project(quotas={"rules": 1}))
    office.apply(policy(ingress=[deny]), security_group("g"))


def test_groups_of_a_project_have_different_names_of_whatever_kind_they_are(office: Desk) -> None:
    office.apply(project(), project("globex"), security_group("g"), address_group("g", owner="globex"))
    message = "the group name g is taken by SecurityGroup acme/g"
    assert office.refused(address_group("g")) == {"/0/name": message}


def test_the_policys_name_makes_its_key_and_a_plan_takes_away_by_that(office: Desk) -> None:
    office.apply(project(), policy("x"))
    office.delete("Policy", "acme/x")
    assert office.followed[-1] == ((), ((Policy, "Policy:acme/x"),))
