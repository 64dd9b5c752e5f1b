"""What policy says is heard by whom it refuses, told to whom it belongs, counted and recommended, on real switches."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from mininet_scenarios import exchange, rest, servers
from mininet_scenarios.command import until
from mininet_scenarios.lab import Lab
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.policies import labelled, policy, rule
from mininet_scenarios.routers import router
from mininet_scenarios.wire import socket_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mininet_scenarios.rest import Rest
    from mininet_scenarios.vm import Vm

pytestmark = pytest.mark.system
TENANT = "living"
NET, SIDE = Lan(TENANT, "net", 67), Lan(TENANT, "side", 68)
PORTS = (80, 81, 82)
MANY = 400
FAST = 0.8
"""Seconds in which a machine hears that it is refused; it would ask again after one."""


POLICIES = (
    policy(
        *(TENANT, "db", labelled("app", "db")),
        {
            "ingress": [
                {**rule("allow", labelled("app", "web"), 80), "name": "web", "log": True},
                {**rule("allow", labelled("app", "web"), 80, protocol="udp"), "name": "web-udp"},
                {**rule("reject", None, 81), "name": "no-tcp", "log": True},
                {**rule("reject", None, 81, protocol="udp"), "name": "no-udp"},
            ]
        },
    ),
    policy(
        *(TENANT, "out", labelled("app", "web")),
        {
            "egress": [
                {**rule("reject", None, 82, way="to"), "name": "no-82"},
                {**rule("reject", None, 82, way="to", protocol="udp"), "name": "no-82-udp"},
                rule("allow", None, way="to"),
            ]
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """A database on hv2; web, its neighbour on hv2, and a machine beyond a router, on hv1."""

    client: Rest
    vms: dict[str, Vm]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Lab() as lab:
        lab.start_daemon()
        hosts = lab.hypervisor("hv1"), lab.hypervisor("hv2")
        for host in hosts:
            host.serve()
        lab.join(*hosts)
        wanted = {"web": (NET, 0), "near": (NET, 1), "db": (NET, 1), "far": (SIDE, 0)}
        places = [
            Place(lan, name, hosts[host], 11 + at, labels={"app": name})
            for at, (name, (lan, host)) in enumerate(wanted.items())
        ]
        edge = router(TENANT, "edge", NET, SIDE)
        vms = settle(lab, (rest.project(TENANT), NET.resource, SIDE.resource, edge), *places)
        servers.witness(*vms, ports=PORTS)
        found = dict(zip(wanted, vms, strict=True))
        lab.client.apply(*POLICIES)
        until(lambda: not lab.client.get("/connections")["unavailable"], 20, "both hosts' agents are there")
        yield Stage(lab.client, found)


def heard(source: Vm, address: str, port: int, kind: socket.SocketKind) -> tuple[str, float]:
    """What becomes of asking for a port, and after how many seconds."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with closing(socket_in(source.machine.pid, family, kind)) as client:
        client.settimeout(2)
        began = time.monotonic()
        try:
            client.connect((address, port))
            if kind is socket.SOCK_DGRAM:
                client.send(exchange.WORD)
                client.recv(200)
        except ConnectionRefusedError:
            return "refused", time.monotonic() - began
        except OSError:
            return "silent", time.monotonic() - began
    return "answered", time.monotonic() - began


KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


@pytest.mark.parametrize(("who", "kind", "version"), list(product(("web", "near", "far"), KINDS, (4, 6))))
def test_who_is_rejected_by_the_receivers_policy_hears_so_at_once(
    stage: Stage, who: str, kind: socket.SocketKind, version: int
) -> None:
    database = stage.vms["db"]
    address = database.ipv4 if version == 4 else database.ipv6
    heard(stage.vms[who], address, 81, kind)  # the first may wait for addresses to be resolved
    outcome, seconds = heard(stage.vms[who], address, 81, kind)
    assert (outcome, seconds < FAST) == ("refused", True), seconds


@pytest.mark.parametrize(("kind", "version"), list(product(KINDS, (4, 6))))
def test_who_is_rejected_by_its_own_policy_hears_so_at_once(
    stage: Stage, kind: socket.SocketKind, version: int
) -> None:
    near = stage.vms["near"]
    outcome, seconds = heard(stage.vms["web"], near.ipv4 if version == 4 else near.ipv6, 82, kind)
    assert (outcome, seconds < FAST) == ("refused", True), seconds


def test_what_is_denied_is_met_by_silence_and_what_is_allowed_by_an_answer(stage: Stage) -> None:
    database = stage.vms["db"]
    assert heard(stage.vms["near"], database.ipv4, 80, socket.SOCK_STREAM)[0] == "silent"
    assert heard(stage.vms["web"], database.ipv4, 80, socket.SOCK_STREAM)[0] == "answered"


def test_rules_that_log_tell_who_began_what_with_whom(stage: Stage) -> None:
    web, near, database = (stage.vms[name] for name in ("web", "near", "db"))
    heard(web, database.ipv4, 80, socket.SOCK_STREAM)
    heard(near, database.ipv6, 81, socket.SOCK_STREAM)
    until(lambda: {"allow", "reject"} <= set(_told(stage)), 5, "both decisions are told")
    told = _told(stage)
    assert (told["allow"]["from"], told["allow"]["to"]) == ("living/web", "living/db")
    assert (told["allow"]["rule"], told["allow"]["destination_port"]) == ("web", 80)
    assert (told["reject"]["rule"], told["reject"]["chassis"], told["reject"]["direction"]) == (
        *("no-tcp", "hv2"),
        "ingress",
    )


def _told(stage: Stage) -> dict[str, dict[str, Any]]:
    """What was told of the database's policy last, by verdict."""
    events = stage.client.get("/events")["items"]
    ours = [one for one in events if (one["type"], one["subject"]) == ("security", f"Policy {TENANT}/db")]
    return {one["detail"]["verdict"]: one["detail"] for one in ours if "verdict" in one["detail"]}


def test_each_rule_counts_what_it_let_begin_and_what_it_kept_out(stage: Stage) -> None:
    web, near, database = (stage.vms[name] for name in ("web", "near", "db"))
    before = _rules(stage)
    for _ in range(3):
        assert exchange.answered(exchange.held(web, database.ipv4, 80))
        heard(near, database.ipv4, 81, socket.SOCK_STREAM)
    least = before["web"]["packets"] + 3 * 3
    until(lambda: _rules(stage)["web"]["packets"] > least, 8, "what followed the beginnings is counted, too")
    after = _rules(stage)
    assert after["web"]["sessions"] == before["web"]["sessions"] + 3
    assert after["no-tcp"]["denied"] == before["no-tcp"]["denied"] + 3
    assert after["web"]["bytes"] > before["web"]["bytes"]
    assert after["web"]["last_hit"] is not None
    assert after["no-udp"]["packets"] == before["no-udp"]["packets"]


def _rules(stage: Stage) -> dict[str, dict[str, Any]]:
    told = stage.client.get(f"/projects/{TENANT}/policies/db/stats")
    assert told["unavailable"] == {}
    return {row["rule"]: row for row in told["rules"]}


def test_connections_are_listed_with_both_ends_and_the_rule_that_let_them_begin(stage: Stage) -> None:
    web, database = stage.vms["web"], stage.vms["db"]
    with closing(exchange.held(web, database.ipv4, 80)) as held:
        source_port = held.getsockname()[1]
        rows = stage.client.get(f"/connections?port={TENANT}/db")["items"]
        (row,) = [one for one in rows if one.get("source_port") == source_port]
    assert (row["direction"], row["peer"], row["rule"]) == ("ingress", "living/web", "Policy:living/db#web")
    assert (row["state"], row["cut"], row["chassis"]) == ("ESTABLISHED", False, "hv2")


def test_what_is_recommended_covers_what_was_seen(stage: Stage) -> None:
    web, database = stage.vms["web"], stage.vms["db"]
    with closing(exchange.held(web, database.ipv4, 80)):
        found = stage.client.call("POST", "/policies:recommend", {"project": TENANT, "ports": "app=db"})
    assert (found["coverage"], found["unavailable"]) == (1.0, {})
    (offered,) = found["policies"]
    (allowed,) = [one for one in offered["spec"]["ingress"] if one.get("protocol") == "tcp"]
    assert (allowed["from"], allowed["ports"]) == ([{"labels": {"app": "web"}}], [80])
    plan = stage.client.call("POST", "/apply?dry_run=true", found["policies"])
    assert [one["action"] for one in plan["changes"]] == ["created"]


def test_of_many_connections_exactly_those_are_cut_that_a_policy_denies_and_they_come_back_with_it(
    stage: Stage,
) -> None:
    web, near = stage.vms["web"], stage.vms["near"]
    for port in (80, 81):
        exchange.spray(web, near.ipv6, port, MANY)
    allowed = rule("allow", None, 80, protocol="udp")
    cutting = policy(TENANT, "near", labelled("app", "near"), {"ingress": [allowed], "established": "cut"})
    until(lambda: len(_doomed(stage)) > 0.9 * MANY, 8, "they are remembered, but for ports that were used twice")
    until(lambda: _planned(stage, cutting) == _doomed(stage), 8, "the plan names all that will end, and no other")
    doomed = _doomed(stage)
    began = time.monotonic()
    stage.client.apply(cutting)
    seconds = time.monotonic() - began
    until(lambda: {number for number, row in _of_near(stage).items() if row["cut"]} == doomed, 3, "just those are cut")
    assert seconds < 5, f"{len(doomed)} of {len(_of_near(stage))} were cut after {seconds:.2f} s"
    stage.client.delete(f"/projects/{TENANT}/policies/near")
    until(lambda: not any(row["cut"] for row in _of_near(stage).values()), 8, "none is cut any more")


def _planned(stage: Stage, cutting: dict[str, Any]) -> set[str]:
    plan = stage.client.call("POST", "/apply?dry_run=true", [cutting])
    assert plan["connections"]["unavailable"] == {}
    return {one["id"] for one in plan["connections"]["items"]}


def _doomed(stage: Stage) -> set[str]:
    return {number for number, row in _of_near(stage).items() if row["destination_port"] == 81}


def _of_near(stage: Stage) -> dict[str, dict[str, Any]]:
    """Datagrams that near was sent and has answered, by their numbers."""
    rows = stage.client.get(f"/connections?port={TENANT}/near&limit=10000")["items"]
    return {row["id"]: row for row in rows if row["protocol"] == "udp" and row["direction"] == "ingress"}
