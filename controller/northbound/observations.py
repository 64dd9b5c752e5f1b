"""What is, read only: chassis, bridges, links, drift, flows with owners, the topology. For who reads everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

import falcon

from controller.errors import Gone
from controller.nat_table import Question
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.connections import answer_page, paging
from controller.northbound.resources import Backend
from controller.northbound.world import Listing, Table, World

_TOPOLOGY_TYPES = {"graphml": "application/graphml+xml", "dot": "text/vnd.graphviz"}


@dataclass(frozen=True, slots=True)
class TableResource:
    """One table of inventory."""

    world: World
    what: Table

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """All of its rows."""
        _observing(req, ())
        media.answer_items(req, resp, self.world.table(self.what))


@dataclass(frozen=True, slots=True)
class ListingResource:
    """Links or bridges, as they are, with what is said of each."""

    backend: Backend
    what: Listing

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Those that the label selectors match; all of them, or a page."""
        _observing(req, ("label", "limit", "cursor"))
        selected, limit = queries.labels(req), queries.whole(req, "limit", 1, queries.MAX_LIMIT)
        rows = self.backend.world.table(self.what)
        following = iter(rows[_place(rows, queries.cursor(req)) :])
        matching = (row for row in following if selected.holds(tuple(_labels(row).items())))
        page = list(matching if limit is None else islice(matching, limit))
        more = limit is not None and next(matching, None) is not None
        after = queries.cursor_after(str(page[-1]["name"])) if more else None
        revision = self.backend.writer.intent.revision
        media.answer_items(req, resp, page, {"next": after, "revision": revision})


@dataclass(frozen=True, slots=True)
class FlowResource:
    """Flows as they should be on the bridges."""

    world: World

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Those of a chassis, of an owner, or all."""
        _observing(req, ("chassis", "owner"))
        found = self.world.flows(queries.text(req, "chassis"), queries.text(req, "owner"))
        media.answer_items(req, resp, found)


@dataclass(frozen=True, slots=True)
class NatResource:
    """Connections that switches translate."""

    world: World

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Those of a chassis, of a router or nat network, of a project, or all, page by page."""
        _observing(req, ("chassis", "router", "project", "limit", "cursor"))
        question = Question(*(queries.text(req, name) for name in ("chassis", "router", "project")))
        page = self.world.nat.page(question, *paging(req))
        answer_page(req, resp, page, page.rows)


@dataclass(frozen=True, slots=True)
class TopologyResource:
    """The graph of bridges and links."""

    world: World

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """As JSON, or by ``format`` as GraphML or dot."""
        _observing(req, ("format",))
        match queries.choice(req, "format", ("json", "graphml", "dot")):
            case "graphml" | "dot" as chosen:
                resp.content_type = _TOPOLOGY_TYPES[chosen]
                resp.text = str(self.world.fabric.topology(chosen))
            case _:
                media.answer(req, resp, self.world.fabric.topology("json"))


def _place(rows: Sequence[Mapping[str, object]], after: str) -> int:
    """Where the page begins that follows a row; raises Gone."""
    if not after:
        return 0
    place = next((place for place, row in enumerate(rows, 1) if row["name"] == after), None)
    if place is None:
        raise Gone(f"{after[:60]}, with which the page before ended, is not there any more; list again")
    return place


def _labels(row: Mapping[str, object]) -> dict[str, str]:
    return cast("dict[str, str]", row["labels"])


def _observing(req: falcon.Request, known: tuple[str, ...]) -> None:
    queries.only(req, known)
    caller: Caller = req.context.caller
    caller.must_read_all()
