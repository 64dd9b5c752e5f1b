"""Probing: the search for wires in the real world: bridges, their ports, their packets and the time.

Ports tell of themselves by OpenFlow, on bare bridges and on hosts alike. A port that goes down takes its wire down in
the same moment; nothing is waited for on that way.
"""

from __future__ import annotations

import secrets
import time
from queue import Empty
from typing import TYPE_CHECKING, Any, Protocol

from controller.atlas.uses import Uses
from controller.entities import Chassis
from controller.flow.actions import output
from controller.inventory import LARGEST_PORT, News
from controller.links import Wire
from topology.agenda import Pace
from topology.discovery import Discovery, PortState
from topology.lldp import NONCE_BYTES
from topology.sides import Attack, Lost, Seen, Send, Timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from controller.core import Core
    from controller.entities import Entity
    from controller.links import Role
    from controller.settings import Topology
    from controller.southbound.packets import PacketIn
    from controller.southbound.ports import PortDescription
    from topology.sides import Outcome

KEY_BYTES = 32
AT_FIRST = 5.0
"""Seconds after a bridge came in which it may yet get the flows that hand probes to us."""


class Listener(Protocol):
    """Who wants to know what was found (``controller.atlas.findings``)."""

    def seen(self, found: Seen | Lost) -> None:
        """A wire came, went, or went up or down."""

    def attempted(self, attack: Attack) -> None:
        """Somebody tried to make a link."""

    def timed(self, timed: Timed) -> None:
        """A probe took so long."""


class Probing:
    """``emit`` has a switch send a frame, ``tell`` keeps and compiles what is found, ``wake`` is a queue of the hub."""

    def __init__(  # noqa: PLR0917 - the parts that it speaks to, put together once
        self,
        core: Core,
        settings: Topology,
        emit: Callable[..., bool],
        tell: Callable[[News], None],
        listener: Listener,
        bug: Callable[[str, str, Exception], None],
        wake: Any,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._core = core
        self._emit = emit
        self._tell = tell
        self._listener = listener
        self._bug = bug
        self._wake = wake
        self._clock = clock
        pace = Pace(settings.probe_interval, settings.probe_misses)
        self._discovery = Discovery(pace, secrets.token_bytes(KEY_BYTES), _nonce)
        self._uses = Uses(core.compiler.store)
        self._ports: dict[str, dict[int, PortDescription]] = {}
        self._since: dict[str, float] = {}

    def recall(self, entities: Iterable[Entity]) -> None:
        """Take over what was known before this daemon started."""
        self._discovery.ground.wires.recall(entity for entity in entities if isinstance(entity, Wire))

    def role(self, chassis: str, port: int) -> Role | None:
        """What a port turned out to be, None while nobody can say."""
        return self._discovery.ground.role((chassis, port))

    def ports(self, chassis: str, described: Iterable[PortDescription]) -> None:
        """All ports of a chassis' bridge, as they are now."""
        before, now = self._ports.get(chassis, {}), {port.number: port for port in described}
        self._ports[chassis] = now
        if not now:
            del self._ports[chassis]
        for number in before.keys() - now.keys():
            self._do(self._discovery.gone((chassis, number)))
        for number, port in now.items():
            if before.get(number) != port:
                self._look(chassis, port)

    def settled(self, chassis: str) -> None:
        """A chassis' switch came, went, or took in more flows."""
        bridge, now = self._core.bridges.get(chassis), self._clock()
        if bridge is None or bridge.connection is None:
            self._since.pop(chassis, None)
            self._discovery.left(chassis)
        elif bridge.in_sync and now - self._since.setdefault(chassis, now) < AT_FIRST:
            self._do(self._discovery.joined(chassis, now))

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """A change was compiled: what ports are for may be something else now."""
        for chassis, number in self._uses.compiled(changed):
            if number is None and self._core.compiler.store.get(Chassis, chassis) is None:
                self.ports(chassis, ())
                self._do(self._discovery.forgotten(chassis))
            numbers = self._ports.get(chassis, {}) if number is None else (number,)
            for port in [self._ports[chassis][each] for each in numbers if each in self._ports.get(chassis, {})]:
                self._look(chassis, port)

    def punted(self, chassis: str, packet: PacketIn) -> None:
        """A switch hands up what came in at a port where nothing but probes should."""
        now = self._clock()
        self._do(self._discovery.heard((chassis, packet.in_port), packet.frame, now))

    def run(self) -> None:
        """Send probes when they are due, for ever."""
        while True:
            due = self._discovery.ground.agenda.next()
            pause = None if due is None else max(0.0, due - self._clock())
            try:
                self._wake.get(timeout=pause)
            except Empty:
                self.tick()

    def tick(self) -> None:
        """Send the probes that are due."""
        self._do(())

    def _look(self, chassis: str, port: PortDescription) -> None:
        place, now = (chassis, port.number), self._clock()
        use = self._uses.of(chassis, port) if port.number < LARGEST_PORT else "other"
        self._do(self._discovery.port(PortState(place, port.name, port.address, port.up, use), now))
        for mac in self._uses.machines(place):
            self._discovery.lives(mac, place, now)

    def _do(self, outcomes: Iterable[Outcome]) -> None:
        """Do what is to be done, and what is due by then: wires first, since traffic waits for them."""
        before = self._discovery.ground.agenda.next()
        try:
            found = [*outcomes, *self._discovery.tick(self._clock())]
        except Exception as error:  # noqa: BLE001 - our bug must not cost a switch its session
            self._bug("probing", "", error)
            return
        wires = {outcome.wire.key: outcome for outcome in found if isinstance(outcome, Seen | Lost)}
        puts = [outcome.wire for outcome in wires.values() if isinstance(outcome, Seen)]
        deletes = [(Wire, key) for key, outcome in wires.items() if isinstance(outcome, Lost)]
        if wires:
            self._tell(News([*puts], [*deletes]))
        for outcome in found:
            self._carry_out(outcome)
        due = self._discovery.ground.agenda.next()
        if due is not None and (before is None or due < before) and not self._wake.qsize():
            self._wake.put(None)

    def _carry_out(self, outcome: Outcome) -> None:
        match outcome:
            case Send(place=(chassis, port) as place, frame=frame):
                if not self._emit(chassis, frame, (output(port),)):
                    self._discovery.unsent(place, self._clock())
            case Attack():
                self._listener.attempted(outcome)
            case Timed():
                self._listener.timed(outcome)
            case Seen() | Lost():
                self._listener.seen(outcome)


def _nonce() -> bytes:
    return secrets.token_bytes(NONCE_BYTES)
