"""``POST /v1/policies:recommend``: policies that allow what ports were seen to do, tried before they are offered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import falcon
from pydantic import Field, ValidationError

from controller.errors import FieldError
from controller.intent import documents, selector
from controller.intent.effects import effects
from controller.intent.pacer import Pacer
from controller.intent.proposal import Put, Request
from controller.intent.resource import Strict
from controller.intent.selector import Selector
from controller.intent.values import Name
from controller.live import recommending
from controller.live.decisions import asked as words
from controller.live.observed import Observation
from controller.live.proving import Proof, prove
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.resources import Backend

_SHOWN = 100


class RecommendRequest(Strict):
    """Whose ports are looked at: all of a project's, or those that a label selector matches."""

    project: Name
    ports: str = Field(default="", description="A label selector: app=web, app!=web, app or !app; all must hold.")


@dataclass(frozen=True, slots=True)
class Recommend:
    """The one recommendation; it changes nothing."""

    backend: Backend

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """What the ports do now and were seen to do, as policies."""
        queries.only(req, ())
        media.form(req)
        caller: Caller = req.context.caller
        asked, selected = _parsed(self.backend.bodies.value(req, media.ONE_FORMS))
        caller.must_read(asked.project)
        recommender = self.backend.world.live.recommender
        ports, seen, unavailable = recommender.see(asked.project, selected.holds)
        found = recommending.documents(recommender.store, asked.project, ports, seen, caller.reads)
        proof = self._proof(caller, asked.project, found, seen)
        media.answer(req, resp, {"policies": found, **_told(proof, caller), "unavailable": unavailable})

    def _proof(self, caller: Caller, project: str, found: list[dict[str, Any]], seen: list[Observation]) -> Proof:
        """How the policies would do, were they applied."""
        wanted = tuple(Put(one) for one in documents.many(found, Pacer())) if found else ()
        request = Request(wanted, caller.name, frozenset((project,)), None, dry_run=True, apply=True)
        puts, deletes = effects(self.backend.writer.submit(request).results) if wanted else ((), ())
        keys = [f"Policy:{project}/{one['name']}" for one in found]
        return self.backend.world.tried(puts, deletes, partial(prove, seen=seen, policies=keys))


def _parsed(value: Any) -> tuple[RecommendRequest, Selector]:
    try:
        asked = RecommendRequest.model_validate(value)
    except ValidationError as error:
        raise documents.refusal(documents.field_errors(error, "")) from None
    try:
        return asked, selector.parsed(asked.ports) if asked.ports else Selector()
    except ValueError as error:
        raise documents.refusal((FieldError("/ports", str(error)),)) from None


def _told(proof: Proof, caller: Caller) -> dict[str, Any]:
    return {
        "observed": proof.total,
        "coverage": round(proof.coverage, 4),
        "refused": [_refused(one, caller) for one in proof.refused[:_SHOWN]],
        "over_permission": {"count": proof.over, "exact": proof.exact},
    }


def _refused(one: Observation, caller: Caller) -> dict[str, Any]:
    """A conversation that other policies would not let begin."""
    seen = one.peer is not None and caller.reads(one.peer.partition("/")[0])
    said = one.said
    return {
        "port": one.port,
        "direction": one.direction,
        "peer": one.peer if seen else None,
        "source": said.source,
        "destination": said.target,
        **words(said.protocol, said.source_port, said.target_port),
    }
