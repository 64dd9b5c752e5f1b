"""Sides: one port of a bridge each, as the search for wires sees it, and what the search wants done and known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from controller.links import Role, Wire

Place = tuple[str, int]
"""A bridge and one of its OpenFlow ports."""
Use = Literal["open", "bound", "other"]
"""Of a port: wires may end there; an intent binds a machine to it; or it is a tunnel, a segment, the host's link."""
Attempt = Literal["malformed", "forged", "replayed", "flooded", "relayed", "reflected"]
"""What was tried: bytes that say to be a probe; one that we have not signed; one that has arrived already, is too late,
arrives at several ports, that a machine passed on, that comes back where it went out."""
Cause = Literal["found", "port down", "silent", "port gone", "machine", "shared", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Send:
    """Have the port send this frame."""

    place: Place
    frame: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """A wire came, or went up or down."""

    wire: Wire
    cause: Cause


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no such wire any more."""

    wire: Wire
    cause: Cause


@dataclass(frozen=True, slots=True)
class Attack:
    """Somebody tried to make a link where there is none, at ``place``; ``claims`` is the port that it pretended."""

    attempt: Attempt
    place: Place
    claims: Place | None
    why: str


@dataclass(frozen=True, slots=True)
class Timed:
    """A probe took so many seconds, from being sent to being read, to get from one port to another."""

    source: Place
    target: Place
    seconds: float


Outcome = Send | Seen | Lost | Attack | Timed


@dataclass(slots=True)
class Side:
    """A port. ``unheard`` probes in a row did not arrive; ``tries`` of them were sent since something changed.

    ``reaches`` is where its probes arrive, ``moves`` how often that changed and ``moved`` when; ``sent`` is when the
    last went, ``due`` when the next goes. From ``trusted`` on a wire that nobody knew may end there. It ``waited``
    for its turn.
    """

    place: Place
    name: str
    address: str
    up: bool
    use: Use
    locked: bool = False
    shared: bool = False
    reaches: Place | None = None
    moves: int = 0
    moved: float = -math.inf
    unheard: int = 0
    tries: int = 0
    due: float = 0.0
    trusted: float = -math.inf
    waited: bool = False
    sent: float = -math.inf

    def role(self, *, strange: bool) -> Role | None:
        """What the port turned out to be; ``strange``: machines were heard there."""
        if self.use == "bound" or self.locked or strange:
            return "host"
        if self.shared:
            return "shared"
        return "link" if self.reaches is not None else None

    def reset(self) -> None:
        """The port went down and may be used otherwise when it comes back."""
        self.locked, self.shared, self.moves = False, False, 0
        self.look_again()

    def look_again(self) -> None:
        """Where its probes arrive has to be found anew."""
        self.reaches, self.unheard, self.tries = None, 0, 0
