"""``GET /v1/connections``: what lives between ports, for who may see them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import falcon

from controller.errors import BadQuery
from controller.live.connections import Question, seen
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.world import World

PAGE, LONGEST_PAGE = 1_000, 10_000
PLACE = re.compile(r"\d{1,20}\.\d{1,6}\.\d{1,12}")
"""A place in a list that switches answered, which a cursor holds."""


@dataclass(frozen=True, slots=True)
class ConnectionResource:
    """Connections of ports, page by page of one moment."""

    world: World

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Those of a chassis, of a project, of a port, or all that the caller may see."""
        queries.only(req, ("chassis", "project", "port", "limit", "cursor"))
        caller: Caller = req.context.caller
        question = _question(req, caller)
        limit = queries.whole(req, "limit", 1, LONGEST_PAGE) or PAGE
        cursor = place(req)
        media.form(req)
        page = self.world.live.connections.page(question, limit, cursor)
        following = queries.cursor_after(page.following) if page.following else None
        rows = [seen(row, caller.reads) for row in page.rows]
        media.answer_items(req, resp, rows, {"next": following, "unavailable": page.unavailable})


def place(req: falcon.Request) -> str:
    """Where the page begins; raises BadQuery."""
    cursor = queries.cursor(req)
    if cursor and PLACE.fullmatch(cursor) is None:
        raise BadQuery("query parameter cursor: is not one that a page gave")
    return cursor


def _question(req: falcon.Request, caller: Caller) -> Question:
    project, port = queries.text(req, "project"), queries.text(req, "port")
    if port is not None and (port.count("/") != 1 or not all(port.split("/"))):
        raise BadQuery("query parameter port: must be project/name")
    for named in (project, port.partition("/")[0] if port else None):
        if named is not None:
            caller.must_read(named)
    projects = frozenset((project,)) if project else None if caller.reads_all else caller.projects
    return Question(queries.text(req, "chassis"), projects, port)
