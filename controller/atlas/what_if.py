"""What if: the path that a question would get, which nobody takes, worked out while everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.atlas.choices import Asked, along, preferred
from controller.atlas.told import NONE, figures, unprotected
from topology.steps import finished
from topology.tracks import Numbers

if TYPE_CHECKING:
    from collections.abc import Callable

    from topology.map import Map
    from topology.paths import Question
    from topology.steps import Steps

TRIES = 3
"""Times that it is begun anew since the map is another; after these nobody else runs until it is done."""


def what_if(ground: Map, question: Question, breathe: Callable[[], None]) -> dict[str, Any]:
    """Figures of a path on the map as it is at the end; ``reason`` and ``message`` tell why it lacks, or its backup."""
    for _ in range(TRIES):
        version, steps = ground.version, _looking(ground, question)
        while ground.version == version:
            try:
                next(steps)
            except StopIteration as end:
                found: dict[str, Any] = end.value
                return found
            breathe()
    return finished(_looking(ground, question))


def _looking(ground: Map, question: Question) -> Steps[dict[str, Any]]:
    asked = Asked(question, strict=False)
    choice = yield from preferred(ground, asked)
    if choice.problem is not None:
        return {**NONE, "reason": choice.problem.reason, "message": choice.problem.message}
    found = yield from along(ground, asked, choice, Numbers())
    return {**figures(ground, question.source, question.target, found), **unprotected(found)}
