"""Bridges, fake switches and everything between them, moved one message at a time in whatever order a test likes."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from controller import sync
from controller.southbound import inbound
from controller.southbound.bridge import Bridge
from tests.compiled import Watched
from tests.southbound.fake_switch import FakeSwitch
from tests.southbound.punts import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.entities import Entity
    from controller.flow.flow import Flow
    from controller.southbound.wire import FlowEvent
    from tests.worlds import Key


class Idle(Exception):
    """There is nothing to take."""


class Inbox:
    """The bridge's queue; whoever takes from an empty one stops instead of waiting."""

    def __init__(self) -> None:
        self.waiting: deque[Any] = deque()
        self.open = 0

    def put(self, news: Any) -> None:
        self.waiting.append(news)

    def get(self) -> Any:
        """One thing, where one is let through."""
        if not self.waiting or not self.open:
            raise Idle
        self.open -= 1
        return self.waiting.popleft()

    def qsize(self) -> int:
        return len(self.waiting)


class Line:
    """A connection between a bridge and its switch; a bridge sees it as the framework's."""

    def __init__(self, switch: FakeSwitch, closed: Callable[[Line], None]) -> None:
        self.switch: FakeSwitch | None = switch
        self._closed = closed

    def send(self, data: bytes) -> None:
        """Nothing happens once the connection is gone."""
        if self.switch is not None:
            self.switch.hear(data)

    def close(self) -> None:
        """Hang up; both sides learn of it."""
        if self.switch is not None:
            self.switch.hang_up()
            self.switch = None
            self._closed(self)


class Host:
    """One bridge and its switch."""

    def __init__(self, name: str, rig: Rig, *, refuses_late: bool) -> None:
        self.inbox = Inbox()
        self.switch = FakeSwitch(refuses_late=refuses_late)
        self.bridge = Bridge(name, self.inbox, rig.compiler.catalogue, rig, rig.later)
        self.line: Line | None = None

    def connect(self) -> None:
        """The switch calls; a line that is still there is given up as the framework would."""
        self.line = Line(self.switch, self._closed)
        self.inbox.put(self.line)

    def _closed(self, line: Line) -> None:
        self.inbox.put((line, None))
        if self.line is line:
            self.line = None

    def moves(self) -> list[Callable[[], None]]:
        """What could happen next between the bridge and its switch."""
        found: list[Callable[[], None]] = []
        if self.inbox.waiting:
            found.append(self.think)
        if self.line is not None and self.switch.heard:
            found.append(self.switch.step)
        if self.line is not None and self.switch.said:
            found.append(self.deliver)
        return found

    def think(self) -> None:
        """The bridge takes one thing from its queue."""
        self.inbox.open += 1
        try:
            self.bridge.run()
        except Idle:
            return

    def deliver(self) -> None:
        """One message of the switch arrives, as the framework gives it on."""
        message = inbound.received(self.switch.said.popleft())
        if message is not None:
            self.inbox.put((self.line, message))


class Rig:
    """A compiler and hosts; also who is told how the bridges do."""

    def __init__(self, names: Iterable[str], *, refuses_late: bool = False) -> None:
        self.compiler = Watched(RULES)
        self.turns = 0
        self.bugs: list[Exception] = []
        self.refusals: list[tuple[str, Flow | None]] = []
        self.drifts: list[tuple[str, FlowEvent]] = []
        self.strays: list[tuple[str, int, str]] = []
        self.mended_hosts: list[str] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.rests: list[Callable[[], None]] = []
        self.hosts = {name: Host(name, self, refuses_late=refuses_late) for name in names}

    def turn(self, puts: Iterable[Entity], deletes: Iterable[Key] = ()) -> None:
        """A change of the world; its steps are on their way."""
        self.turns += 1
        for name, steps in sync.steps(self.turns, self.compiler.turn(puts, deletes)).items():
            for step in steps:
                self.hosts[name].inbox.put(step)

    def settle(self) -> None:
        """Let everything happen that is under way."""
        for _ in range(100_000):
            moves = [move for host in self.hosts.values() for move in host.moves()]
            if not moves and not self.rests:
                return
            for move in moves or self.rests:
                move()
            if not moves:
                self.rests.clear()
        raise AssertionError("it never comes to rest")

    def connect(self) -> None:
        """Every host that is away comes back."""
        for host in self.hosts.values():
            if host.line is None:
                host.connect()

    def later(self, seconds: float, function: Callable[..., None], *arguments: object) -> None:
        """A timer, which a test lets run out; a turn rests until nothing else happens."""
        if seconds == sync.REST:
            self.rests.append(partial(function, *arguments))
            return
        self.timers.append((seconds, partial(function, *arguments)))

    # What bridges tell (controller.southbound.bridge.Watcher).

    def settled(self, chassis: str) -> None:
        """Nobody waits here."""

    def go_on(self, chassis: str) -> None:
        self.hosts[chassis].inbox.put(None)

    def mended(self, chassis: str) -> None:
        self.mended_hosts.append(chassis)

    def drifted(self, chassis: str, event: FlowEvent, _flow: Flow | None) -> None:
        self.drifts.append((chassis, event))

    def strayed(self, chassis: str, kind: int, what: str) -> None:
        self.strays.append((chassis, kind, what))

    def bug(self, _where: str, _key: str, error: Exception) -> None:
        self.bugs.append(error)

    def refused(self, chassis: str, flow: Flow | None, _reason: str) -> None:
        self.refusals.append((chassis, flow))
