"""Of which ports connections are remembered: of all, or only where a policy will ask for them."""

from __future__ import annotations

from dataclasses import replace

from controller.entities import Project
from controller.policy.derived import Standing
from controller.policy.values import Policy, Rule
from tests.apps.scenes import DB, to
from tests.compiled import Watched
from tests.guarded_worlds import guarded_world
from tests.worlds import with_more

DB_1, PLAIN = "acme/db-1", "acme/plain"


def zones(compiler: Watched) -> dict[str, int]:
    return {key: compiler.store.get(Standing, key).zone for key in (DB_1, PLAIN)}


def test_a_project_may_have_connections_of_guarded_ports_alone_remembered() -> None:
    ground = {key: entity for key, entity in guarded_world().items() if key[0] is not Policy}
    compiler = Watched()
    compiler.turn(with_more(ground, to(DB, Rule("all", "allow", None))).values())
    before = zones(compiler)
    assert all(before.values())
    compiler.turn([replace(compiler.store.get(Project, "acme"), tracked=False)])
    assert zones(compiler) == {DB_1: before[DB_1], PLAIN: 0}
    compiler.turn([], [(Policy, "Policy:acme/in")])
    assert zones(compiler) == {DB_1: 0, PLAIN: 0}
    assert compiler.bugs == []
