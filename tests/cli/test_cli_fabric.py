"""The topology, paths and draining, as scripts and people get them from a shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from controller.cli.exits import Exit
from controller.cli.fabric import tree
from topology.paths import Question

if TYPE_CHECKING:
    from conftest import Shell

LINK = {
    "name": "s1-s2",
    "kind": "wire",
    "between": ["s1", "s2"],
    "role": "link",
    "state": "up",
    "cost": 5,
    "latency_ms": 0.2,
    "load_mbps": [7.5, 1.5],
    "capacity_mbps": 10000,
    "labels": {"row": "a"},
    "maintenance": True,
    "drained": False,
}
UNKNOWN = {**LINK, "kind": "tunnel", "state": "down", "between": ["s2", "s3"], "latency_ms": None, "load_mbps": None}
TOPOLOGY: dict[str, Any] = {
    "nodes": [
        {"kind": "chassis", "name": "s1", "labels": {"floor": "1"}, "maintenance": True, "drained": True},
        {"kind": "chassis", "name": "s2"},
        {"kind": "network", "name": "acme/web"},
    ],
    "links": [
        {"kind": "plugged", "between": ["chassis/s1", "port/acme/web-1"]},
        {"kind": "present", "between": ["chassis/s1", "network/acme/web"]},
        LINK,
        {**UNKNOWN, "labels": {}, "maintenance": False},
    ],
}


def printed(found: dict[str, Any]) -> list[str]:
    """The lines of the tree, without its branches."""
    console = Console(width=200, color_system=None)
    with console.capture() as caught:
        console.print(tree(found), highlight=False)
    return [line.strip("│├└─ ").rstrip() for line in caught.get().splitlines()]


def test_the_tree_has_every_bridge_with_its_links_and_ports() -> None:
    assert printed(TOPOLOGY) == [
        "s1  floor=1  drained",
        "port/acme/web-1",
        "wire to s2  up  cost 5  0.2 ms  ↑ 7.5 ↓ 1.5 of 10000 Mbit/s  draining  row=a",
        "s2",
        "wire to s1  up  cost 5  0.2 ms  ↑ 1.5 ↓ 7.5 of 10000 Mbit/s  draining  row=a",
        "tunnel to s3  down  cost 5",
    ]


def test_the_topology_comes_in_the_forms_of_other_tools(shell: Shell) -> None:
    assert json.loads(shell("topology").out) == {"nodes": [], "links": []}
    assert shell("topology", "-o", "dot").out == "dot of nothing"
    assert shell("topology", "-o", "graphml").out == "graphml of nothing"
    assert shell("topology", "-o", "yaml").code == Exit.USAGE


def test_a_path_is_computed_with_all_that_is_asked_of_it(shell: Shell) -> None:
    said = shell(
        *("paths", "compute", "s1", "s2", "--via", "s3", "--via", "s4", "--avoid-link", "s1-s2"),
        *("--avoid-label", "region=x", "--max-hops", "4", "--objective", "load", "--demand-mbps", "2.5"),
    )
    assert (said.code, json.loads(said.out)["path"]) == (Exit.DONE, ["s1", "s2"])
    (asked,) = shell.office.world.fabric.asked
    assert isinstance(asked, Question)
    wanted = asked.wanted
    assert (wanted.via, wanted.avoid_links, wanted.avoid_labels) == (("s3", "s4"), ("s1-s2",), (("region", "x"),))
    assert (wanted.max_hops, wanted.objective, asked.rate) == (4, "load", 2.5)
    assert shell("paths", "compute", "s1", "s2", "-o", "table").out.split()[:3] == ["PATH", "BACKUP", "HOPS"]


def test_no_path_is_said_with_the_reason(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    none = {"reason": "NoPath", "message": "s9 cannot be reached"}
    monkeypatch.setattr(type(shell.office.world.fabric), "compute", lambda *_: none)
    said = shell("paths", "compute", "s1", "s2", "-o", "table")
    assert (said.code, said.out) == (Exit.REFUSED, "")
    assert "no path: s9 cannot be reached" in said.err
    assert "there is no bridge s9" in shell("paths", "compute", "s1", "s9").err


def test_links_and_bridges_are_listed_as_they_are_and_shown_as_resources(shell: Shell) -> None:
    assert json.loads(shell("get", "links").out) == {"items": [{"name": "links-1", "labels": {}}]}
    assert shell("get", "links", "-o", "table").out.split()[:4] == ["NAME", "KIND", "STATE", "COST"]
    assert json.loads(shell("get", "link", "s2-s1").out)["spec"]["cost"] == 10
    assert json.loads(shell("get", "bridge", "s1").out)["kind"] == "Bridge"
    assert shell("get", "link", "s1-s2", "-o", "table").out.split()[:3] == ["NAME", "LABELS", "MAINTENANCE"]
    assert "does not exist" in shell("get", "link", "s8-s9").err


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (("--max-latency-ms", "nan"), "nan is no number"),
        (("--demand-mbps", "inf"), "inf is no number"),
        (("--avoid-label", "region"), "write key=value"),
        (("--avoid-label", "a=1", "--avoid-label", "a=2"), "given twice"),
    ],
)
def test_what_no_path_could_have_is_wrong_usage(shell: Shell, option: tuple[str, ...], why: str) -> None:
    said = shell("paths", "compute", "s1", "s2", *option)
    assert (said.code, why in said.err) == (Exit.USAGE, True)
    assert not shell.office.world.fabric.asked


def test_links_and_bridges_are_chosen_by_their_labels(shell: Shell) -> None:
    shell.office.world.rows = [{"name": "s1", "labels": {"row": "a"}}, {"name": "s2", "labels": {"row": "b"}}]
    for kind in ("links", "bridges"):
        (found,) = json.loads(shell("get", kind, "-l", "row=b").out)["items"]
        assert found["name"] == "s2"
        assert json.loads(shell("get", kind, "-l", "row=b", "-l", "row=a").out) == {"items": []}


def test_draining_says_whether_it_may_be_taken_away(shell: Shell) -> None:
    world = shell.office.world
    nowhere = shell("drain", "s9")
    assert (nowhere.code, "there is no link or bridge s9" in nowhere.err) == (Exit.REFUSED, True)
    not_yet = shell("drain", "s2-s1")
    assert (not_yet.code, not_yet.out) == (Exit.UNCONFIRMED, "")
    assert "s1-s2 is not drained yet: nothing else leads to s2" in not_yet.err
    assert "next: lay another way, or take it back with: netloom undrain s1-s2" in not_yet.err
    world.why = ("Confirming", "s2 has yet to confirm")
    assert "next: netloom drain s1-s2 --wait" in shell("drain", "s2-s1").err
    world.drained = True
    done = shell("drain", "s1-s2", "--wait", "3")
    assert (done.code, done.out) == (Exit.DONE, "s1-s2 is drained: it may be taken away\n")
    assert world.waited[-1][1:] == ((("Link", "s1-s2"),), 3.0)
    assert json.loads(shell("get", "link", "s1-s2").out)["spec"]["maintenance"] is True
    assert shell("undrain", "s1-s2").out == "s1-s2 is in use again\n"
    assert json.loads(shell("get", "link", "s1-s2").out)["spec"]["maintenance"] is False


def test_a_bridge_is_drained_by_its_name(shell: Shell) -> None:
    shell.office.world.drained = True
    assert shell("drain", "s1").out == "s1 is drained: it may be taken away\n"
    shell.office.world.why = ("Inhabited", "plugged in there: acme/web-1")
    assert shell("drain", "s1").out == "s1 is drained: plugged in there: acme/web-1\n"
    assert json.loads(shell("get", "bridge", "s1").out)["spec"]["maintenance"] is True


def test_path_policies_are_called_paths_for_short(shell: Shell) -> None:
    assert json.loads(shell("get", "paths").out) == {"items": []}
    assert shell("get", "path").out == shell("get", "paths").out
    assert shell("get", "chains", "-p", "none").code == Exit.REFUSED


def test_a_table_of_links_is_for_people(shell: Shell) -> None:
    row = {**LINK, "wires": [], "drained": False, "capacity_mbps": 2500.0}
    shell.office.world.rows = [row, {**row, "name": "s2-s3", "latency_ms": None, "maintenance": False}]
    heading, one, other = (line.split() for line in shell("get", "links", "-o", "table").out.rstrip().split("\n"))
    assert (heading[-2:], one[-2:], other[-2:]) == (["MAINTENANCE", "DRAINED"], ["yes", "no"], ["no", "no"])
    assert other[:5] == ["s2-s3", "wire", "up", "5", "-"]
    assert one[5:8] == ["7.5,", "1.5", "2500"]
    assert shell("get", "paths", "-o", "table").out.split()[-3:] == ["PLACED", "PROTECTED", "READY"]


def test_a_table_in_a_pipe_has_one_line_for_each_row(shell: Shell) -> None:
    labels = {f"key-{number}": "x" * 60 for number in range(9)}
    shell.office.world.rows = [{**LINK, "wires": [], "labels": labels}]
    assert len(shell("get", "links", "-o", "table").out.rstrip().split("\n")) == 2


def test_a_name_is_taken_as_it_is_written(shell: Shell) -> None:
    assert shell("undrain", "s1-s2#a").code == Exit.REFUSED
    assert "does not exist" in shell("get", "link", "s1-s2?wait=1").err
