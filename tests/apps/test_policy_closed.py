"""What is not known is closed; what is only tried is counted and told, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apps import registers as r
from apps import registry
from controller.compiler.compiler import Rules
from controller.entities import Project
from controller.policy.values import Tier
from tests.apps.scenes import DB, EVERYBODY, JOB, PG, WEB, acted, key, opened, reached, rule, scene, sent, syn, to
from tests.interpreter import DataPlane
from tests.worlds import plugged, with_more, without

if TYPE_CHECKING:
    from tests.interpreter import Journey
    from tests.worlds import World

ALLOWED = to(DB, rule("allow", WEB))


def test_a_port_of_a_tenant_that_is_not_known_neither_speaks_nor_hears() -> None:
    plane = DataPlane(without(scene(), Project, "acme"))
    assert not opened(plane, "web", "db")
    assert reached(plane, "web", syn("web", "job")) == []


def test_a_guarded_port_without_a_zone_of_its_own_neither_speaks_nor_hears() -> None:
    """There are zones for OpenFlow ports below 0x8000."""
    far = plugged(key("db"), "hv2", 0x8000, seen=1)
    assert opened(acted(far), "web", "db"), "unguarded, it is only not remembered"
    assert not opened(acted(far, ALLOWED), "web", "db")
    assert not opened(acted(far, to(DB, rule("allow"))), "db", "web")


def test_a_policy_of_a_tier_that_does_not_exist_lets_nothing_through() -> None:
    late = to(DB, rule("allow", EVERYBODY), tier="late")
    assert not opened(acted(late), "web", "db")
    assert opened(acted(late, Tier("late", 10, "pass")), "web", "db")


@pytest.mark.parametrize(
    ("missing", "who"), [("rules.guards", "job"), ("rules.rules", "web"), ("policy_stages", "web")]
)
def test_what_is_guarded_is_closed_while_flows_of_policy_are_missing(
    missing: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = tuple(feature for feature in registry.FEATURES if feature.name != missing)
    assert len(features) == len(registry.FEATURES) - 1
    monkeypatch.setattr("tests.compiled.RULES", Rules(registry.INDEXES, registry.RELATIONS, features))
    assert not opened(acted(ALLOWED), who, "db")


def audited() -> World:
    """A policy for db that is only tried."""
    return scene(to(DB, rule("allow", WEB, services=PG), rule("deny", JOB, name="never"), audit=True))


def told(journey: Journey) -> list[int]:
    """The rules that the daemon was told of."""
    return [punt.packet[r.RULE] for punt in journey.punts if punt.packet.get(r.PUNT) == r.LOGGED]


def test_a_policy_that_is_tried_keeps_nobody_out_and_tells_whom_it_would() -> None:
    plane = DataPlane(audited())
    would_allow = told(sent(plane, "web", syn("web", "db")))
    would_deny = told(sent(plane, "job", syn("job", "db")))
    by_default = told(sent(plane, "web", syn("web", "db", 22)))
    assert [number & 3 for number in (*would_allow, *would_deny, *by_default)] == [1, 2, 2]
    assert len({*would_allow, *would_deny, *by_default}) == 3
    for sender in ("web", "job"):
        assert opened(plane, sender, "db", 22)


def test_what_is_enforced_is_judged_as_if_nothing_were_tried_beside_it() -> None:
    enforced = to(DB, rule("allow", WEB, services=PG), name="enforced")
    plane = DataPlane(with_more(audited(), enforced))
    assert opened(plane, "web", "db")
    assert not opened(plane, "web", "db", 22)
    assert not opened(plane, "job", "db")


def test_a_rule_that_logs_tells_of_what_it_decides_and_of_nothing_else() -> None:
    plane = acted(to(DB, rule("allow", WEB, log=True, name="log"), rule("deny", JOB, name="deny", log=True)))
    (allowed,) = told(sent(plane, "web", syn("web", "db")))
    (denied,) = told(sent(plane, "job", syn("job", "db")))
    assert (allowed & 3, denied & 3) == (1, 2)
    assert told(sent(acted(ALLOWED), "web", syn("web", "db"))) == []
    assert reached(plane, "web", syn("web", "db")) == ["db"]
