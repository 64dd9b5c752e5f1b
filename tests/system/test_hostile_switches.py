"""Whoever connects to the OpenFlow port and misbehaves ends its own session, and nobody else notices."""

from __future__ import annotations

import random
import struct
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from mininet_scenarios.command import until
from tests.system.calm import patient, undisturbed
from tests.system.hostile_switch import (
    ERROR,
    FEATURES_REPLY,
    FEATURES_REQUEST,
    FLOW_MONITOR,
    HELLO,
    MULTIPART_REPLY,
    MULTIPART_REQUEST,
    PORT_DESCRIPTION,
    Peer,
    features,
    message,
    multipart,
    port,
)

if TYPE_CHECKING:
    from mininet_scenarios.daemon import Daemon
    from mininet_scenarios.hypervisor import Hypervisor

pytestmark = pytest.mark.system
CHANCE = random.Random(6653)  # noqa: S311  # a test that repeats itself
IDLE = 500
DPID = 0xBAD
GREETINGS = {
    "noise": CHANCE.randbytes(4096),
    "a web browser": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header that breaks off": b"\x06\x00\x00",
    "lengths shorter than a header": message(HELLO, length=3) * 5,
    "the longest length, and nothing": message(HELLO, length=65535),
    "a hello with an element of no length": message(HELLO, struct.pack("!HHI", 1, 0, 1 << 6)),
    "a hello with an element that goes beyond it": message(HELLO, struct.pack("!HHI", 1, 4000, 1 << 6)),
    "sixty thousand zeros": message(HELLO, bytes(60_000)),
    "features before a hello": message(FEATURES_REPLY, features(DPID)),
    "an error that is no text": message(ERROR, struct.pack("!HH", 0, 0) + b"\xff\xfe"),
    "every kind of message at once": b"".join(message(kind, CHANCE.randbytes(kind)) for kind in range(256)),
}
OTHER_VERSIONS = {
    "1.0": message(HELLO, version=1),
    "1.3": message(HELLO, struct.pack("!HHI", 1, 8, 1 << 4), version=4),
    "1.3 in a hello of 1.5": message(HELLO, struct.pack("!HHI", 1, 8, 1 << 4)),
    "version 0": message(HELLO, version=0),
}


def openflow(daemon: Daemon) -> tuple[str, int]:
    """Where the daemon takes switches."""
    return daemon.address, 6653


@pytest.mark.parametrize("hello", OTHER_VERSIONS.values(), ids=OTHER_VERSIONS)
def test_a_switch_of_another_version_is_told_why(daemon: Daemon, hosts: tuple[Hypervisor, ...], hello: bytes) -> None:
    with undisturbed(daemon, hosts), Peer(openflow(daemon)) as peer:
        peer.send(hello)
        assert b"protocols=OpenFlow15" in peer.until(ERROR)[1]
        assert peer.ended(2)
    told = [event for event in daemon.rest.get("/events")["items"] if event["type"] == "health"]
    assert any("refused" in event["detail"] and event["subject"].startswith("OpenFlow peer") for event in told)


@pytest.mark.parametrize("length", [0, 3, 39, 41, 65000])
def test_ports_of_impossible_lengths_end_a_handshake(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], length: int
) -> None:
    wrong = port(1, b"eth0")[:4] + struct.pack("!H", length) + port(1, b"eth0")[6:]
    with undisturbed(daemon, hosts), Peer(openflow(daemon)) as peer:
        peer.send(message(HELLO))
        peer.send(message(FEATURES_REPLY, features(DPID), peer.until(FEATURES_REQUEST)[0]))
        peer.send(multipart(PORT_DESCRIPTION, wrong, peer.until(MULTIPART_REQUEST)[0]))
        assert peer.ended(12)


@pytest.mark.parametrize("kind", [ERROR, MULTIPART_REPLY, 12, 33, 10, 4])
def test_a_switch_that_turns_to_noise_hurts_itself_alone(
    daemon: Daemon, hosts: tuple[Hypervisor, ...], kind: int
) -> None:
    with undisturbed(daemon, hosts):
        for size in (0, 3, 8, 24, 200, 60_000):
            with Peer(openflow(daemon)) as peer:
                xid = peer.shake_hands(DPID)
                peer.send(message(kind, CHANCE.randbytes(size)), multipart(FLOW_MONITOR, CHANCE.randbytes(size), xid))


def test_who_claims_the_datapath_of_another_is_refused(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    taken = next(row for row in bridges(daemon) if row["chassis"] == hosts[0].name)
    with undisturbed(daemon, hosts) as log:
        for name in (b"br-int", hosts[0].name.encode(), b"harmless"):
            with Peer(openflow(daemon)) as peer, pytest.raises(EOFError):
                peer.shake_hands(int(taken["dpid"], 16), name)
        assert not log.events("switch_joined")
    assert [row["peer"] for row in bridges(daemon) if row["chassis"] == hosts[0].name] == [taken["peer"]]


def test_who_takes_the_name_of_a_host_is_refused(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts), Peer(openflow(daemon)) as peer, pytest.raises(EOFError):
        peer.shake_hands(DPID + 1, hosts[0].name.encode())


def test_a_name_that_is_none_is_not_used(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    with undisturbed(daemon, hosts), Peer(openflow(daemon)) as peer:
        peer.shake_hands(DPID + 2, b"hv1/eth0\n{}")
    assert f"{DPID + 2:016x}" in {row["chassis"] for row in bridges(daemon)}


def test_strangers_that_are_silent_slow_or_talk_nonsense_keep_no_switch_away_and_have_to_go(
    daemon: Daemon, hosts: tuple[Hypervisor, ...]
) -> None:
    with undisturbed(daemon, hosts), ExitStack() as held:
        peers = {f"silent {number}": held.enter_context(Peer(openflow(daemon))) for number in range(IDLE)}
        for peer in list(peers.values())[::2]:
            peer.send(message(HELLO)[:5])
        for name, greeting in GREETINGS.items():
            peers[name] = held.enter_context(Peer(openflow(daemon)))
            peers[name].send(greeting)
        assert patient(daemon)
        with Peer(openflow(daemon)) as late:
            late.shake_hands(DPID + 3, b"tardy")
        end = time.monotonic() + 12
        assert [name for name, peer in peers.items() if not peer.ended(max(0.1, end - time.monotonic()))] == []


def test_a_switch_comes_back_among_strangers(daemon: Daemon, hosts: tuple[Hypervisor, ...]) -> None:
    host = hosts[1]
    with ExitStack() as held:
        for _ in range(IDLE):
            held.enter_context(Peer(openflow(daemon)))
        host.ovs.kill_switch()
        host.ovs.start_switch()
        until(lambda: in_sync(daemon, host.name), 5, f"{host.name} is back")


def bridges(daemon: Daemon) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = daemon.rest.get("/bridges")["items"]
    return found


def in_sync(daemon: Daemon, name: str) -> bool:
    return any(row["chassis"] == name and row["peer"] and row["in_sync"] for row in bridges(daemon))
