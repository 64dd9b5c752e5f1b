"""Packets between a real Open vSwitch and a daemon, through the framework: with registers, and within their limits."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from controller.flow.meters import meter_spec, punt_meter
from mininet_scenarios.wire import ETH_P_ALL, socket_in
from tests.southbound.answering_daemon import REASON, REASON_REGISTER, TRACKED, ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.real_switch import RealSwitch

pytestmark = pytest.mark.system
BRIDGE, PORT = "punts", 16653
SECONDS = 20
FLOOD = 2_000


def frame(number: int, port: int = 5000) -> bytes:
    """A UDP packet like no other."""
    ends = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01") / IP(src="10.0.0.1", dst="10.0.0.2")
    return bytes(ends / UDP(sport=6000, dport=port) / number.to_bytes(8, "big"))


class Answering:
    """A daemon in the switch's namespace, and what it tells."""

    def __init__(self, switch: RealSwitch) -> None:
        self._switch = switch

    def start(self) -> None:
        """Return when it has brought the switch to where it should be."""
        ours, theirs = socket.socketpair()
        words = [sys.executable, "-m", "tests.southbound.answering_daemon", "os_ken", str(PORT), str(theirs.fileno())]
        self._process = subprocess.Popen([*self._switch.namespaced, *words], pass_fds=[theirs.fileno()])
        theirs.close()
        ours.settimeout(SECONDS)
        self._socket, self._words = ours, ours.makefile("rw")
        self._punts: list[dict[str, Any]] = []
        until(lambda: self.figures()["in_sync"])

    def say(self, word: str) -> None:
        self._words.write(f"{word} {BRIDGE}\n")
        self._words.flush()

    def _told(self) -> dict[str, Any]:
        return json.loads(self._words.readline())  # type: ignore[no-any-return]

    def figures(self) -> dict[str, Any]:
        """How the bridge does; packets that are told meanwhile are kept."""
        self.say("figures")
        while "in_sync" not in (told := self._told()):
            self._punts.append(told)
        return told

    def punt(self) -> dict[str, Any]:
        """The next packet."""
        return self._punts.pop(0) if self._punts else self._told()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(SECONDS)
        self._words.close()
        self._socket.close()


def until(holds: Callable[[], object]) -> None:
    """Wait for it."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[dict[int, socket.socket]]:
    """A bridge that calls the daemon, and the far ends of its ports 1, 2 and 3."""
    add = ["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev", "fail_mode=secure"]
    for number in (1, 2, 3):
        name = f"punt{number}"
        add += ["--", "add-port", BRIDGE, name, "--", "set", "interface", name, "type=internal"]
        add += [f"ofport_request={number}"]
    add += ["--", "set-controller", BRIDGE, f"tcp:127.0.0.1:{PORT}", "--", "set", "controller", BRIDGE]
    real_switch.vsctl(*add, "max_backoff=1000")
    subprocess.run([*real_switch.namespaced, "ip", "link", "set", "lo", "up"], check=True)
    sockets = {}
    for number in (1, 2, 3):
        name = f"punt{number}"
        subprocess.run([*real_switch.namespaced, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"], check=True)
        subprocess.run([*real_switch.namespaced, "ip", "link", "set", "dev", name, "up"], check=True)
        sockets[number] = socket_in(
            real_switch.daemons[0].pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)
        )
        sockets[number].bind((name, ETH_P_ALL))
        sockets[number].settimeout(SECONDS)
    yield sockets
    for one in sockets.values():
        one.close()
    real_switch.vsctl("del-br", BRIDGE)


@pytest.fixture(scope="module")
def daemon(real_switch: RealSwitch, wires: dict[int, socket.socket]) -> Iterator[Answering]:
    """A daemon that has brought the switch to where it should be."""
    assert wires
    started = Answering(real_switch)
    started.start()
    yield started
    started.stop()


def received(wire: socket.socket, wanted: bytes) -> bool:
    """Whether this frame comes out, after whatever else does."""
    while wire.recv(2048) != wanted:
        pass
    return True


def test_a_packet_comes_with_its_registers_and_its_answer_goes_out(
    wires: dict[int, socket.socket], daemon: Answering
) -> None:
    wires[1].send(frame(1))
    punt = daemon.punt()
    assert (punt["port"], punt["registers"]) == (1, {str(REASON_REGISTER): REASON})
    assert bytes.fromhex(punt["frame"]) == frame(1)
    assert punt["sent"]
    assert received(wires[2], frame(1))


def test_a_port_has_no_more_of_the_daemon_than_its_meter_lets_through(
    real_switch: RealSwitch, wires: dict[int, socket.socket], daemon: Answering
) -> None:
    limit = meter_spec(punt_meter(1))
    assert limit is not None
    before, begun = metered(real_switch, punt_meter(1)), time.monotonic()
    for number in range(FLOOD):
        wires[1].send(frame(number))
    until(lambda: metered(real_switch, punt_meter(1)) - before >= FLOOD)
    most = limit.burst + limit.rate * (time.monotonic() - begun)
    wires[2].send(frame(FLOOD))
    punts = []
    while (punt := daemon.punt())["port"] == 1:
        punts.append(punt)
    assert bytes.fromhex(punt["frame"]) == frame(FLOOD), "another port is not held up"
    assert limit.burst - 1 <= len(punts) <= most + 1 < FLOOD


def metered(switch: RealSwitch, number: int) -> int:
    """How many packets a meter has seen."""
    text = switch.ofctl("meter-stats", f"meter={number}", bridge=BRIDGE)
    return int(text.partition("packet_in_count:")[2].split()[0])


def test_a_restarted_daemon_sends_nothing_to_a_switch_that_is_right(real_switch: RealSwitch, daemon: Answering) -> None:
    assert real_switch.ofctl("dump-meters", bridge=BRIDGE).count("rate=100 burst_size=200") == 2
    daemon.stop()
    daemon.start()
    assert daemon.figures() == {"in_sync": True, "flow_mods": 0, "meter_mods": 0}


def test_meters_and_groups_of_others_go_and_ours_come_back(real_switch: RealSwitch, daemon: Answering) -> None:
    ours = real_switch.ofctl("dump-flows", "--no-stats", bridge=BRIDGE)
    real_switch.ofctl("add-group", "group_id=5,type=all,bucket=output:1", bridge=BRIDGE)
    real_switch.ofctl("add-meter", "meter=7,kbps,band=type=drop,rate=1", bridge=BRIDGE)
    real_switch.ofctl("mod-meter", f"meter={punt_meter(1)},pktps,band=type=drop,rate=9", bridge=BRIDGE)
    real_switch.ofctl("del-meters", f"meter={punt_meter(2)}", bridge=BRIDGE)
    until(lambda: "group_id" not in real_switch.ofctl("dump-groups", bridge=BRIDGE))
    until(lambda: real_switch.ofctl("dump-meters", bridge=BRIDGE).count("rate=100 burst_size=200") == 2)
    until(lambda: "meter=7 " not in real_switch.ofctl("dump-meters", bridge=BRIDGE))
    until(lambda: real_switch.ofctl("dump-flows", "--no-stats", bridge=BRIDGE) == ours)
    assert daemon.figures()["in_sync"]


def test_connections_are_forgotten_and_no_others(
    real_switch: RealSwitch, wires: dict[int, socket.socket], daemon: Answering
) -> None:
    for port in (8001, 8002):
        wires[TRACKED].send(frame(0, port))
    until(lambda: tracked(real_switch) == {"8001", "8002"})
    daemon.say("flush")
    until(lambda: tracked(real_switch) == {"8002"})


def tracked(switch: RealSwitch) -> set[str]:
    """The ports that connections of the zone go to."""
    lines = switch.appctl("dpctl/dump-conntrack", f"zone={ZONE}").splitlines()
    return {line.partition("dport=")[2].partition(")")[0] for line in lines}
