"""Thousands of UDP conversations between machines and a server, each datagram known by a number that it carries.

Every machine has the same source ports, and every one of them talks to each of the server's ports. A datagram that is
under way is waited for before many more are sent: what is lost was lost by the network, not by a full socket.
"""

from __future__ import annotations

import select
import socket
import struct
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from mininet_scenarios.wire import socket_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mininet_scenarios.machine import Station

AT_ONCE = 250
QUIET = 1.0
FIRST_SOURCE, FIRST_TARGET = 20_000, 7_000
NUMBER = struct.Struct("!I")
Peer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw of a conversation: at which of its ports, and from where."""

    port: int
    peer: Peer


class Conversations:
    """``sources`` ports of each machine with ``targets`` ports of the server; its sockets close with the context."""

    def __init__(self, machines: Sequence[Station], sources: int, server: Station, address: str, targets: int) -> None:
        self._address = address
        self._open = ExitStack()
        ports = range(FIRST_SOURCE, FIRST_SOURCE + sources)
        self._inside = [self._socket(machine, port) for machine in machines for port in ports]
        self._outside = [self._socket(server, FIRST_TARGET + at) for at in range(targets)]
        self.seen: dict[int, Seen] = {}

    def __enter__(self) -> Self:
        """Ready to talk."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody listens any more."""
        self._open.close()

    @property
    def numbers(self) -> range:
        """Of all conversations."""
        return range(len(self._inside) * len(self._outside))

    def ask(self) -> int:
        """Begin every conversation from inside, have each answered; how many answers reached who had asked."""
        return sum(self._asked(batch) for batch in _batches(self.numbers))

    def call(self) -> int:
        """Send to every conversation from outside, where the server saw it; how many reached who had begun it."""
        return sum(self._called(batch) for batch in _batches(self.seen))

    def _asked(self, batch: Sequence[int]) -> int:
        for number in batch:
            inner, outer = divmod(number, len(self._outside))
            self._inside[inner].sendto(NUMBER.pack(number), (self._address, FIRST_TARGET + outer))
        arrived = []
        for at, number, peer in _received(self._outside, len(batch)):
            if number % len(self._outside) == at:
                self.seen[number] = Seen(at, peer)
                arrived.append(number)
        return self._called(arrived)

    def _called(self, batch: Sequence[int]) -> int:
        for number in batch:
            seen = self.seen[number]
            self._outside[seen.port].sendto(NUMBER.pack(number), seen.peer)
        inner = {number // len(self._outside) for number in batch}
        places = {at: self._inside[at] for at in inner}
        found = _received(list(places.values()), len(batch))
        order = list(places)
        return sum(number // len(self._outside) == order[at] for at, number, _ in found)

    def _socket(self, station: Station, port: int) -> socket.socket:
        made = socket_in(station.machine.pid, socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("0.0.0.0", port))
        made.settimeout(0)
        return self._open.enter_context(made)


def _batches(numbers: Iterable[int]) -> Iterator[Sequence[int]]:
    ordered = list(numbers)
    return (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))


def _received(sockets: Sequence[socket.socket], wanted: int) -> list[tuple[int, int, Peer]]:
    """What comes in until all that is wanted came, or nothing for a while: at which socket, its number, from where."""
    places = {sock.fileno(): at for at, sock in enumerate(sockets)}
    found: list[tuple[int, int, Peer]] = []
    with select.epoll() as poll:
        for descriptor in places:
            poll.register(descriptor, select.EPOLLIN)
        while len(found) < wanted and (ready := poll.poll(QUIET)):
            for descriptor, _ in ready:
                at = places[descriptor]
                content, peer = sockets[at].recvfrom(NUMBER.size)
                found.append((at, NUMBER.unpack(content)[0], peer))
    return found
