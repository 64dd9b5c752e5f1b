"""Probes under way: each nonce counts once, at one port, and not for long. What is kept of each port is bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from topology.sides import Place

LIFETIME = 5.0
"""Seconds after which a probe that arrives was kept back by somebody; one is on its way for some ms."""
MOST_OF_A_PORT = 32
"""Probes that are remembered: the last ones, be they long on their way. One that comes and goes sends many in 5 s."""


@dataclass(slots=True)
class _Launched:
    source: Place
    at: float
    landed: Place | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """A probe arrived. ``elsewhere`` is the other port where it arrived too; ``seconds`` how long it took."""

    source: Place
    seconds: float
    elsewhere: Place | None = None


class Flight:
    """What was sent and has not been too long on its way."""

    def __init__(self) -> None:
        self._launched: dict[bytes, _Launched] = {}
        self._of: dict[Place, deque[bytes]] = {}

    def launch(self, nonce: bytes, source: Place, now: float) -> None:
        """A probe is sent."""
        nonces = self._of.setdefault(source, deque())
        if len(nonces) == MOST_OF_A_PORT:
            del self._launched[nonces.popleft()]
        nonces.append(nonce)
        self._launched[nonce] = _Launched(source, now)

    def land(self, nonce: bytes, place: Place, now: float) -> Landing | Literal["never", "late", "again"]:
        """A probe of ours arrived, or one that we never sent, that is too late, or that has been there already."""
        launched = self._launched.get(nonce)
        if launched is None:
            return "never"
        if now - launched.at > LIFETIME:
            return "late"
        landed, launched.landed = launched.landed, launched.landed or place
        if landed == place:
            return "again"
        return Landing(launched.source, now - launched.at, landed)

    def forget(self, source: Place) -> None:
        """The port went."""
        for nonce in self._of.pop(source, ()):
            del self._launched[nonce]
