"""``GET …/{policy}/stats``: what each rule of a policy has let through and kept out."""

from __future__ import annotations

from dataclasses import dataclass

import falcon

from controller.intent.kind import Kind
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.representation import entity_key
from controller.northbound.resources import Backend


@dataclass(frozen=True, slots=True)
class StatsResource:
    """The counters of one policy of a kind; policies of no project are the operators' to look at."""

    backend: Backend
    kind: Kind

    def on_get(self, req: falcon.Request, resp: falcon.Response, project: str = "", name: str = "") -> None:
        """All rules, as the switches counted until now."""
        queries.only(req, ())
        caller: Caller = req.context.caller
        if self.kind.scoped:
            caller.must_read(project)
        else:
            caller.must_read_all()
        self.backend.standing((self.kind.name, project, name))
        media.form(req)
        policy = f"{self.kind.name}:{entity_key(project, name)}"
        media.answer(req, resp, self.backend.world.live.statistics.of(policy))
