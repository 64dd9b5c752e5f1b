"""``GET /v1/connections``: what lives between ports, for who may see them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import falcon

from controller.errors import BadQuery
from controller.live.answers import Page, Row
from controller.live.connections import Question, seen
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.world import World

PAGE, LONGEST_PAGE = 1_000, 10_000
_PLACE = re.compile(r"\d{1,20}\.\d{1,6}\.\d{1,12}")
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
        page = self.world.live.connections.page(question, *paging(req))
        answer_page(req, resp, page, [seen(row, caller.reads) for row in page.rows])


def paging(req: falcon.Request) -> tuple[int, str]:
    """How many rows of what switches answered are asked for, and where they begin; raises BadQuery."""
    limit = queries.whole(req, "limit", 1, LONGEST_PAGE) or PAGE
    place = queries.place(req, _PLACE)
    media.form(req)
    return limit, place[0] if place is not None else ""


def answer_page(req: falcon.Request, resp: falcon.Response, page: Page, rows: list[Row]) -> None:
    """Answer with a page of them: its rows as the caller may see them, and who did not answer."""
    following = queries.cursor_after(page.following) if page.following else None
    media.answer_items(req, resp, rows, {"next": following, "unavailable": page.unavailable})


def _question(req: falcon.Request, caller: Caller) -> Question:
    project, port = queries.text(req, "project"), queries.text(req, "port")
    if port is not None and (port.count("/") != 1 or not all(port.split("/"))):
        raise BadQuery("query parameter port: must be project/name")
    projects = caller.about(project)
    if port is not None:
        caller.must_read(port.partition("/")[0])
    return Question(queries.text(req, "chassis"), projects, port)
