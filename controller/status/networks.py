"""The status of networks, and of the projects that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import Endpoint
from controller.entities import Port
from controller.status.conditions import CONFIRMED, condition, progress, ready

if TYPE_CHECKING:
    from controller.core import Core


def network_status(core: Core, key: str, started: float) -> dict[str, object]:
    """The chassis a network is on, and whether they have its flows."""
    subject = ("Network", key)
    return {
        "chassis": sorted(core.compiler.store.groups(Endpoint, "network", key)),
        "ports": core.compiler.store.count(Port, "network", key),
        "conditions": [ready(core, subject, progress(core, subject), started)],
    }


def project_status(_core: Core, _key: str, started: float) -> dict[str, object]:
    """A project has no flows: it is ready as it stands."""
    return {"conditions": [condition("Ready", CONFIRMED, "nothing to program", started, holds=True)]}
