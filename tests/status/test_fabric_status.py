"""Links and bridges are listed with what is said and measured of them, and tell whether they may be taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from controller.compiler.ownership import subjects
from controller.links import TRACKS, BridgeSettings, Link, LinkFigures, LinkSettings, Placed, Track, Wanted, Wire
from controller.southbound.ports import PortDescription
from tests.fabric_worlds import LONG, MAIN, ROUND
from tests.status.settled import Nobody, after, conditions, entity, idle
from tests.status.surveyed import DONE, UNDONE, VIDEO, Scene, surveyed
from topology.map import Site
from topology.paths import Question


@pytest.fixture
def scene() -> Scene:
    return surveyed(idle(Nobody()))


def test_every_link_is_listed_once_whether_wires_or_a_tunnel(scene: Scene) -> None:
    rows: Any = scene.fabric.rows("Link")
    assert [(row["name"], row["kind"]) for row in rows] == [
        ("s1-s3", "wire"),
        ("s1-s4", "wire"),
        ("s2-s3", "wire"),
        ("s2-s4", "wire"),
        ("s3-hv1", "wire"),
        ("hv1-hv2", "tunnel"),
    ]
    assert rows[-1]["networks"] == ["acme/web"]
    assert {row["state"] for row in rows} == {"up"}


def test_a_link_of_two_wires_tells_the_ports_of_both_in_the_order_of_its_ends(scene: Scene) -> None:
    first, second = scene.row("s1-s3")["wires"]
    assert (first["ports"], second["ports"]) == ([11, 11], [13, 13])
    assert first["interfaces"] == ["s1-eth11", "s3-eth11"]
    turned = Wire("s3.40-s1.41", ("s3", "s1"), (40, 41), ("s3-x", "s1-y"), up=False)
    after(scene.core, [turned])
    down = {"state": "down", "watched": False}
    assert scene.row("s1-s3")["wires"][-1] == {"ports": [41, 40], "interfaces": ["s1-y", "s3-x"], **down}


def test_a_link_is_watched_when_all_its_wires_are_that_are_up(scene: Scene) -> None:
    assert (scene.row("s1-s3")["watched"], scene.row("hv1-hv2")["watched"]) == (True, None)
    after(scene.core, [Wire("s1.41-s3.40", ("s1", "s3"), (41, 40), ("s1-y", "s3-x"), up=False)])
    assert scene.row("s1-s3")["watched"] is True
    scene.watch.reasons["s1-s3"] = "BFD begins"
    assert scene.row("s1-s3")["watched"] is False
    scene.watch.deaf.add("s3")
    assert (scene.row("s1-s3")["watched"], scene.row("s1-s4")["watched"]) == (None, True)


def test_a_link_is_down_when_none_of_its_wires_is_up(scene: Scene) -> None:
    after(scene.core, [replace(entity(scene.core, Link, "s1-s4"), wires=())])
    assert scene.row("s1-s4")["state"] == "down"
    after(scene.core, [], (Link, "s1-s4"))
    assert scene.row("s1-s4")["state"] == "up"
    gone = [(Wire, key) for key in scene.core.compiler.store.keys(Wire) if key.startswith("s1.") and "-s4." in key]
    after(scene.core, [], *gone)
    assert scene.fabric.row("Link", "s1-s4") is None


def test_a_tunnel_is_down_when_an_end_misses_the_other(scene: Scene) -> None:
    scene.heard["hv2"] = {"hv1": "up"}
    assert scene.row("hv1-hv2")["state"] == "up"
    scene.heard["hv1"] = {"hv2": "down"}
    assert scene.row("hv1-hv2")["state"] == "down"


def test_what_is_said_of_a_link_goes_before_what_is_measured(scene: Scene) -> None:
    scene.atlas.measured["s1-s3"] = LinkFigures(0.12345, (1.5, 0.25), 10_000)
    assert scene.row("s1-s3") == scene.row("s3-s1")
    row = scene.row("s1-s3")
    assert (row["cost"], row["latency_ms"], row["load_mbps"], row["capacity_mbps"]) == (10, 0.123, [1.5, 0.25], 10_000)
    after(scene.core, [LinkSettings("s3-s1", 5, 1000, 2.0, (("a", "1"),))])
    row = scene.row("s1-s3")
    assert (row["cost"], row["latency_ms"], row["load_mbps"], row["capacity_mbps"]) == (5, 2.0, [1.5, 0.25], 1000)
    assert (row["labels"], row["maintenance"], row["drained"]) == ({"a": "1"}, False, False)


def test_what_is_said_of_a_link_that_is_not_there_is_listed_last(scene: Scene) -> None:
    after(scene.core, [LinkSettings("s1-s9", maintenance=True), LinkSettings("s3-s1", 5)])
    last: Any = scene.fabric.rows("Link")[-1]
    assert (last["name"], last["state"], last["kind"], last["drained"]) == ("s1-s9", "absent", None, True)
    status = scene.status("Link", "s1-s9")
    assert conditions(status)["Known"] == (False, "NotFound")
    assert conditions(status)["Ready"] == (True, "Confirmed")
    assert scene.fabric.row("Link", "s1-s8") is None


def test_a_link_is_ready_when_it_is_drained(scene: Scene) -> None:
    scene.atlas.drains["s1-s3"] = UNDONE
    after(scene.core, [LinkSettings("s3-s1", maintenance=True)])
    status = scene.status("Link", "s3-s1")
    found = conditions(status)
    assert (found["Ready"], found["Drained"]) == ((False, "Moving"), (False, "OnlyWay"))
    assert scene.fabric.waits("Link", "s3-s1") == "nothing else leads to s2"
    scene.atlas.drains["s1-s3"] = DONE
    status = scene.status("Link", "s3-s1")
    assert (conditions(status)["Ready"], conditions(status)["Drained"]) == ((True, "Confirmed"), (True, "Drained"))
    assert status["drained"] is True
    assert scene.fabric.waits("Link", "s3-s1") is None


def test_a_link_is_not_ready_while_new_ways_are_being_worked_out(scene: Scene) -> None:
    after(scene.core, [LinkSettings("s1-s3", 5)])
    assert scene.fabric.waits("Link", "s1-s3") is None
    scene.atlas.busy = True
    assert scene.fabric.waits("Link", "s1-s3") == "new ways are being worked out"
    assert conditions(scene.status("Link", "s1-s3"))["Ready"] == (False, "Moving")
    assert scene.fabric.waits("Link", "s1-s4") is None


def test_a_link_is_ready_when_all_bridges_that_are_there_have_confirmed(scene: Scene) -> None:
    after(scene.core, [LinkSettings("s1-s3", 5)])
    slow: Any = scene.core.bridges["s4"]
    slow.slow = True
    assert scene.fabric.waits("Link", "s1-s3") == "not yet confirmed by s4"
    slow.away = True
    assert scene.fabric.waits("Link", "s1-s3") is None


def test_a_bridge_is_listed_with_what_is_said_of_it(scene: Scene) -> None:
    scene.atlas.drains["s3"] = UNDONE
    after(scene.core, [BridgeSettings("s3", (("row", "a"),), maintenance=True), BridgeSettings("s9")])
    row: Any = scene.fabric.row("Bridge", "s3")
    assert (row["labels"], row["maintenance"], row["drained"]) == ({"row": "a"}, True, False)
    assert row["flows"] > 0
    assert row["ports"] == []
    scene.fabric.table.ports("s3", [PortDescription(11, "s3-eth11", speed=10_000), PortDescription(2, "v", up=False)])
    row = scene.fabric.row("Bridge", "s3")
    unknown = {"port": 2, "interface": "v", "state": "down", "speed_mbps": None, "role": None}
    link = {"port": 11, "interface": "s3-eth11", "state": "up", "speed_mbps": 10_000, "role": "link"}
    assert row["ports"] == [unknown, link]
    assert conditions(scene.status("Bridge", "s3"))["Drained"] == (False, "OnlyWay")
    assert scene.fabric.waits("Bridge", "s3") == "nothing else leads to s2"
    assert conditions(scene.status("Bridge", "s1"))["Known"] == (True, "Found")
    assert scene.fabric.row("Bridge", "s8") is None


def test_a_path_policy_tells_what_steering_says_of_it(scene: Scene) -> None:
    waiting = scene.status("PathPolicy", VIDEO.key)
    assert (waiting["path"], waiting["demands"]) == ([], [])
    assert conditions(waiting)["Ready"] == (False, "Planning")
    said = {"type": "Placed", "status": True, "reason": "Placed", "message": "as it asks"}
    scene.atlas.paths[VIDEO.key] = {"path": ["s1", "s3", "s2"], "hops": 2, "conditions": [said]}
    after(scene.core, [VIDEO])
    told = scene.status("PathPolicy", VIDEO.key)
    assert (told["path"], told["hops"]) == (["s1", "s3", "s2"], 2)
    placed = {"Placed": (True, "Placed"), "Resolved": (True, "AllFound")}
    assert conditions(told) == {"Ready": (True, "Confirmed"), **placed}
    scene.atlas.late.add(VIDEO.key)
    assert conditions(scene.status("PathPolicy", VIDEO.key))["Ready"] == (False, "Planning")
    assert scene.fabric.waits("PathPolicy", VIDEO.key) == "its path is being worked out"


def test_a_path_policy_says_what_it_names_and_there_is_not(scene: Scene) -> None:
    """A link that is down is there."""
    down = replace(entity(scene.core, Link, "s1-s4"), wires=())
    wanted = Wanted(via=("s3", "s8"), avoid_bridges=("s9",), avoid_links=("s4-s1", "s1-s9", "hv2-hv1"))
    after(scene.core, [down, replace(VIDEO, wanted=wanted)])
    found = next(each for each in scene.status("PathPolicy", VIDEO.key)["conditions"] if each["type"] == "Resolved")
    assert (found["status"], found["reason"]) == (False, "Missing")
    assert found["message"] == "there is no bridge s8, no bridge s9, no link s1-s9"


def test_a_path_policy_is_ready_when_all_bridges_of_its_tracks_have_confirmed(scene: Scene) -> None:
    """MAIN has ROUND for a detour, which passes s4: its flows are the policy's, too."""
    scene.atlas.paths[VIDEO.key] = {"path": ["s1", "s3", "s2"], "conditions": []}
    after(scene.core, [VIDEO])
    compiler, s4 = scene.core.compiler, scene.core.bridges["s4"]
    subject = ("PathPolicy", VIDEO.key)
    assert not compiler.chassis_of(subject) & {"s3", "s4"}
    s4.away = True  # type: ignore[attr-defined]
    after(scene.core, [Placed(f"{VIDEO.key}|s1|s2", VIDEO.key, "s1", "s2", MAIN)])
    assert compiler.chassis_of(subject) >= {"s1", "s2", "s3", "s4"}
    told = scene.status("PathPolicy", VIDEO.key)
    assert conditions(told)["Ready"] == (False, "Programming")
    assert "chassis s4 is not connected" in told["conditions"][0]["message"]
    s4.away = False  # type: ignore[attr-defined]
    scene.core.settle()
    assert conditions(scene.status("PathPolicy", VIDEO.key))["Ready"] == (True, "Confirmed")


def protected(scene: Scene, track: int) -> dict[str, Any]:
    """What is said of the protection of a policy that is placed on this track, as steering has it protected."""
    said = {"type": "Protected", "status": True, "reason": "Protected", "message": "the switches know a way round"}
    scene.atlas.paths[VIDEO.key] = {"path": ["s1", "s3", "s2"], "conditions": [said]}
    after(scene.core, [VIDEO, Placed(f"{VIDEO.key}|s1|s2", VIDEO.key, "s1", "s2", track)])
    found = scene.status("PathPolicy", VIDEO.key)["conditions"]
    return next(each for each in found if each["type"] == "Protected")


def test_a_path_is_protected_once_all_its_wires_that_can_be_gone_round_are_watched(scene: Scene) -> None:
    """MAIN goes round s1-s3 only."""
    scene.watch.reasons |= {"s1-s3": "BFD begins", "s2-s3": "the database of s2 is not reached"}
    told = protected(scene, MAIN)
    assert (told["status"], told["reason"]) == (False, "Unwatched")
    assert told["message"] == "what falls silent is not gone round in time: s1-s3 (BFD begins)"
    del scene.watch.reasons["s1-s3"]
    assert protected(scene, MAIN)["status"] is True


def test_a_path_is_not_protected_before_the_switches_have_confirmed_its_ways_round(scene: Scene) -> None:
    assert protected(scene, MAIN)["status"] is True
    scene.atlas.late.add(VIDEO.key)
    told = protected(scene, MAIN)
    assert (told["status"], told["reason"]) == (False, "Programming")


def test_tunnels_protect_nothing(scene: Scene) -> None:
    """Neither what goes by one, nor what could only be gone round by one: no port tells of it."""
    by_tunnel = Track("by", TRACKS + 7, ("hv1", "hv2"), (ROUND,))
    round_by_tunnel = Track("round it", TRACKS + 8, ("hv1", "s3"), (TRACKS + 9,))
    after(scene.core, [by_tunnel, round_by_tunnel, Track("aside", TRACKS + 9, ("hv1", "hv2"), (0,))])
    for track, gap in ((7, "hv1-hv2 (nobody watches tunnels)"), (8, "s3-hv1 (the way round it begins with no wire)")):
        told = protected(scene, TRACKS + track)
        assert (told["status"], told["message"]) == (False, f"what falls silent is not gone round in time: {gap}")


def test_what_is_not_protected_says_why_and_nothing_else(scene: Scene) -> None:
    scene.watch.reasons["s1-s3"] = "BFD begins"
    said = {"type": "Protected", "status": False, "reason": "NoWayRound", "message": "no way round s3"}
    protected(scene, MAIN)
    scene.atlas.paths[VIDEO.key] = {"path": ["s1", "s3", "s2"], "conditions": [said]}
    assert conditions(scene.status("PathPolicy", VIDEO.key))["Protected"] == (False, "NoWayRound")


def test_flows_of_tracks_are_those_of_the_policies_that_take_them(scene: Scene) -> None:
    after(scene.core, [VIDEO, Placed(f"{VIDEO.key}|s1|s2", VIDEO.key, "s1", "s2", MAIN)])
    store, video = scene.core.compiler.store, (("PathPolicy", VIDEO.key),)
    assert [subjects(Track, key, store) for key in ("main", "round", "rest")] == [video, video, ()]
    after(scene.core, [Placed(f"{VIDEO.key}|s2|s1", VIDEO.key, "s2", "s1", LONG)])
    assert [subjects(Track, key, store) for key in ("long", "rest")] == [video, video]


def test_where_a_port_is_plugged_in_is_where_its_paths_begin(scene: Scene) -> None:
    assert scene.fabric.bridge_of("acme/web-2") == "s2"
    assert scene.fabric.bridge_of("acme/web-99") is None
    assert scene.fabric.bridge_of("s3") == "s3"
    assert scene.fabric.bridge_of("s9") is None
    scene.atlas.map.put(Site("s9"))
    assert scene.fabric.bridge_of("s9") == "s9"
    assert scene.fabric.compute(Question("s1", "s9")) == {"path": ["s1", "s9"], "sites": 1}


def test_the_topology_has_what_is_known_of_links_and_bridges(scene: Scene) -> None:
    scene.atlas.measured["s1-s3"] = LinkFigures(0.5, (1.5, 0.25), 10_000)
    after(scene.core, [BridgeSettings("s3", (("row", "a"),))])
    told: Any = scene.fabric.topology("json")
    wire = next(link for link in told["links"] if link.get("name") == "s1-s3")
    assert (wire["kind"], wire["role"], wire["between"]) == ("wire", "link", ["s1", "s3"])
    assert (wire["state"], wire["cost"], wire["latency_ms"], wire["load_mbps"]) == ("up", 10, 0.5, [1.5, 0.25])
    s3 = next(node for node in told["nodes"] if (node["kind"], node["name"]) == ("chassis", "s3"))
    assert (s3["labels"], s3["maintenance"]) == ({"row": "a"}, False)
    assert not any(link["kind"] is None for link in told["links"])
    graphml = ET.fromstring(str(scene.fabric.topology("graphml")))  # noqa: S314 - our own
    assert len(list(graphml.iter("{http://graphml.graphdrawing.org/xmlns}edge"))) == len(told["links"])
    assert '"chassis:s1" -- "chassis:s3" [label="cost 10, 0.5 ms", ' in str(scene.fabric.topology("dot"))
