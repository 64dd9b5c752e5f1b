"""``GET /v1/reachability``: who may begin what with whom; ``POST /v1/policies:lint``: what is odd about policies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import falcon

from controller.intent.pacer import Pacer
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.world import World
from controller.policy.matrix import Cell
from controller.policy.survey import START

if TYPE_CHECKING:
    from controller.policy.trying import RuleKey
    from controller.policy.values import Policy

PAGE, LONGEST_PAGE = 500, 1_000
_CELL = re.compile(r"(\d{1,10})\.(\d{1,10})")


@dataclass(frozen=True, slots=True)
class ReachabilityResource:
    """The matrix, page by page; of other projects only that they are others."""

    world: World

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """What is about a project, or about all that the caller may see."""
        queries.only(req, ("project", "limit", "cursor"))
        caller: Caller = req.context.caller
        projects = caller.about(queries.text(req, "project"))
        limit = queries.whole(req, "limit", 1, LONGEST_PAGE) or PAGE
        after = _cell(req)
        media.form(req)
        page = self.world.survey.matrix(projects, limit, after, caller.reads, Pacer().breathe)
        following = page.following
        cursor = queries.cursor_after(f"{following.source}.{following.target}") if following is not None else None
        media.answer_items(req, resp, page.rows, {"next": cursor})


@dataclass(frozen=True, slots=True)
class Lint:
    """What is odd about policies."""

    world: World

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Of a project's, or of all that the caller may see; with ``hits`` also which rules have decided nothing."""
        queries.only(req, ("project", "hits"))
        caller: Caller = req.context.caller
        projects, counted = caller.about(queries.text(req, "project")), queries.flag(req, "hits")
        media.form(req)
        policies = self.world.survey.policies(projects)
        hits = self._hits(policies) if counted else None
        found = self.world.survey.lint(policies, hits, caller.reads, Pacer().breathe)
        media.answer_items(req, resp, found, {"policies": len(policies)})

    def _hits(self, policies: list[Policy]) -> dict[RuleKey, int]:
        """How often rules have decided; of policies whose switches did not all answer nothing is said."""
        found: dict[RuleKey, int] = {}
        for policy in policies:
            counted: Any = self.world.live.statistics.of(policy.key)
            if not counted["unavailable"]:
                found |= {(policy.key, row["direction"], row["rule"]): row["packets"] for row in counted["rules"]}
        return found


def _cell(req: falcon.Request) -> Cell:
    found = queries.place(req, _CELL)
    return Cell(int(found[1]), int(found[2])) if found is not None else START
