"""Wired bridges under a core and an atlas in one thread: what each holds, step by step, and where frames go by it."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from apps.fabric_tables import ARRIVAL, FABRIC
from apps.pipeline import DELIVER
from apps.registers import TOWARDS
from controller.atlas.atlas import Atlas
from controller.atlas.figures import Figures
from controller.atlas.steering import Steering
from controller.core import Core
from controller.entities import Chassis
from controller.flow import actions as act
from controller.flow.cloning import Clone
from controller.flow.codec import Term, flow_actions, match_terms
from controller.flow.fields import NSH_SPI
from controller.links import Bearing, Heading, Link, PathPolicy, Placed, Route, Track, Wire, in_order
from controller.settings import Topology
from tests.compiled import RULES, ModelSwitch
from tests.interpreter import DataPlane
from tests.worlds import TUNNELS, network, plugged, port, project, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from controller.entities import Entity
    from controller.flow.flow import Flow
    from controller.inventory import News
    from controller.sync import Step

NETWORK, VNI = "acme/web", 0x101
FIRST_WIRE = 10


class Idle(Exception):
    """There is nothing to take."""


class Queue:
    """Whoever takes from an empty one stops instead of waiting; ``asked``: None, to look again, is put in too."""

    def __init__(self, *, asked: bool = True) -> None:
        self.waiting: deque[Any] = deque()
        self._asked = asked

    def put(self, item: Any) -> None:
        if self._asked or item is not None:
            self.waiting.append(item)

    def get(self) -> Any:
        """The next, or Idle."""
        if not self.waiting:
            raise Idle
        return self.waiting.popleft()

    def qsize(self) -> int:
        return len(self.waiting)


class Hub:
    """What core and atlas need of green threads, where the test itself runs what it wants to run."""

    Queue = Queue

    @staticmethod
    def sleep(_seconds: float) -> None:
        """Nobody else waits."""

    @staticmethod
    def spawn(_function: Callable[..., object]) -> None:
        """Nothing runs beside the test."""

    @staticmethod
    def spawn_after(_seconds: float, _function: Callable[..., object], *_: object) -> None:
        """Time does not pass."""


class Switch:
    """A bridge that is there, or is not, with the steps that it has yet to take."""

    def __init__(self) -> None:
        self.inbox = Queue(asked=False)
        self.flows = Flows()
        self.in_sync = True
        self.connection = self

    def run(self) -> None:
        """Nothing comes from a wire."""

    def confirmed(self, turn: int) -> int:
        """The last turn that it has confirmed."""
        steps = [step.turn.number for step in self.inbox.waiting]
        return -1 if not self.in_sync else min(steps, default=turn + 1) - 1


class Flows(ModelSwitch):
    """A switch's flows, those of the fabric found by what they are about."""

    def __init__(self) -> None:
        super().__init__()
        self.onward: dict[int, tuple[int, ...]] = {}
        self.named: set[int] = set()
        self.headed: dict[int, int] = {}

    def put(self, flow: Flow) -> None:
        """Add or replace."""
        super().put(flow)
        if flow.table == FABRIC.number:
            self.onward[_value(flow, NSH_SPI)] = _ports(flow)
        elif flow.table == ARRIVAL.number and _value(flow, NSH_SPI):
            self.named.add(_value(flow, NSH_SPI))
        elif flow.table == DELIVER.number and _label(flow):
            self.headed[_value(flow, TOWARDS)] = _label(flow)

    def delete(self, flow: Flow) -> None:
        """Take away what has this cookie."""
        standing = self.table.get(flow.slot)
        super().delete(flow)
        if standing is None or flow.slot in self.table:
            return
        if flow.table == FABRIC.number:
            del self.onward[_value(flow, NSH_SPI)]
        elif flow.table == ARRIVAL.number:
            self.named.discard(_value(flow, NSH_SPI))
        elif flow.table == DELIVER.number:
            self.headed.pop(_value(flow, TOWARDS), None)


class Country:
    """Bridges ``s0``, ``s1``... with a machine each, and cables between them; ``hosts`` have tunnels as well.

    Where it is ``away`` at the begin, no switch is there yet. ``meanwhile`` is what happens while paths are chosen.
    """

    def __init__(self, bridges: int, *hosts: str) -> None:
        self.names = [f"s{number}" for number in range(bridges)]
        self.hosts = hosts
        self.switches: dict[str, Switch] = {}
        self.remembered: list[News] = []
        self.wires: dict[str, Wire] = {}
        self.plugs: dict[tuple[str, int], tuple[str, int, str]] = {}
        self.away = False
        self._ports = dict.fromkeys(self.names, FIRST_WIRE)
        self.core = Core(RULES, Hub, self, self._bridge)  # type: ignore[arg-type]
        self.meanwhile: list[Callable[[], None]] = []
        steering = Steering(Topology(), self._breathe)
        self.atlas = Atlas(self.core, Hub, steering, Figures(), self.remembered.append, self.bug)

    def world(self) -> Iterator[Entity]:
        """The bridges, and a machine on each."""
        yield project("acme")
        yield network(NETWORK, VNI)
        for number, name in enumerate(self.names, 1):
            yield Chassis(name, number, f"192.0.2.{number}", TUNNELS) if name in self.hosts else Chassis(name, number)
            yield port(f"acme/vm-{name}", NETWORK, number)
            yield plugged(f"acme/vm-{name}", name, 1)

    def cable(self, one: str, other: str) -> Wire:
        """One more cable between two bridges."""
        ends = in_order(one, other)
        ports = (self._ports[ends[0]], self._ports[ends[1]])
        for name in ends:
            self._ports[name] += 1
        key = f"{ends[0]}.{ports[0]}-{ends[1]}.{ports[1]}"
        self.wires[key] = Wire(key, ends, ports, (f"{ends[0]}-eth{ports[0]}", f"{ends[1]}-eth{ports[1]}"))
        self.plugs[ends[0], ports[0]] = (ends[1], ports[1], key)
        self.plugs[ends[1], ports[1]] = (ends[0], ports[0], key)
        return self.wires[key]

    def begin(self, recalled: Iterable[Entity] = ()) -> None:
        """Start, knowing the world and what was recalled."""
        self.atlas.recall(recalled)
        self.core.submit([*self.world(), *self.wires.values(), *recalled], ())
        self.core.ask(self.atlas.begin)
        self.settle()

    def tell(self, *puts: Entity, deletes: Iterable[tuple[type, str]] = ()) -> None:
        """Something of the world changed; all that follows is compiled, and waits to be taken by switches."""
        self.wires |= {wire.key: wire for wire in puts if isinstance(wire, Wire)}
        self.core.submit(puts, deletes)
        self.settle()

    def settle(self) -> None:
        """Let core and atlas do all that they have to."""
        bell: Any = self.atlas._bell  # noqa: SLF001 - the queues are the test's own
        while self.core._inbox.qsize() or bell._rung.qsize():  # noqa: SLF001
            for part in (self.core, self.atlas):
                try:
                    part.run()
                except Idle:
                    continue

    def steps(self) -> Iterator[list[tuple[Switch, Step]]]:
        """What switches have to do, phase by phase; whoever asks for the next has done them all."""
        while waiting := [(s.inbox.waiting[0], s) for s in self.switches.values() if s.inbox.waiting]:
            first = min((step.turn.number, step.phase) for step, _ in waiting)
            yield [(switch, step) for step, switch in waiting if (step.turn.number, step.phase) == first]

    def take_all(self) -> None:
        """Every switch does all that it has to."""
        for phase in self.steps():
            for switch, step in phase:
                take(switch, step)

    def plane(self) -> DataPlane:
        """Where whole packets go by the flows that all bridges should have."""
        store = self.core.compiler.store
        kinds = (Route, Heading, Link, Wire, PathPolicy, Track, Placed)
        found = [entity for kind in kinds for key in store.keys(kind) if (entity := store.get(kind, key)) is not None]
        plane = DataPlane(world([*self.world(), *found]))
        plane.fails(*(key for key, wire in self.wires.items() if not wire.up))
        return plane

    def alive(self, bridge: str, port: int) -> tuple[str, int] | None:
        """What is at the other end of a port, if anything gets there."""
        there, at, key = self.plugs[bridge, port]
        return (there, at) if self.wires[key].up else None

    def number(self, bridge: str) -> int:
        """By which it is known to others."""
        found: Bearing = self.core.compiler.store.get(Bearing, bridge)  # type: ignore[assignment]
        return found.number

    def headed(self, source: str, target: str) -> int:
        """The label under which frames leave a bridge for another; 0 where there is none."""
        return self.switches[source].flows.headed.get(self.number(target), 0)

    def reaches(self, source: str, target: str, label: int) -> bool:
        """Whether a frame comes to its target whatever ways bridges pick; raises AssertionError where one goes round.

        Ports that are down are never picked; where none is left, the frame is lost.
        """
        return self._arrives(source, target, label, (), {})

    def _arrives(self, at: str, target: str, label: int, passed: tuple[str, ...], known: dict[str, bool]) -> bool:
        assert at not in passed, f"a frame for {target} goes round: {[*passed, at]}"
        if at == target:
            return label in self.switches[at].flows.named
        if at not in known:
            ports = self.switches[at].flows.onward.get(label, ())
            ends = [end for port in ports if (end := self.alive(at, port)) is not None]
            way = (*passed, at)
            known[at] = bool(ends) and all(self._arrives(end, target, label, way, known) for end, _ in ends)
        return known[at]

    def _bridge(self, chassis: str, _inbox: Queue) -> Switch:
        self.switches[chassis] = Switch()
        self.switches[chassis].in_sync = not self.away
        return self.switches[chassis]

    def _breathe(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()

    # What the core and the atlas tell.

    def bug(self, where: str, key: str, error: Exception) -> None:
        """There must be none."""
        raise AssertionError(f"{where} {key}") from error

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """The atlas follows."""
        self.atlas.compiled(changed)

    def ready(self, _subjects: object) -> None:
        """Nobody waits."""


def take(switch: Switch, step: Step) -> None:
    """One switch does one step."""
    assert switch.inbox.waiting.popleft() is step
    for flow in step.puts:
        switch.flows.put(flow)
    for flow in step.deletes:
        switch.flows.delete(flow)


def _value(flow: Flow, field: Any) -> int:
    return _terms(flow.match).get(field, 0)


@lru_cache(100_000)
def _terms(match: bytes) -> dict[Any, int]:
    return {term.field: term.value for term in match_terms(match) if isinstance(term, Term)}


def _ports(flow: Flow) -> tuple[int, ...]:
    if flow.groups:
        return tuple(bucket.watch for bucket in flow.groups[0].buckets if bucket.watch is not None)
    return tuple(action.port for action in flow_actions(flow.instructions) if isinstance(action, act.Output))


def _label(flow: Flow) -> int:
    """What a flow of DELIVER writes into a header."""
    inside = [one for action in flow_actions(flow.instructions) if isinstance(action, Clone) for one in action.actions]
    return next((one.value for one in inside if isinstance(one, act.SetField) and one.field is NSH_SPI), 0)
