"""Whether the daemon lives, and whether it can serve."""

from __future__ import annotations

from dataclasses import dataclass

import falcon

from controller.errors import Unavailable
from controller.northbound import media
from controller.northbound.world import World


@dataclass(frozen=True, slots=True)
class HealthResource:
    """``/healthz``: the process answers."""

    public: bool = True

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Always ok."""
        resp.content_type = media.JSON
        resp.data = b'{"status":"ok"}'


@dataclass(frozen=True, slots=True)
class ReadyResource:
    """``/readyz``: changes are accepted and reach the switches."""

    world: World
    public: bool = True

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Ok, or 503 with the reason."""
        ready, why = self.world.ready()
        if not ready:
            raise Unavailable(why)
        resp.content_type = media.JSON
        resp.data = b'{"status":"ready"}'
