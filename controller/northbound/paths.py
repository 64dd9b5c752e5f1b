"""``POST /v1/paths:compute``: the path that something would take, and nothing is installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import falcon
from pydantic import Field, ValidationError

from controller.errors import FieldError
from controller.intent import documents
from controller.intent.kinds.path_policy import WantedSpec, wanted, wanted_faults
from controller.intent.values import PathEnd
from controller.northbound import media, queries
from controller.northbound.callers import Caller
from controller.northbound.resources import Backend
from topology.paths import Question


class PathRequest(WantedSpec):
    """From where to where, and what the path must and should be."""

    source: Annotated[PathEnd, Field(alias="from", description="A bridge, or a port as project/name.")]
    target: Annotated[PathEnd, Field(alias="to", description="A bridge, or a port as project/name.")]


@dataclass(frozen=True, slots=True)
class Paths:
    """The one question; it changes nothing."""

    backend: Backend

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """The path with its figures and its backup, or why there is none; who sees a port may ask for its paths."""
        queries.only(req, ())
        media.form(req)
        caller: Caller = req.context.caller
        asked = _parsed(self.backend.bodies.value(req, media.ONE_FORMS))
        for end in (asked.source, asked.target):
            _must_see(caller, end)
        source, target = self._bridges(asked)
        found = self.backend.world.fabric.compute(Question(source, target, wanted(asked), asked.demand_mbps or 0.0))
        media.answer(req, resp, {"from": source, "to": target, **found})

    def _bridges(self, asked: PathRequest) -> tuple[str, str]:
        """Where the path begins and ends; raises UserError for ends that are nowhere."""
        ends = {"/from": asked.source, "/to": asked.target}
        found = {pointer: self.backend.world.fabric.bridge_of(end) for pointer, end in ends.items()}
        lost = [FieldError(pointer, _nowhere(ends[pointer])) for pointer, bridge in found.items() if bridge is None]
        if lost:
            raise documents.refusal(lost)
        return str(found["/from"]), str(found["/to"])


def _parsed(value: Any) -> PathRequest:
    try:
        asked = PathRequest.model_validate(value)
    except ValidationError as error:
        raise documents.refusal(documents.field_errors(error, "")) from None
    faults = [FieldError(each.pointer, each.message) for each in wanted_faults(asked, "")]
    if faults:
        raise documents.refusal(faults)
    return asked


def _must_see(caller: Caller, end: str) -> None:
    project, slash, _ = end.partition("/")
    if slash:
        caller.must_read(project)
    else:
        caller.must_read_all()


def _nowhere(end: str) -> str:
    return f"port {end} is plugged in nowhere" if "/" in end else f"there is no bridge {end}"
