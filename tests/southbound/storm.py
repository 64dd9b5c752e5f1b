"""Everything happens to two bridges at once: turns, cuts, meddling, refusals, and messages in every order."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from controller.flow.flow import EVERYWHERE, Flow
from controller.flow.meters import punt_meter
from controller.southbound import agenda, upkeep
from controller.southbound.metering import meters_used
from controller.sync import Step
from tests.histories import parted
from tests.southbound.fake_groups import GroupMod
from tests.southbound.fake_meters import MeterMod
from tests.southbound.punts import TWO_WAYS
from tests.southbound.rig import Rig
from tests.worlds import small_world

if TYPE_CHECKING:
    from random import Random

    from tests.histories import History
    from tests.southbound.fake_switch import FakeSwitch
    from tests.southbound.rig import Host

HOSTS = ("hv1", "hv2")
FOREIGN = Flow(EVERYWHERE, 3, 777, b"", b"", 0xBAD)
LIMITS = {1: (100, 200), 2: (100, 400), 3: (10, 50), 4: (20, 40)}
"""Packets a second, and at once, that meters let through, by class: to the daemon, to everybody, to the log, strays."""


def wanted(rig: Rig, name: str) -> dict[object, tuple[int, bytes]]:
    return {slot: (flow.cookie, flow.instructions) for slot, flow in rig.compiler.flows(name).items()}


def right(number: int) -> tuple[int, bytes]:
    """The flags and bands of a meter."""
    return 0b0110, struct.pack("!HHII4x", 1, 16, *LIMITS[number >> 24])


def meters(host: Host) -> dict[int, tuple[int, bytes]]:
    """What the flows that stand on a host's switch ask for."""
    return {number: right(number) for _, does in host.switch.table.values() for number in meters_used(does)}


def groups(rig: Rig, name: str) -> dict[int, tuple[int, bytes, bytes]]:
    """What the flows that should stand on a host's switch, and do, name."""
    table = rig.hosts[name].switch.table
    standing = (flow for slot, flow in rig.compiler.flows(name).items() if slot in table)
    return {group.number: (group.kind, group.wire, group.method) for flow in standing for group in flow.groups}


def calm(rig: Rig) -> None:
    """Every host is there, every message delivered, and every switch where it should be but for what it refuses."""
    rig.connect()
    rig.settle()
    for name, host in rig.hosts.items():
        should, table = wanted(rig, name), host.switch.table
        assert host.switch.meters.held == meters(host)
        assert host.switch.groups.held == groups(rig, name)
        assert host.switch.unlimited == set()
        refused = {slot for slot, held in should.items() if held[0] in host.switch.refuses and slot not in table}
        assert table == {slot: held for slot, held in should.items() if slot not in refused}
        assert host.bridge.in_sync
        assert host.bridge.confirmed(rig.turns) == rig.turns
    assert rig.bugs == []


class Storm:
    """Everything happens at once: turns, cuts, meddling and every order of messages."""

    def __init__(self, rig: Rig, history: History, rng: Random) -> None:
        self.rig, self.history, self.rng = rig, history, rng

    def blow(self) -> None:
        """Until the history is told."""
        while self.history:
            host = self.rig.hosts[self.rng.choice(HOSTS)]
            moves = host.moves()
            for _ in range(self.rng.choice((0, 1, 3, 10, 100))):
                if not moves:
                    break
                self.rng.choice(moves)()
                moves = host.moves()
            match self.rng.randrange(12):
                case 0 if host.line is not None:
                    host.line.close()
                case 1 | 2 | 3 if host.line is None:
                    host.connect()
                case 4:
                    table = list(host.switch.table)
                    host.switch.meddle([FOREIGN], self.rng.sample(table, min(2, len(table))))
                case 5 | 6 | 7 | 8:
                    self.turn()
                case 9:
                    self.meddle_beside(host.switch)

    def meddle_beside(self, switch: FakeSwitch) -> None:
        """Somebody changes meters and groups of ours, or takes them away with their flows, or adds more."""
        held = sorted(switch.meters.held)
        mods = [
            MeterMod(self.rng.choice((MeterMod.MODIFY, MeterMod.DELETE)), number)
            for number in self.rng.sample(held, min(2, len(held)))
        ]
        ours = sorted(switch.groups.held)
        ways = [
            GroupMod(self.rng.choice((GroupMod.PUT, GroupMod.DELETE)), number)
            for number in self.rng.sample(ours, min(1, len(ours)))
        ]
        foreign = GroupMod(GroupMod.PUT, self.rng.choice((9, TWO_WAYS[0].number)))
        switch.meddle_beside([*mods, MeterMod(MeterMod.ADD, self.rng.choice((5, punt_meter(3))))], [*ways, foreign])

    def turn(self) -> None:
        """The world changes; now and then a switch will not take one of the flows of that."""
        self.rig.turn(*parted(self.history.pop()))
        for host in self.rig.hosts.values():
            for step in host.inbox.waiting:
                if isinstance(step, Step) and step.puts and not self.rng.randrange(8):
                    host.switch.refuses.add(self.rng.choice(step.puts).cookie)


def weathered(history: History, rng: Random, *, refuses_late: bool) -> None:
    """The small world, a history, a storm all the while, and calm; bundles are small, so that there are many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agenda, "BUNDLE_SIZE", 4)
        patch.setattr(upkeep, "BUNDLE_SIZE", 30)
        rig = Rig(HOSTS, refuses_late=refuses_late)
        rig.turn(small_world().values())
        if rng.randrange(3):
            calm(rig)
        Storm(rig, history, rng).blow()
        calm(rig)
