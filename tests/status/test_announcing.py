"""An event tells when a link or bridge is drained, and when a path policy has its path; not before, and once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from controller.announcing import Announcing
from controller.links import BridgeSettings, LinkSettings, PathPolicy, Placed
from controller.reports import Reports
from tests.fabric_worlds import MAIN
from tests.status.settled import after, idle
from tests.status.surveyed import DONE, UNDONE, VIDEO, Scene, surveyed
from topology.graph import Topology


@dataclass
class Told:
    """What was published about paths since somebody looked."""

    scene: Scene
    announcing: Announcing
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def news(self) -> list[tuple[str, dict[str, object]]]:
        """What is new of links, bridges and paths, once the core has looked round again."""
        self.scene.core.settle()
        found = [event for event in self.events if event[0].split()[0] in {"Link", "Bridge", "PathPolicy"}]
        self.events.clear()
        return found


@pytest.fixture
def told() -> Told:
    events: list[tuple[str, dict[str, object]]] = []
    reports = Reports(lambda _kind, subject, detail, *_: events.append((subject, detail)), Topology())
    reports.core = idle(reports)
    scene = surveyed(reports.core)
    announcing = Announcing(scene.fabric, reports)
    announcing.begin()
    return Told(scene, announcing, events)


def test_a_link_is_announced_when_it_is_drained_and_when_it_is_in_use_again(told: Told) -> None:
    told.scene.atlas.drains["s1-s3"] = UNDONE
    after(told.scene.core, [LinkSettings("s3-s1", maintenance=True)])
    assert told.news() == []
    told.scene.atlas.drains["s1-s3"] = DONE
    assert told.news() == [("Link s3-s1", {"ready": True, "drained": True})]
    assert told.news() == []
    after(told.scene.core, [LinkSettings("s3-s1")])
    assert told.news() == [("Link s3-s1", {"ready": True})]


def test_a_bridge_of_which_all_was_taken_back_is_waited_for_no_longer(told: Told) -> None:
    told.scene.atlas.drains["s3"] = UNDONE
    after(told.scene.core, [BridgeSettings("s3", maintenance=True)])
    after(told.scene.core, [], (BridgeSettings, "s3"))
    told.scene.atlas.drains["s3"] = DONE
    assert told.news() == []
    assert told.announcing._waiting == set()  # noqa: SLF001 - what it keeps is the point


def test_a_path_policy_that_was_taken_back_is_waited_for_no_longer(told: Told) -> None:
    placed = Placed(f"{VIDEO.key}|s1|s2", VIDEO.key, "s1", "s2", MAIN)
    after(told.scene.core, [VIDEO, placed])
    after(told.scene.core, [], (PathPolicy, VIDEO.key), (Placed, placed.key))
    told.scene.atlas.paths[VIDEO.key] = {"conditions": []}
    assert told.news() == []
    assert told.announcing._waiting == set()  # noqa: SLF001 - what it keeps is the point


def test_a_path_policy_is_announced_when_its_path_stands_and_when_it_has_moved(told: Told) -> None:
    core, atlas = told.scene.core, told.scene.atlas
    after(core, [VIDEO])
    assert told.news() == []
    atlas.paths[VIDEO.key] = {"conditions": []}
    assert told.news() == [(f"PathPolicy {VIDEO.key}", {"ready": True, "demands": 0, "steered": 0})]
    ends = [(VIDEO.key, "s1", target) for target in ("s2", "s3")]
    after(core, [Placed("|".join(each), *each, MAIN) for each in ends])
    assert told.news() == [(f"PathPolicy {VIDEO.key}", {"ready": True, "demands": 2, "steered": 2})]
    after(core, [Placed("|".join(ends[0]), *ends[0], 0, "drop")])
    assert told.news() == [(f"PathPolicy {VIDEO.key}", {"ready": True, "demands": 2, "steered": 1})]


def test_a_switch_that_has_not_confirmed_is_waited_for(told: Told) -> None:
    core = told.scene.core
    told.scene.atlas.paths[VIDEO.key] = {"conditions": []}
    after(core, [VIDEO])
    told.news()
    core.bridges["s4"].away = True  # type: ignore[attr-defined]
    after(core, [Placed(f"{VIDEO.key}|s1|s2", VIDEO.key, "s1", "s2", MAIN)])
    assert told.news() == []
    core.bridges["s4"].away = False  # type: ignore[attr-defined]
    assert told.news() == [(f"PathPolicy {VIDEO.key}", {"ready": True, "demands": 1, "steered": 1})]
