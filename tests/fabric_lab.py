"""Bridges of one Open vSwitch, joined by veth cables, that hold the flows of a world; tests send and hear frames."""

from __future__ import annotations

import select
import socket
import subprocess
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from controller.courses import Middlebox
from controller.derived import Endpoint
from controller.entities import Chassis
from controller.links import Wire
from controller.southbound.beside import group_mod, meter_mod
from controller.southbound.difference import difference
from controller.southbound.metering import meters_used
from controller.southbound.xids import Concern
from mininet_scenarios.wire import ETH_P_ALL, PACKET_OUTGOING, socket_in
from tests.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.compiled import Watched
    from tests.real_switch import RealSwitch
    from tests.worlds import World

SECONDS = 10
LONGEST_NAME = 15
LONGEST_FRAME = 65536
JUMBO = "1600"
"""Bytes that links between bridges carry, so that headers fit beside what machines send."""


class FabricLab:
    """The bridges, and a raw socket at the far end of each machine's cable."""

    def __init__(self, switch: RealSwitch) -> None:
        self._switch = switch
        self._machines: dict[str, socket.socket] = {}
        self._made: list[str] = []
        self._bridges: list[str] = []
        self._limits: dict[str, set[int]] = defaultdict(set)

    def start(self, world: World) -> None:
        """Make what a world tells of, and bring the bridges to its flows."""
        known = compiled(world)
        self._bridges = sorted(known.store.keys(Chassis))
        for bridge in self._bridges:
            words = ["datapath_type=netdev", "fail_mode=secure"]
            self._switch.vsctl("add-br", bridge, "--", "set", "bridge", bridge, *words)
        for key in known.store.keys(Wire):
            wire = known.store.get(Wire, key)
            assert wire is not None
            self._cable(*wire.names)
            for bridge, name, ofport in zip(wire.ends, wire.names, wire.ports, strict=True):
                self._ip("link", "set", name, "mtu", JUMBO)
                self._plug(bridge, name, ofport)
        machines = [(kind, key) for kind in (Endpoint, Middlebox) for key in sorted(known.store.keys(kind))]
        for number, (kind, key) in enumerate(machines):
            self._machine(known.store.get(kind, key), number)
        self._hold(known)

    def becomes(self, world: World) -> None:
        """The same bridges and cables; other flows."""
        self._hold(compiled(world))

    def stop(self) -> None:
        """Take it all away."""
        for machine in self._machines.values():
            machine.close()
        for bridge in self._bridges:
            self._switch.vsctl("del-br", bridge)
        for name in self._made:
            self._ip("link", "del", name)

    def cut(self, name: str, *, mended: bool = False) -> None:
        """Pull a cable out at one end, or put it back."""
        self._ip("link", "set", name, "up" if mended else "down")
        self._until_live(name, mended)

    def fate(self, sender: str, frame: bytes, last: Mapping[str, bytes]) -> dict[str, list[bytes]]:
        """What each of these machines hears of a frame, before it hears its ``last``, which is sent behind it."""
        self._machines[sender].send(frame)
        for closing in last.values():
            self._machines[sender].send(closing)
        return {name: self._heard(name, closing) for name, closing in last.items()}

    def first(self, sender: str, frame: bytes, listeners: Sequence[str]) -> str:
        """Which of these machines hears a frame, one of which does and no other."""
        self._machines[sender].send(frame)
        sockets = {self._machines[name]: name for name in listeners}
        ready, _, _ = select.select(list(sockets), [], [], SECONDS)
        (hearing,) = ready
        assert hearing.recv(LONGEST_FRAME) == frame
        return sockets[hearing]

    def _heard(self, name: str, closing: bytes) -> list[bytes]:
        deadline, frames = time.monotonic() + SECONDS, list[bytes]()
        machine = self._machines[name]
        while closing not in frames:
            machine.settimeout(max(0.001, deadline - time.monotonic()))
            frame, address = machine.recvfrom(LONGEST_FRAME)
            if address[2] != PACKET_OUTGOING:
                frames.append(frame)
        return frames[:-1]

    def _machine(self, plugged: Endpoint | Middlebox | None, number: int) -> None:
        assert plugged is not None
        inner, outer = f"in{number}", f"out{number}"
        self._cable(inner, outer)
        self._plug(plugged.chassis, inner, plugged.ofport)
        pid = self._switch.daemons[0].pid
        own = socket_in(pid, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        own.bind((outer, ETH_P_ALL))
        self._machines[plugged.key] = own

    def _cable(self, one: str, other: str) -> None:
        self._ip("link", "add", one, "type", "veth", "peer", "name", other)
        self._made.append(one)
        for name in (one, other):
            self._ip("link", "set", name, "addrgenmode", "none")
            self._ip("link", "set", name, "up")

    def _plug(self, bridge: str, name: str, ofport: int) -> None:
        assert len(name) <= LONGEST_NAME
        self._switch.vsctl("add-port", bridge, name, "--", "set", "interface", name, f"ofport_request={ofport}")

    def _ip(self, *words: str) -> None:
        subprocess.run([*self._switch.namespaced, "ip", *words], check=True)

    def _until_live(self, name: str, live: bool) -> None:  # noqa: FBT001 - what is waited for
        deadline = time.monotonic() + SECONDS
        while (self._switch.vsctl("get", "interface", name, "link_state").strip() == "up") != live:
            assert time.monotonic() < deadline, f"{name} does not change"
        self._switch.go_round()

    def _hold(self, known: Watched) -> None:
        for bridge in self._bridges:
            flows = list(known.catalogue.flows(bridge))
            client = self._switch.client(bridge)
            limits = {number for flow in flows for number in meters_used(flow.instructions)}
            groups = {group.number: group for flow in flows for group in flow.groups}
            missing, self._limits[bridge] = limits - self._limits[bridge], limits | self._limits[bridge]
            client.send(b"".join(meter_mod(Concern.METER_ADD, number) for number in missing))
            client.send(b"".join(group_mod(group) for group in groups.values()))
            assert client.change(*difference(client.flows(), flows)) == []
            client.close()
        self._switch.forget_derived()
