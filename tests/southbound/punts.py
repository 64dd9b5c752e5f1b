"""A feature for tests: what comes in at a port goes to the controller, as much as the port's meter lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registry
from controller.compiler.compiler import Rules
from controller.compiler.engine import Feature
from controller.derived import Endpoint
from controller.flow.actions import CONTROLLER_RESERVED, instructions, meter, output
from controller.flow.fields import IN_PORT
from controller.flow.flow import Flow, Here, cookie, encoded_match
from controller.flow.meters import punt_meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View

PLACE = (250, 77)


def punts(endpoint: Endpoint, _view: View) -> Iterator[Flow]:
    """One flow a port."""
    match = encoded_match({IN_PORT: endpoint.ofport})
    does = instructions((meter(punt_meter(endpoint.ofport)), output(CONTROLLER_RESERVED)))
    yield Flow(Here(endpoint.chassis), *PLACE, match, does, cookie(*PLACE, match, does))


RULES = Rules(registry.INDEXES, registry.RELATIONS, (*registry.FEATURES, Feature("test.punts", Endpoint, punts)))
