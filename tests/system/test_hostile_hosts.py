"""Whoever connects to the OVSDB port and misbehaves ends its own session, and nobody else notices."""

from __future__ import annotations

import json
import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from mininet_scenarios.command import until
from tests.system.calm import patient, undisturbed
from tests.system.hostile_host import BRIDGE, INTERFACE, SYSTEM, Host, rows

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor

pytestmark = pytest.mark.system
CHANCE = random.Random(6640)  # noqa: S311  # a test that repeats itself
IDLE = 500
UNFINISHED = b'{"id":1,', b'{"id":1,"error":null,"result":' + b"[" * 200_000
NOISE = {
    "noise": CHANCE.randbytes(4096),
    "a web browser": b"GET / HTTP/1.1\r\n\r\n",
    "no text": b'{"id":1,"result":"\xff\xfe","error":null}',
    "an array": b"[1,2,3]",
    "a reply to nothing": b'{"id":99,"result":{},"error":null}' * 3 + b"x",
    "deep nesting that closes": b'{"id":1,"error":null,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a number of a million digits": b'{"id":1,"error":null,"result":' + b"9" * 1_000_000 + b"}",
    "a message without end": b'{"id":1,"error":null,"result":"' + b"a" * (17 << 20),
    "keys without end": b'{"id":1,"error":null,"result":{"Bridge":{' + b'"k":1,' * (3 << 20),
    "wrong shapes": b'{"method":7,"params":{},"id":null}',
}
ANSWERS: dict[str, Any] = {
    "null": None,
    "a number": 7,
    "a table that is a list": {"Bridge": []},
    "a row that is a string": {"Bridge": {BRIDGE: "row"}},
    "a name that is a number": rows(name=7),
    "a datapath id that is an object": rows(dpid={"a": 1}),
    "a port number that is a text": rows(ofport="5"),
    "a map that is none": rows(external_ids=["map", [["iface-id"]]]),
}
ODD: dict[str, dict[str, Any]] = {
    "an iface-id of seventy thousand characters": rows(external_ids=["map", [["iface-id", "a" * 70_000]]]),
    "a name with a line end": rows(name="evil\nhv1"),
    "an interface with a line end": rows(type="", external_ids=["map", [["iface-id", "acme/\n\x00web"]]]),
    "a port number of -1": rows(ofport=-1),
    "a port number of 2^31": rows(ofport=1 << 31),
    "a port number of 2^70": rows(ofport=1 << 70),
    "a tunnel whose port number is 2^40": rows(type="vxlan", ofport=1 << 40),
    "a tunnel whose port number is a reserved one": rows(type="vxlan", ofport=0xFFFFFFFE),
    "a datapath id of a thousand digits": rows(dpid="f" * 1000),
    "a datapath id below zero": rows(dpid="-5"),
    "an address that is none": rows() | {"Open_vSwitch": {SYSTEM: {"initial": {"external_ids": ["map", [
        ["system-id", "evil"], ["netloom-encap-ip", "198.19.0.11; rm"]]]}}}},
}  # fmt: skip


def ovsdb(daemon: Daemon) -> tuple[str, int]:
    """Where the daemon takes hosts."""
    return daemon.address, 6640


@pytest.mark.parametrize("noise", NOISE.values(), ids=NOISE)
def test_a_host_that_says_nonsense_has_to_go(daemon: Daemon, hosts: tuple[Hypervisor, ...], noise: bytes) -> None:
    with undisturbed(daemon, hosts), Host(ovsdb(daemon), None) as host:
        host.send(noise)
        assert host.ended(15)


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_host_with_impossible_rows_has_to_go(daemon: Daemon, hosts: tuple[Hypervisor, ...], answer: Any) -> None:
    with undisturbed(daemon, hosts), Host(ovsdb(daemon), answer) as host:
        assert host.serve()


@pytest.mark.parametrize("answer", ODD.values(), ids=ODD)
def test_odd_values_harm_nobody_else(daemon: Daemon, hosts: tuple[Hypervisor, ...], answer: Any) -> None:
    with undisturbed(daemon, hosts), Host(ovsdb(daemon), answer, 1) as host:
        host.serve()
        assert patient(daemon)


def test_who_claims_the_name_of_another_is_refused(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    in_reach(daemon, hosts[0])
    with undisturbed(daemon, hosts), Host(ovsdb(daemon), rows(name=hosts[0].name)) as host:
        assert host.serve()
    assert chassis(daemon, hosts[0].name)["database"].startswith(hosts[0].management)


def test_who_claims_the_bridge_of_another_does_not_get_it(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    victim = hosts[0]
    in_reach(daemon, victim)
    dpid = chassis(daemon, victim.name)["dpid"]
    with Host(ovsdb(daemon), rows(name="thief", dpid=dpid), 1) as host:
        host.serve()
        with undisturbed(daemon, hosts):
            assert chassis(daemon, "thief")["dpid"] != dpid
        victim.ovs.kill_switch()
        victim.ovs.start_switch()
        until(lambda: chassis(daemon, victim.name)["in_sync"], 10, f"{victim.name} is itself again")
    assert not chassis(daemon, "thief")["connected"]


def test_hosts_that_say_nothing_or_never_finish_keep_no_host_away_and_have_to_go(
    daemon: Daemon, hosts: tuple[Hypervisor, ...]
) -> None:
    with undisturbed(daemon, hosts), ExitStack() as held:
        silent = [held.enter_context(Host(ovsdb(daemon), None)) for _ in range(IDLE)]
        for one in silent[::2]:
            one.send(UNFINISHED[0])
        silent.append(held.enter_context(Host(ovsdb(daemon), None)))
        silent[-1].send(UNFINISHED[1])
        assert patient(daemon)
        with Host(ovsdb(daemon), rows(name="late"), 1) as late:
            late.serve()
            until(lambda: chassis(daemon, "late")["database"], 5, "a host joins among the silent")
        started = time.monotonic()
        assert all(one.ended(40) for one in silent)
        assert time.monotonic() - started < 40


def test_updates_that_never_end_starve_nobody(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts), Host(ovsdb(daemon), rows(), 1) as host:
        host.serve()
        for number in range(2000):
            changed = {"Interface": {INTERFACE: {"modify": {"ofport": number % 7 + 1}}}}
            host.send(json.dumps({"method": "update2", "params": ["host", changed], "id": None}).encode())
        assert patient(daemon)


def in_reach(daemon: Daemon, host: Hypervisor) -> None:
    """An earlier test may have ended the daemon: ovsdb-server takes up to 8 s to come back to it."""
    until(lambda: chassis(daemon, host.name)["database"], 15, f"the daemon reaches {host.name}'s database")


def chassis(daemon: Daemon, name: str) -> dict[str, Any]:
    found = [row for row in daemon.rest.get("/chassis")["items"] if row["name"] == name]
    assert found, f"no chassis {name}"
    return dict(found[0])
