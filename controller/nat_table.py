"""The NAT table: every connection that a switch translates, with the router that it is translated for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from controller.derived import Floating, Forward, HostOrder
from controller.entities import Network, Router, Seat
from controller.live.answers import Inquiry
from controller.zones import router as router_of
from controller.zones import zones as zones_of
from ovsdb.conntrack import Translation, translations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from controller.live.answers import Answers, Page, Row
    from controller.store import Store


FEW = 8
"""Routers that a chassis is asked for zone by zone; of more everything is read once, the connections of ports too."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; None is everything. ``router`` is the key of a router, or of a nat network."""

    chassis: str | None = None
    router: str | None = None
    project: str | None = None


class NatTable:
    """Reads pages of what switches translate."""

    def __init__(self, store: Store, answers: Answers) -> None:
        self._store = store
        self._answers = answers

    def page(self, question: Question, limit: int, cursor: str) -> Page:
        """At most ``limit`` rows, from ``cursor`` on ("": the first). Raises Gone for a cursor that is too old."""
        return self._answers.page(question, partial(self._inquiry, question), limit, cursor)

    def _inquiry(self, question: Question) -> Inquiry:
        names = self._names(question)
        zones: Sequence[int | None] = [None]
        if question.router or len(names) <= FEW:
            zones = sorted(zone for number in names for zone in zones_of(number))
        chosen = [question.chassis] if question.chassis is not None else self._translating()
        return Inquiry(dict.fromkeys(chosen if names else (), zones), partial(_rows, names))

    def _names(self, question: Question) -> dict[int, tuple[str, str]]:
        """Routers that are asked for, by number: what they are in a row, and their key."""
        found = {router.number: ("router", router.key) for router in self._store.all(Router)}
        doors = {n.door.number: ("network", n.key) for n in self._store.all(Network) if n.door is not None}
        return {
            number: (what, key)
            for number, (what, key) in (found | doors).items()
            if question.router in (None, key) and question.project in (None, key.partition("/")[0])
        }

    def _translating(self) -> list[str]:
        """The chassis that have something to translate."""
        store = self._store
        found = {order.key for order in store.all(HostOrder) if order.link}
        there: list[Seat | Floating | Forward] = [*store.all(Seat), *store.all(Floating), *store.all(Forward)]
        found.update(one.chassis for one in there)
        return sorted(found - {""})


def _rows(
    names: Mapping[int, tuple[str, str]], chassis: str, lines: str, start: int
) -> Iterator[tuple[int, Row | None]]:
    for end, found in translations(lines, start):
        name = names.get(router_of(found.zone)) if found else None
        yield end, _row(found, name, chassis) if found is not None and name is not None else None


def _row(found: Translation, name: tuple[str, str], chassis: str) -> Row:
    what, key = name
    return {
        "id": found.number,
        "protocol": found.protocol,
        "source": found.source,
        "source_port": found.source_port,
        "destination": found.destination,
        "destination_port": found.destination_port,
        "state": found.state,
        "translates": found.kind,
        "translated": found.translated,
        "translated_port": found.translated_port,
        "router": key if what == "router" else None,
        "network": key if what == "network" else None,
        "zone": found.zone,
        "chassis": chassis,
    }
