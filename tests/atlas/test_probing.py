"""The search for wires among switches, hosts and intent: what is told when, and which ports are left alone."""

from __future__ import annotations

import queue
from collections import deque
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from controller.atlas.probing import AT_FIRST, Probing
from controller.derived import Endpoint
from controller.entities import Chassis, Interface
from controller.inventory import News
from controller.links import Wire
from controller.settings import Topology
from controller.southbound.packets import PacketIn
from controller.southbound.ports import PortDescription
from controller.store import Store
from topology.sides import Seen

if TYPE_CHECKING:
    from controller.entities import Entity
    from controller.flow.actions import Output

WIRE = Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("s1-eth1", "s2-eth1"))
DOWN = Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("s1-eth1", "s2-eth1"), up=False)
Place = tuple[str, int]
TAP = Interface("s1/s1-eth1", "s1", "s1-eth1", 1, "acme/web")
WEB = Endpoint(
    *("acme/web", "acme/net", "acme/net", "overlay", 9, "vxlan", "s1", "s1-eth1", 1, "0a:00:00:00:00:01"),
    *((), (), (), True),
)


def port(chassis: str, number: int, *, up: bool = True, name: str = "") -> PortDescription:
    address = f"02:00:00:00:0{chassis[-1]}:0{number}"
    return PortDescription(number, name or f"{chassis}-eth{number}", address, up)


class Panel:
    """Switches whose ports are cabled; frames that are sent come in at the other end when ``settle`` is called.

    ``found`` is what was told, to be kept and compiled; ``heard`` what listeners got.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.cables: dict[Place, Place] = {}
        self.sent: list[Place] = []
        self.found: list[News] = []
        self.heard: list[Any] = []
        self.core: Any = SimpleNamespace(compiler=SimpleNamespace(store=Store({})), bridges={})
        self._flying: deque[tuple[Place, bytes]] = deque()
        listener: Any = SimpleNamespace(seen=self.heard.append, attempted=self.heard.append, timed=self.heard.append)
        self.wake: queue.Queue[None] = queue.Queue()
        parts: Any = (self.core, Topology(), self.emit, self.found.append, listener, self.broken, self.wake)
        self.probing = Probing(*parts, lambda: self.now)

    @staticmethod
    def broken(where: str, key: str, error: Exception) -> None:
        raise AssertionError((where, key)) from error

    def emit(self, chassis: str, frame: bytes, actions: tuple[Output, ...]) -> bool:
        """A switch that is not there sends nothing."""
        bridge = self.core.bridges.get(chassis)
        if bridge is None or bridge.connection is None:
            return False
        place = chassis, actions[0].port
        self.sent.append(place)
        if place in self.cables:
            self._flying.append((self.cables[place], frame))
        return True

    def cable(self, one: Place, other: Place) -> None:
        self.cables |= {one: other, other: one}

    def settle(self, seconds: float = 1.0) -> None:
        """Let what is under way arrive, and the time pass in small steps."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.01
            while self._flying:
                (chassis, number), frame = self._flying.popleft()
                self.probing.punted(chassis, PacketIn(frame, number, {}, 0, 0))
            self.probing.tick()

    def switch(self, chassis: str, *ports: PortDescription, in_sync: bool = True) -> None:
        """A switch is there."""
        self.core.bridges[chassis] = SimpleNamespace(connection=object(), in_sync=in_sync)
        self.probing.ports(chassis, ports)
        self.probing.settled(chassis)

    def put(self, *entities: Entity) -> None:
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.core.compiler.store.put(entity, changed)
        self.probing.compiled(changed)

    def delete(self, kind: type, key: str) -> None:
        changed: set[tuple[Any, ...]] = set()
        self.core.compiler.store.delete(kind, key, changed)
        self.probing.compiled(changed)


@pytest.fixture
def panel() -> Panel:
    """Two bare switches with a cable between their first ports."""
    made = Panel()
    made.cable(("s1", 1), ("s2", 1))
    made.switch("s1", port("s1", 1), port("s1", 2), port("s1", 0xFFFFFFFE, name="s1"))
    made.switch("s2", port("s2", 1))
    return made


def test_a_wire_is_told_to_be_kept_and_compiled_as_soon_as_it_is_found(panel: Panel) -> None:
    panel.settle(0.1)
    assert panel.found == [News([WIRE])]
    assert Seen(WIRE, "found") in panel.heard
    assert (panel.probing.role("s1", 1), panel.probing.role("s1", 2)) == ("link", None)
    assert ("s1", 0xFFFFFFFE) not in panel.sent


def test_a_port_that_goes_down_takes_its_wire_down_in_the_same_call(panel: Panel) -> None:
    panel.settle(0.1)
    panel.probing.ports("s1", (port("s1", 1, up=False), port("s1", 2)))
    assert panel.found[1:] == [News([DOWN])]


def test_a_port_that_is_taken_away_takes_its_wire_away(panel: Panel) -> None:
    panel.settle(0.1)
    panel.probing.ports("s1", (port("s1", 2),))
    assert panel.found[1:] == [News([], [(Wire, WIRE.key)])]


def test_nothing_is_sent_to_switches_before_they_have_the_flows_that_hand_probes_to_us() -> None:
    panel = Panel()
    panel.switch("s1", port("s1", 1), in_sync=False)
    panel.settle()
    assert panel.sent == []
    panel.switch("s1", port("s1", 1))
    assert panel.sent == [("s1", 1)]


def test_more_flows_just_after_a_switch_came_have_ports_probed_at_once(panel: Panel) -> None:
    panel.settle(0.3)
    panel.sent.clear()
    panel.probing.settled("s1")
    panel.probing.tick()
    assert panel.sent == [("s1", 2)]
    panel.settle(AT_FIRST + 1)
    panel.sent.clear()
    panel.probing.settled("s1")
    panel.probing.tick()
    assert panel.sent == []


def test_a_wire_stays_while_a_switch_is_out_of_reach(panel: Panel) -> None:
    panel.settle(0.1)
    panel.core.bridges["s2"].connection = None
    panel.probing.settled("s2")
    panel.settle(20)
    assert panel.found == [News([WIRE])]
    panel.switch("s2", port("s2", 1))
    panel.settle(20)
    assert panel.found == [News([WIRE])]


def test_a_switch_that_is_gone_without_a_word_is_tried_again_and_again(panel: Panel) -> None:
    panel.settle(0.1)
    panel.core.bridges["s1"].connection = None
    panel.settle(20)
    panel.core.bridges["s1"].connection = object()
    panel.settle(1)
    assert panel.sent[-1] in {("s1", 1), ("s1", 2), ("s2", 1)}
    assert ("s1", 1) in panel.sent[-10:]


@pytest.mark.parametrize("entity", [TAP, WEB])
def test_a_port_that_a_machine_is_bound_to_ends_no_wire(panel: Panel, entity: Entity) -> None:
    panel.settle(0.1)
    panel.put(entity)
    assert panel.found[1:] == [News([], [(Wire, WIRE.key)])]
    panel.settle(5)
    assert (len(panel.found), panel.probing.role("s1", 1)) == (2, "host")


def test_a_port_that_was_bound_before_its_switch_came_is_left_alone() -> None:
    panel = Panel()
    panel.put(WEB)
    panel.switch("s1", port("s1", 1))
    panel.settle(5)
    assert panel.sent == []


def test_a_port_that_is_bound_no_more_is_no_link_until_it_went_down(panel: Panel) -> None:
    panel.put(WEB)
    panel.delete(Endpoint, WEB.key)
    panel.settle(5)
    assert panel.probing.role("s1", 1) == "host"
    panel.probing.ports("s1", (port("s1", 1, up=False), port("s1", 2)))
    panel.probing.ports("s1", (port("s1", 1), port("s1", 2)))
    panel.settle(5)
    assert panel.found == [News([WIRE])]


def test_a_machine_that_moves_leaves_its_port_a_hosts(panel: Panel) -> None:
    panel.put(WEB)
    panel.put(replace(WEB, interface="s1-eth2", ofport=2))
    assert (panel.probing.role("s1", 1), panel.probing.role("s1", 2)) == ("host", "host")


@pytest.mark.parametrize("name", ["nl-vxlan", "nl-host", "nlb0123456789", "nlp0123456789"])
def test_ports_of_our_own_are_left_alone(name: str) -> None:
    panel = Panel()
    panel.switch("s1", port("s1", 1, name=name))
    panel.settle(5)
    assert panel.sent == []


def test_tunnels_and_segments_that_the_chassis_tells_of_are_left_alone(panel: Panel) -> None:
    panel.settle(0.1)
    panel.sent.clear()
    panel.put(Chassis("s1", 1, "192.0.2.1", (("vxlan", 1),), (("outer", 2),)))
    panel.settle(5)
    assert [place for place in panel.sent if place[0] == "s1"] == []
    assert panel.found[1:] == [News([], [(Wire, WIRE.key)])]


def test_wires_that_were_known_before_are_neither_told_nor_lost() -> None:
    panel = Panel()
    panel.probing.recall((Chassis("s1", 1), WIRE))
    panel.cable(("s1", 1), ("s2", 1))
    panel.switch("s1", port("s1", 1))
    panel.switch("s2", port("s2", 1))
    panel.settle(10)
    assert panel.found == []


@pytest.mark.parametrize("told", [True, False])
def test_a_bridge_that_is_forgotten_takes_its_wires_with_it(*, told: bool) -> None:
    panel = Panel()
    panel.put(Chassis("s1", 1), Chassis("s2", 2))
    panel.probing.recall((WIRE,))
    if told:
        panel.switch("s1", port("s1", 1))
    panel.delete(Chassis, "s1")
    assert panel.found == [News([], [(Wire, WIRE.key)])]
    assert panel.probing.role("s1", 1) is None


def test_the_clock_is_set_anew_only_where_it_would_ring_too_late(panel: Panel) -> None:
    panel.settle(0.1)
    while not panel.wake.empty():
        panel.wake.get()
    panel.probing.ports("s1", (port("s1", 1), port("s1", 2), port("s1", 3)))
    assert panel.wake.qsize() <= 1
