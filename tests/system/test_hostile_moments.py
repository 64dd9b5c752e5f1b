"""Requests and followers at the worst moments: the intent database dies under them, or the daemon does."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios import tenants
from mininet_scenarios.command import until
from mininet_scenarios.ledger import Ledger
from mininet_scenarios.rest import network, project
from tests.system.calm import Log, undisturbed
from tests.system.raw_http import address, request, status, told

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor
    from mininet_scenarios.lab import Lab

pytestmark = pytest.mark.system
WRITERS = 4


def test_changes_go_on_when_the_intent_database_dies_under_them(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], tenant: str
) -> None:
    daemon.rest.apply(project(tenant), network(tenant, "net", "10.7.0.0/16"))
    collections = [f"/projects/{tenant}/ports"]
    log = Log(daemon.log, daemon.log.stat().st_size)
    stop = threading.Event()
    ledgers = [Ledger(daemon, {}) for _ in range(WRITERS)]
    longest = [0.0] * WRITERS
    threads = [
        threading.Thread(target=write, args=(ledgers[at], f"{collections[0]}/w{at}", stop, longest, at))
        for at in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = sum(len(ledger.acknowledged) for ledger in ledgers)
        until(lambda seen=before: sum(len(one.acknowledged) for one in ledgers) > seen + 20, 20, "changes go on")  # type: ignore[misc]
        daemon.kill_intent_database()
    until(lambda: sum(ledger.refused for ledger in ledgers) > 0, 10, "a change met the dead database")
    stop.set()
    for thread in threads:
        thread.join()
    assert max(longest) < 10
    until(lambda: status(told(daemon, request(daemon, "GET /readyz", Connection="close"))) == 200, 10, "it is ready")
    merged = Ledger(daemon, {path: body for ledger in ledgers for path, body in ledger.acknowledged.items()})
    for ledger in ledgers:
        merged.doubts.update(ledger.doubts)
    assert merged.differences(collections) == []
    assert log.events("request failed") == []
    with undisturbed(daemon, hosts):
        assert [line for line in log.lines() if "Traceback" in line] == []


def test_followers_do_not_keep_the_daemon_from_ending(lab: Lab, daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    log = Log(daemon.log, daemon.log.stat().st_size)
    follow = request(daemon, "GET /v1/events?follow=true", Accept="text/event-stream")
    with ExitStack() as held:
        followers = [held.enter_context(socket.create_connection(address(daemon), 10)) for _ in range(20)]
        for follower in followers:
            follower.sendall(follow)
            assert follower.recv(4096).startswith(b"HTTP/1.1 200")
        held.enter_context(socket.create_connection(address(daemon), 10)).sendall(follow[:30])
        started = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - started < 4
        assert all(ended(follower) for follower in followers)
    daemon.start()
    lab.wait_joined(*hosts)
    assert [line for line in log.lines() if "Traceback" in line] == []


def test_who_comes_back_with_an_event_of_before_is_told(
    lab: Lab, daemon: Daemon, hosts: tuple[Hypervisor, ...], tenant: str
) -> None:
    daemon.rest.apply(project(tenant))
    last = daemon.rest.get("/events")["items"][-1]["id"]
    revision = int(last.partition("/")[0])
    daemon.kill()
    daemon.start()
    lab.wait_joined(*hosts)
    headers = {"Accept": "text/event-stream", "Last_Event_ID": last}
    answer = told(daemon, request(daemon, "GET /v1/events?follow=true", **headers), seconds=3)
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 410")), answer[:300]
    daemon.rest.apply(network(tenant, "net", "10.7.0.0/16"))
    answer = told(daemon, request(daemon, f"GET /v1/events?since={revision}"))
    assert f"Network {tenant}/net".encode() in answer, answer[-500:]


def write(ledger: Ledger, path: str, stop: threading.Event, longest: list[float], at: int) -> None:
    """Make ports and delete some, as fast as answers come."""
    number = 0
    while not stop.is_set():
        number += 1
        started = time.monotonic()
        ledger.ask(f"{path}-{number}", {"spec": {"network": tenants.NETWORK}, "labels": {"n": str(number)}})
        if number % 3 == 0:
            ledger.ask(f"{path}-{number - 1}", None)
        longest[at] = max(longest[at], time.monotonic() - started)


def ended(follower: socket.socket) -> bool:
    """Whether a follower finds its connection ended."""
    try:
        while follower.recv(65536):
            pass
    except ConnectionError:
        return True
    return True
