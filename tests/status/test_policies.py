"""A policy says whom it applies to, what of its names is missing, and is Ready when all that guard by it are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.entities import Interface
from controller.flow_rows import FlowRows
from controller.policy.derived import Placement
from controller.policy.values import Machines, Policy, Tier
from controller.status.policies import policy_status
from controller.status.ports import port_status
from tests.guarded_worlds import ACME, KNOWN, guarded_world, policy
from tests.status.settled import after, conditions, confirmed, entity
from tests.worlds import plugged, port

if TYPE_CHECKING:
    from controller.core import Core

SUBJECT = ("Policy", "acme/db")
OWN = Machines(ACME, networks=("acme/nowhere",), ports=("acme/none",), groups=("acme/blue",))


@pytest.fixture
def core() -> Core:
    """One that has compiled the guarded world."""
    return confirmed(guarded_world().values())


def status(core: Core, key: str = "acme/db", kind: str = "Policy") -> Any:
    return policy_status(kind, core, key, 0)


def switch(core: Core, chassis: str) -> Any:
    return core.bridges[chassis]


def test_a_policy_says_how_many_ports_identities_and_flows_it_comes_to(core: Core) -> None:
    found = status(core)
    assert (found["chassis"], found["ports"], found["identities"]) == (["hv1", "hv2"], 2, 2)
    made = {key for key in core.compiler.store.keys(Placement) if key.startswith("Policy:acme/db|")}
    assert found["flows"] == sum(core.compiler.engine.made(Placement, key) for key in made) > 20
    assert conditions(found) == {
        "Ready": (True, "Confirmed"),
        "Resolved": (True, "AllFound"),
        "TierKnown": (True, "Known"),
    }


def test_policies_of_every_kind_have_a_status(core: Core) -> None:
    others = {("SecurityGroup", "acme/red"): 1, ("AdminNetworkPolicy", "first"): 7, ("NetworkPolicy", "beta/closed"): 2}
    for (kind, key), ports in others.items():
        found = status(core, key, kind)
        assert (found["ports"], conditions(found)["Ready"]) == (ports, (True, "Confirmed"))


def test_a_policy_waits_for_every_chassis_that_guards_by_it_and_for_no_other(core: Core) -> None:
    switch(core, "hv2").away = True
    one = policy("Policy", "acme/one", "application", (Machines(ACME, ports=("acme/open",)),), ingress=())
    after(core, [replace(entity(core, Policy, "Policy:acme/db"), priority=7), one])
    ready = status(core)["conditions"][0]
    assert (ready["status"], ready["reason"]) == (False, "Programming")
    assert "chassis hv2 is not connected" in ready["message"]
    assert conditions(status(core, "acme/one"))["Ready"] == (True, "Confirmed"), "acme/open is on hv1"
    switch(core, "hv2").away = False
    core.settle()
    assert conditions(status(core))["Ready"] == (True, "Confirmed")


def test_a_chassis_that_has_to_guard_by_it_from_now_on_is_waited_for(core: Core) -> None:
    red = ("acme/red", "SecurityGroup")
    assert status(core, *red)["chassis"] == ["hv1"]
    switch(core, "hv2").away = True
    after(core, [plugged("acme/pair", "hv2", 30, seen=9)], (Interface, "hv1/tap-acme-pair"))
    assert status(core, *red)["chassis"] == ["hv2"]
    assert conditions(status(core, *red))["Ready"] == (False, "Programming")
    assert conditions(status(core, "beta/closed", "NetworkPolicy"))["Ready"] == (True, "Confirmed")


def test_a_policy_that_applies_to_nobody_is_ready_at_once(core: Core) -> None:
    nobody = policy("Policy", "acme/nobody", "application", (Machines(ACME, groups=("acme/blue",)),), ingress=())
    found = status(after(core, [nobody]), "acme/nobody")
    assert (found["ports"], found["chassis"], conditions(found)["Ready"]) == (0, [], (True, "Confirmed"))


def test_a_policy_that_went_is_forgotten(core: Core) -> None:
    after(core, [], (Policy, "Policy:acme/db"))
    assert conditions(status(core)) == {"Ready": (False, "Incomplete")}
    assert not core.readiness.ready(SUBJECT)
    assert not core.readiness.waits(SUBJECT)


def test_what_a_policy_names_and_there_is_not_is_told(core: Core) -> None:
    lost = policy("Policy", "acme/lost", "application", (OWN,), ingress=())
    resolved = status(after(core, [lost]), "acme/lost")["conditions"][1]
    assert (resolved["status"], resolved["reason"]) == (False, "Missing")
    for word in ("network acme/nowhere", "port acme/none", "group acme/blue"):
        assert f"{word} does not exist" in resolved["message"]


def test_of_what_other_tenants_have_nothing_is_told(core: Core) -> None:
    foreign = replace(OWN, projects=("beta",))
    curious = policy("Policy", "acme/curious", "application", (Machines(ACME), foreign), ingress=())
    assert conditions(status(after(core, [curious]), "acme/curious"))["Resolved"] == (True, "AllFound")


def test_a_tier_that_does_not_exist_is_told_with_what_that_means(core: Core) -> None:
    after(core, [], (Tier, "late"))
    tier = status(core, "acme/out")["conditions"][2]
    assert (tier["status"], tier["reason"]) == (False, "Unknown")
    assert "nothing passes" in tier["message"]


def test_flows_name_the_policies_that_they_are_of(core: Core) -> None:
    rows = FlowRows(core.compiler, {})
    owned = list(rows.rows(["hv1"], "Policy acme/db"))
    assert any("feature rules.rules" in str(row["owners"]) for row in owned)
    assert any("feature rules.guards" in str(row["owners"]) for row in owned)
    every = {owner for row in rows.rows(["hv1", "hv2"], None) for owner in row["owners"]}  # type: ignore[attr-defined]
    assert {"SecurityGroup acme/red", "AdminNetworkPolicy first", "NetworkPolicy beta/closed"} <= every
    assert not [owner for owner in every if owner.startswith(("Guard ", "Placement "))]


def test_nobody_else_s_policies_are_touched_by_a_port_more(core: Core) -> None:
    more = replace(port("acme/web-9", "acme/web", 9), labels=(("app", "web"),))
    switch(core, "hv1").away = True
    after(core, [more, plugged("acme/web-9", "hv1", 40), KNOWN])
    assert conditions(port_status(core, "acme/web-9", 0))["Ready"] == (False, "Programming")
    assert conditions(status(core))["Ready"] == (True, "Confirmed")
