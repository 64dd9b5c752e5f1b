"""What is, read only: chassis, bridges, links, drift, flows with owners, the topology. For who reads everything."""

from __future__ import annotations

from dataclasses import dataclass

import falcon

from controller.errors import BadQuery
from controller.nat_table import Question
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.connections import answer_page, paging
from controller.northbound.world import Table, World

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
        match queries.text(req, "format"):
            case None | "json":
                media.answer(req, resp, self.world.fabric.topology("json"))
            case "graphml" | "dot" as chosen:
                resp.content_type = _TOPOLOGY_TYPES[chosen]
                resp.text = str(self.world.fabric.topology(chosen))
            case other:
                raise BadQuery(f"query parameter format: must be json, graphml or dot, not {str(other)[:60]}")


def _observing(req: falcon.Request, known: tuple[str, ...]) -> None:
    queries.only(req, known)
    caller: Caller = req.context.caller
    caller.must_read_all()
