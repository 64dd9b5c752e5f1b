"""What ports were seen to do: conversations, each once however often it was held, as many as there is room for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.policy.verdict import Conversation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.live.connections import Connection
    from controller.policy.values import Direction
    from controller.services.outcome import Logged

MOST_SAMPLES = 50_000
_UNANSWERED = frozenset({"SYN_SENT"})


@dataclass(frozen=True, slots=True)
class Observation:
    """That a port (its key) speaks or is spoken to, ``said`` as it was the last time."""

    port: str
    direction: Direction
    said: Conversation

    @property
    def peer(self) -> str | None:
        """The port at the other end; None for a stranger."""
        return self.said.receiver if self.direction == "egress" else self.said.sender

    @property
    def address(self) -> str:
        """The address at the other end."""
        return self.said.target if self.direction == "egress" else self.said.source

    @property
    def sides(self) -> tuple[Observation, ...]:
        """The same as each port of ours sees it that takes part."""
        if self.peer is None:
            return (self,)
        return self, Observation(self.peer, "ingress" if self.direction == "egress" else "egress", self.said)

    @property
    def sort(self) -> tuple[object, ...]:
        """What conversations that are alike share: everything but the source port."""
        said = self.said
        return self.port, self.direction, self.peer, said.source, said.target, said.protocol, said.target_port


def observation(found: Connection) -> Observation | None:
    """What a connection shows; None where nobody answered it, or it was cut."""
    if found.cut or not found.protocol or found.state in _UNANSWERED:
        return None
    return Observation(found.port, found.direction, found.conversation)


class Samples:
    """Conversations that were seen at any time since the start, the oldest forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], Observation] = OrderedDict()

    def add(self, found: Iterable[Observation]) -> None:
        """These were seen."""
        for one in found:
            self._kept[one.sort] = one
            self._kept.move_to_end(one.sort)
        while len(self._kept) > MOST_SAMPLES:
            self._kept.popitem(last=False)

    def heard(self, logged: Logged, direction: Direction) -> None:
        """A rule that logs let a conversation begin."""
        port = logged.sender if direction == "egress" else logged.receiver
        said = Conversation(
            sender=logged.sender or None,
            receiver=logged.receiver or None,
            source=logged.source,
            target=logged.target,
            protocol=logged.protocol,
            source_port=logged.source_port,
            target_port=logged.target_port,
        )
        if port:
            self.add((Observation(port, direction, said),))

    def of(self, ports: frozenset[str]) -> list[Observation]:
        """Those of some ports."""
        return [one for one in self._kept.values() if one.port in ports]
