"""Connections that live: what each port's switch tracks for it, who is at the other end, and which rule let it begin.

A connection between two ports of ours is tracked for each of them, and listed for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from controller.addresses import link_local, within
from controller.derived import Endpoint
from controller.intent.pacer import Pacer
from controller.live.answers import Inquiry, ask
from controller.live.decisions import asked
from controller.policy.numbers import CODES
from controller.policy.values import PROTOCOLS
from controller.policy.verdict import Conversation
from controller.services.logged import peer
from controller.zones import port, port_zone
from ovsdb.conntrack import tracked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from controller.live.answers import Answers, Page, Row, Switches
    from controller.live.rules import RuleNames
    from controller.policy.values import Direction
    from controller.store import Store
    from ovsdb.conntrack import Tracked

CUT = CODES["deny"]
"""Set in the mark of a connection that was cut (``apps.policy_stages``)."""
_FEW = 8
"""Zones of a chassis that are asked for one by one; of more everything is read once."""
Places = dict[tuple[str, int], Endpoint]
"""Ports by chassis and OpenFlow port."""


class Connection(NamedTuple):
    """One connection of a port (its key), as its zone has it; ``peer`` is the other end's key, "" for a stranger.

    ``direction`` is egress where the port began it. ``target_port`` is that of ``Conversation``; ``mark`` holds the
    number of the rule that let it begin, 0 where none was asked.
    """

    number: str
    port: str
    chassis: str
    zone: int
    direction: Direction
    peer: str
    protocol: int
    source: str
    source_port: int
    target: str
    target_port: int
    identifier: int
    state: str | None
    mark: int

    @property
    def cut(self) -> bool:
        """Whether it was cut: it is there to be refused until both ends have given up."""
        return bool(self.mark & CUT)

    @property
    def conversation(self) -> Conversation:
        """How it began."""
        sends = self.direction == "egress"
        return Conversation(
            sender=self.port if sends else self.peer or None,
            receiver=self.peer or None if sends else self.port,
            source=self.source,
            target=self.target,
            protocol=self.protocol,
            source_port=self.source_port,
            target_port=self.target_port,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; None is everything. ``projects`` are those of ports, ``port`` is a key."""

    chassis: str | None = None
    projects: frozenset[str] | None = None
    port: str | None = None


class Connections:
    """Reads what switches track of ports, for people page by page, for others all at once."""

    def __init__(self, store: Store, names: RuleNames, switches: Switches, answers: Answers) -> None:
        self._store = store
        self._names = names
        self._switches = switches
        self._answers = answers

    def page(self, question: Question, limit: int, cursor: str) -> Page:
        """At most ``limit`` rows, from ``cursor`` on ("": the first). Raises Gone for a cursor that is too old."""
        return self._answers.page(question, partial(self._inquiry, question), limit, cursor)

    def read(self, ports: Iterable[str]) -> tuple[list[Connection], dict[str, str]]:
        """All connections of some ports now; and the chassis that could not be asked, with why."""
        places = self._places(self.endpoint(key) for key in ports)
        told, pacer = ask(self._switches, _zones(places)), Pacer()
        found = []
        for chassis, lines in told.parts:
            for _, one in connections(places, self._store, chassis, lines, 0):
                pacer.breathe()
                if one is not None:
                    found.append(one)
        return found, told.unavailable

    def _inquiry(self, question: Question) -> Inquiry:
        places = self._places(self._asked(question))
        return Inquiry(_zones(places), partial(self._rows, places))

    def _asked(self, question: Question) -> Iterator[Endpoint | None]:
        keys = list(self._store.keys(Endpoint)) if question.port is None else [question.port]
        for key in keys:
            found = self.endpoint(key)
            of_project = question.projects is None or key.partition("/")[0] in question.projects
            if found is not None and of_project and question.chassis in {None, found.chassis}:
                yield found

    def _places(self, endpoints: Iterable[Endpoint | None]) -> Places:
        return {(one.chassis, one.ofport): one for one in endpoints if one is not None and not one.of_host}

    def endpoint(self, key: str) -> Endpoint | None:
        """Where a port is plugged in."""
        found: Endpoint | None = self._store.get(Endpoint, key)
        return found

    def _rows(self, places: Places, chassis: str, lines: str, start: int) -> Iterator[tuple[int, Row | None]]:
        for end, found in connections(places, self._store, chassis, lines, start):
            yield end, None if found is None else self.row(found)

    def row(self, found: Connection) -> Row:
        """A connection as it is told."""
        rule = self._names.of(found.mark)
        return {
            "id": found.number,
            "port": found.port,
            "direction": found.direction,
            "peer": found.peer or None,
            "source": found.source,
            "destination": found.target,
            **asked(found.protocol, found.source_port, found.target_port),
            "state": found.state,
            "rule": rule.words if rule else None,
            "cut": found.cut,
            "chassis": found.chassis,
            "zone": found.zone,
        }


def seen(row: Row, reads: Callable[[str], bool]) -> Row:
    """A row as it is told to who ``reads`` some projects: ports at the other end are not named from others."""
    peer = row["peer"]
    return row if peer is None or reads(str(peer).partition("/")[0]) else row | {"peer": None}


def _zones(places: Places) -> Mapping[str, Sequence[int | None]]:
    """What to ask each chassis for."""
    zones: dict[str, list[int | None]] = {}
    for chassis, ofport in sorted(places):
        if port_zone(ofport):
            zones.setdefault(chassis, []).append(port_zone(ofport))
    return {chassis: asking if len(asking) <= _FEW else [None] for chassis, asking in zones.items()}


def connections(
    places: Places, store: Store, chassis: str, lines: str, start: int
) -> Iterator[tuple[int, Connection | None]]:
    """What each line tells, and where to go on after it; None for one that is of none of the ports at ``places``."""
    for end, found in tracked(lines, start):
        endpoint = places.get((chassis, port(found.zone))) if found is not None else None
        yield end, None if found is None or endpoint is None else _connection(found, endpoint, store)


def _connection(found: Tracked, endpoint: Endpoint, store: Store) -> Connection:
    first = found.original
    direction: Direction = "egress" if _begins(endpoint, first.source, first.destination) else "ingress"
    other = first.destination if direction == "egress" else first.source
    return Connection(
        found.number,
        endpoint.key,
        endpoint.chassis,
        found.zone,
        direction,
        peer(endpoint, other, store),
        PROTOCOLS.get(found.protocol, 0),
        first.source,
        first.source_port or 0,
        first.destination,
        (first.asks if first.asks is not None else first.destination_port) or 0,
        first.identifier or 0,
        found.state,
        found.mark,
    )


def _begins(endpoint: Endpoint, source: str, target: str) -> bool:
    """Whether the port sent the first packet: its own addresses say so; where it has leave to use any, not the last."""
    own = {*endpoint.ipv4, *endpoint.ipv6, link_local(endpoint.mac)}
    if source in own or target in own:
        return source in own
    blocks = [pair.address for pair in endpoint.allowed_pairs if "/" in pair.address]
    more = {pair.address for pair in endpoint.allowed_pairs}
    if source in more or target in more:
        return source in more
    return any(within(source, block) for block in blocks) or not any(within(target, block) for block in blocks)
