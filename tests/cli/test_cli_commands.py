"""The command line as a script and a person find it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from controller.cli.client import Daemon
from controller.cli.exits import Exit
from controller.cli.intent import difference
from controller.entities import Router
from controller.live.answers import Answers
from controller.nat_table import NatTable
from controller.store import Store
from tests.northbound.fake_world import NoSwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Shell

DOCUMENT = """
kind: Project
name: acme
---
kind: Network
project: acme
name: web
spec: {subnets: [{name: v4, cidr: 10.1.0.0/24}]}
---
kind: Port
project: acme
name: p
labels: {app: web}
spec: {network: web}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "intent.yaml"
    path.write_text(DOCUMENT)
    return path


def test_what_is_applied_can_be_got(shell: Shell, document: Path) -> None:
    applied = shell("apply", "-f", str(document), "-o", "table")
    assert applied.code == Exit.DONE
    assert applied.out.split("\n")[:3] == [
        "created   Project acme",
        "created   Network acme/web",
        "created   Port acme/p",
    ]
    one = json.loads(shell("get", "Port", "p", "-p", "acme").out)
    assert one["status"]["addresses"] == ["10.1.0.2"]
    every = json.loads(shell("get", "ports").out)
    assert every["items"] == [one]
    assert json.loads(shell("get", "PORTS", "-p", "acme", "-l", "app=db").out)["items"] == []


def test_yaml_can_be_edited_and_applied_again(shell: Shell, document: Path, tmp_path: Path) -> None:
    shell("apply", "-f", str(document))
    text = shell("get", "networks", "-o", "yaml").out
    (found,) = yaml.safe_load_all(text)
    assert found.keys() == {"kind", "project", "name", "labels", "spec"}
    again = tmp_path / "again.yaml"
    again.write_text(text)
    assert "unchanged" in shell("apply", "-f", "-", "-o", "table", stdin=again).out


def test_a_table_is_for_people(shell: Shell, document: Path) -> None:
    shell("apply", "-f", str(document))
    heading, row = shell("get", "port", "-o", "table").out.rstrip().split("\n")
    assert heading.split() == ["PROJECT", "NAME", "NETWORK", "MAC", "ADDRESSES", "CHASSIS", "READY"]
    assert row.split()[:3] == ["acme", "p", "web"]
    assert row.split()[4:] == ["10.1.0.2", "-", "yes"]
    assert "chassis-1" in shell("get", "chassis", "-o", "table").out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("leases", "-l", "app=web"), "leases cannot be chosen by label"),
        (("leases", "-p", "acme"), "leases cannot be chosen by project"),
        (("leases", "somebody"), "leases cannot be chosen by name"),
        (("nat", "--watch"), "nat cannot be watched"),
        (("ports", "--chassis", "hv1"), "ports cannot be chosen by chassis"),
        (("links", "--router", "acme/r"), "links cannot be chosen by router"),
    ],
)
def test_more_than_was_asked_for_is_never_shown(shell: Shell, arguments: tuple[str, ...], why: str) -> None:
    said = shell("get", *arguments)
    assert (said.code, said.out, why in said.err) == (Exit.USAGE, "", True)


def test_one_chassis_is_shown_by_its_name(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(shell("get", "chassis", "chassis-1").out)["name"] == "chassis-1"
    missing = shell("get", "chassis", "hv9")
    assert (missing.code, "there is no chassis hv9" in missing.err) == (Exit.REFUSED, True)
    monkeypatch.setenv("NETLOOM_PROJECT", "acme")
    assert shell("get", "chassis", "chassis-1").code == Exit.DONE


def test_what_machines_call_themselves_is_shown_as_it_is(shell: Shell) -> None:
    shell.office.world.rows = [{"hostname": "[/red]a[bold]"}]
    assert "[/red]a[bold]" in shell("get", "leases", "-o", "table").out


ROUTING = """
---
kind: Network
project: acme
name: public
spec: {mode: bridged, physical_network: outside, subnets: [{name: v4, cidr: 192.0.2.0/24}]}
---
kind: Router
project: acme
name: edge
spec: {interfaces: [{network: web}], external: {network: public}}
---
kind: FloatingIP
project: acme
name: f
spec: {network: public, port: p}
---
kind: PortForward
project: acme
name: http
spec: {router: edge, protocol: tcp, external_port: 8000-8010, port: p}
"""


def test_what_leads_out_has_tables_of_its_own(shell: Shell, document: Path) -> None:
    document.write_text(DOCUMENT + ROUTING)
    assert shell("apply", "-f", str(document)).code == Exit.DONE
    rows = {kind: shell("get", kind, "-o", "table").out.split("\n")[1].split() for kind in ("routers", "FloatingIP")}
    assert rows == {
        "routers": ["acme", "edge", "web", "public", "192.0.2.2", "-", "yes"],
        "FloatingIP": ["acme", "f", "public", "192.0.2.3", "p", "10.1.0.2", "-", "yes"],
    }
    forward = shell("get", "portforwards", "-o", "table").out.split("\n")[1].split()
    assert forward == ["acme", "http", "edge", "-", "tcp", "8000-8010", "p", "-", "yes"]


def test_the_nat_table_is_shown_whole_with_who_could_not_be_asked(shell: Shell) -> None:
    store = Store({})
    store.put(Router("acme/edge", "u", "acme", "edge", 1, 8, "02:00:00:00:00:01", ()), set())
    shell.office.world.nat = NatTable(store, Answers(Tracking(12_345)))
    said = shell("get", "nat", "--chassis", "hv1", "--router", "acme/edge", "-o", "json")
    rows = json.loads(said.out)["items"]
    assert (said.code, len(rows)) == (0, 12_345)
    assert {row["router"] for row in rows} == {"acme/edge"}
    assert len({row["id"] for row in rows}) == len(rows)
    shell.office.world.nat = NatTable(store, Answers(NoSwitch()))
    said = shell("get", "nat", "--chassis", "hv1")
    assert "not asked: chassis hv1: no netloom agent of hv1 is connected" in said.err
    assert shell("get", "nat", "--chassis", "hv1", "-p", "zeta", "-o", "json").out == '{\n  "items": []\n}\n'
    assert shell("get", "chassis", "--router", "acme/edge").code == Exit.USAGE


class Tracking:
    """A switch that translates the sources of many connections."""

    def __init__(self, count: int) -> None:
        self.count = count

    def connections(self, chassis: str, zone: int | None, take: Callable[[bytes], None]) -> None:
        del chassis
        for port in range(10_000, 10_000 + self.count if zone == 2 else 0):
            ends = f"orig=(src=10.1.0.1,dst=198.51.100.1,sport={port},dport=53)"
            reply = f"reply=(src=198.51.100.1,dst=192.0.2.10,sport=53,dport={port})"
            take(f"udp,{ends},{reply},zone=2\n".encode())


def test_a_dry_run_shows_fields_and_flows(shell: Shell, document: Path) -> None:
    shell("apply", "-f", str(document))
    document.write_text(DOCUMENT.replace("{network: web}", "{network: web, admin_up: false}"))
    said = shell("apply", "-f", str(document), "--dry-run", "-o", "table")
    assert "/spec/admin_up: true → false" in said.out
    assert "flows added: hv1 3" in said.out
    assert shell.office.database.revision == 1


def test_what_is_refused_names_fields_and_the_next_step(shell: Shell, document: Path) -> None:
    document.write_text(DOCUMENT.replace("10.1.0.0/24", "10.1.0.7/24").replace("{app: web}", "{app: 3}"))
    said = shell("apply", "-f", str(document))
    assert said.code == Exit.REFUSED
    assert "/1/spec/subnets/0/cidr: has host bits set; did you mean 10.1.0.0/24?" in said.err
    assert "/2/labels/app: " in said.err
    assert "next: correct these fields; nothing was changed" in said.err


def test_deleting_and_what_stands_in_the_way(shell: Shell, document: Path) -> None:
    shell("apply", "-f", str(document))
    said = shell("delete", "network", "web", "-p", "acme")
    assert (said.code, "still used by Port acme/p" in said.err) == (Exit.REFUSED, True)
    assert shell("delete", "port", "p", "-p", "acme").code == Exit.DONE
    missing = shell("get", "port", "p", "-p", "acme")
    assert (missing.code, "does not exist" in missing.err) == (Exit.REFUSED, True)


def test_what_is_not_confirmed_has_a_code_of_its_own(shell: Shell, document: Path) -> None:
    shell.office.world.unconfirmed = {"Port acme/p": "chassis hv2 has not answered"}
    said = shell("apply", "-f", str(document), "--wait", "5")
    assert (said.code, "Port acme/p: chassis hv2 has not answered" in said.err) == (Exit.UNCONFIRMED, True)
    assert shell("delete", "port", "p", "-p", "acme", "--wait").code == Exit.UNCONFIRMED
    assert [waited[2] for waited in shell.office.world.waited] == [5.0, 30.0]


def test_tokens_are_made_listed_and_ended(shell: Shell) -> None:
    shell.office.made("acme")
    token = shell("token", "create", "ci", "--role", "member", "-p", "acme").out.strip()
    assert json.loads(shell("--token", token, "get", "projects").out)["items"][0]["name"] == "acme"
    listed = {row["name"]: row["role"] for row in json.loads(shell("token", "list").out)["items"]}
    assert listed == {"admin": "admin", "ci": "member"}
    assert shell("token", "delete", "ci").code == Exit.DONE
    assert shell("--token", token, "get", "projects").code == Exit.REFUSED


def test_watching_goes_on_until_it_is_dropped(shell: Shell, document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell("apply", "-f", str(document))
    office, follow = shell.office, Daemon.events

    def followed(daemon: Daemon, since: int) -> Iterator[dict[str, Any]]:
        """What happens once somebody watches; the token ends when the last of it has been told."""
        office.made("acme/ports/q", "acme/networks/db")
        for event in follow(daemon, since):
            yield event
            if event["subject"] == "Network acme/db":
                office.tokens.revoke(next(row.name for row in office.tokens.rows()))
                office.events.publish("health", "daemon", {}, 9, "tester")

    monkeypatch.setattr(Daemon, "events", followed)
    said = shell("get", "ports", "--watch")
    assert said.code == Exit.REFUSED
    assert "Port acme/q" in said.out
    assert "Network acme/db" not in said.out
    assert "token is not known" in said.err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("a", None, ["/spec/x: a → null"]),
        ([{"to": 1}, {"to": 2}], [{"to": 2}, {"to": 3}], ["/spec/x:", '  - {"to": 1}', '  + {"to": 3}']),
        ([1, 2], [2, 1], ["/spec/x:", "  the same in another order"]),
    ],
)
def test_of_a_list_a_dry_run_shows_what_came_and_what_went(before: object, after: object, told: list[str]) -> None:
    assert list(difference("/spec/x", before, after)) == told
