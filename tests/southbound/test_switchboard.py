"""Packets pass bundles by, and go nowhere where there is no switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.compiler.compiler import Rules
from controller.core import Core
from controller.entities import Chassis
from controller.flow.actions import output
from controller.inventory import MOST_BARE, Inventory, News
from controller.southbound.agenda import Flush
from controller.southbound.beside import Forwarded
from controller.southbound.bridge import Bridge
from controller.southbound.conntrack import Connections, Ends
from controller.southbound.packets import PacketIn, packet_out
from controller.southbound.ports import PortDescription
from controller.southbound.xids import Concern
from controller.switchboard import LOCAL_PORT, Switchboard
from tests.southbound.rig import Idle, Inbox, Rig

if TYPE_CHECKING:
    from collections.abc import Callable

PUNT = PacketIn(b"frame", 3, {10: 1}, 250, 0x99)


class Hub:
    """Queues that nobody waits at, and nobody beside the test."""

    Queue = Inbox

    @staticmethod
    def sleep(_seconds: float) -> None:
        """Time does not pass."""

    @staticmethod
    def spawn(_function: Callable[..., object]) -> None:
        """The test itself runs what it wants to run."""


class Wire:
    """A bare bridge's connection, with room for two packets."""

    dpid, peer = 0xA1, "192.0.2.1"

    def __init__(self, name: str = "br0") -> None:
        self.offered: list[bytes] = []
        self.sent: list[bytes] = []
        self.name = name
        self.refused = False

    def ports(self) -> tuple[PortDescription, ...]:
        return (PortDescription(LOCAL_PORT, self.name),)

    def refuse(self, _reason: str) -> None:
        self.refused = True

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def offer(self, data: bytes) -> bool:
        if len(self.offered) == 2:
            return False
        self.offered.append(data)
        return True


class Desk:
    """A switchboard, its core and a bare bridge that has connected; what the core is given waits until it is told."""

    def __init__(self) -> None:
        rig: Any = Rig(())
        rig.compiled = rig.ready = lambda _: None
        self.punts: list[tuple[str, PacketIn]] = []
        self.core = Core(Rules({}, (), ()), Hub, rig, lambda name, inbox: Bridge(name, inbox, rig, rig, rig.later))
        self.seen: list[News] = []
        told = lambda *_: None, lambda *punt: self.punts.append(punt), self.seen.append
        self.inventory = Inventory()
        self.board = Switchboard(self.core, self.inventory, *told)
        wire: Any = Wire()
        self.wire = wire
        self.board.opened(wire)

    def run(self) -> None:
        """Let the core do what it was asked, and the bridge take its connection."""
        core: Any = self.core
        tokens = core._inbox._tokens  # noqa: SLF001 - the queue is the test's own
        tokens.open = len(tokens.waiting)
        with pytest.raises(Idle):
            core.run()

    def bridge(self) -> tuple[Bridge, Inbox]:
        bridge = self.core.bridge("br0")
        return bridge, bridge.inbox


@pytest.fixture
def desk() -> Desk:
    """Its bridge has taken its connection."""
    made = Desk()
    made.run()
    bridge, inbox = made.bridge()
    bridge.take(inbox.waiting.popleft())
    assert bridge.connection is made.wire
    return made


def test_a_packet_goes_to_whoever_answers_and_not_to_its_bridge(desk: Desk) -> None:
    desk.board.received(desk.wire, PUNT)
    assert desk.punts == [("br0", PUNT)]
    assert not desk.bridge()[1].waiting
    desk.board.received(desk.wire, Forwarded())
    assert list(desk.bridge()[1].waiting) == [(desk.wire, Forwarded())]


def test_a_packet_of_a_switch_that_belongs_to_nobody_is_dropped(desk: Desk) -> None:
    stranger: Any = Wire()
    desk.board.received(stranger, PUNT)
    assert desk.punts == []


def test_an_answer_goes_at_once_or_not_at_all(desk: Desk) -> None:
    told = [desk.board.emit("br0", b"frame", (output(3),), in_port=7) for _ in range(3)]
    assert told == [True, True, False]
    assert desk.wire.offered == [packet_out(b"frame", (output(3),), Concern.PACKET_OUT.xid(), in_port=7)] * 2
    assert not desk.board.emit("elsewhere", b"frame", (output(3),))
    bridge, _ = desk.bridge()
    bridge.take((desk.wire, None))
    assert not desk.board.emit("br0", b"frame", (output(3),))


def test_connections_are_forgotten_after_what_the_core_was_given_before(desk: Desk) -> None:
    desk.board.flush("br0", Connections(7, 6, original=Ends(target="192.0.2.1")))
    _, inbox = desk.bridge()
    assert not inbox.waiting
    desk.run()
    (flush,) = inbox.waiting
    assert isinstance(flush, Flush)
    assert flush.connections == Connections(7, 6, original=Ends(target="192.0.2.1"))
    assert flush.again


def test_a_bare_bridge_is_remembered_and_goes_by_its_own_name_when_it_comes_back_with_another(desk: Desk) -> None:
    assert desk.seen == [News([Chassis("br0", 0xA1, bare=True)])]
    desk.board.closed(desk.wire)
    again: Any = Wire("core1")
    desk.board.opened(again)
    assert desk.seen[1:] == [News(deletes=[(Chassis, "br0")]), News([Chassis("core1", 0xA1, bare=True)])]


def test_two_bare_bridges_of_one_datapath_id_do_not_rename_each_other(desk: Desk) -> None:
    other: Any = Wire("core1")
    other.peer = "192.0.2.2"
    desk.board.opened(other)
    assert (other.refused, len(desk.seen)) == (True, 1)


def test_where_there_are_too_many_bare_bridges_one_that_is_gone_makes_room(desk: Desk) -> None:
    for number in range(1, MOST_BARE):
        desk.core.submit(desk.inventory.bare_bridge(0x1000 + number, {}, f"gone{number:04}").puts, ())
    desk.run()
    newcomer: Any = Wire("late")
    newcomer.dpid = 0xB1
    desk.board.opened(newcomer)
    assert not newcomer.refused
    assert desk.seen[-2:] == [
        News(deletes=[(Chassis, f"gone{MOST_BARE - 1:04}")]),
        News([Chassis("late", 0xB1, bare=True)]),
    ]
