"""The daemon's southbound side alone, in a process of its own: compiled flows, encoder, session, framework.

``python -m tests.bench.southbound_alone ADDRESS PORT DESCRIPTOR`` serves one switch, and obeys words that come over the
inherited socket ``DESCRIPTOR``, one a line; the answer to each is a number of seconds.
"""

from __future__ import annotations

import sys

from controller import green

if __name__ == "__main__":
    green.patch()  # before anything else is imported, as the daemon does it

import socket
import time
from typing import TYPE_CHECKING, Any

from controller.southbound import framework
from controller.southbound.bridge import Bridge
from controller.sync import Step, Turn
from tests.bench import framework_path
from tests.bench.load import HERE, Load

if TYPE_CHECKING:
    from controller.flow.flow import Flow
    from controller.southbound.framework import Connection
    from controller.southbound.inbound import Received
    from controller.southbound.wire import FlowEvent

FRAMEWORK = "os_ken"
Flows = tuple["Flow", ...]


class Switchboard:
    """One switch and its bridge. Whatever the framework and the bridge tell that should not happen is raised."""

    def __init__(self, load: Load, hub: Any) -> None:
        self.bridge = Bridge(HERE, hub.Queue(), load, self, hub.spawn_after)
        self._news = hub.Queue()
        hub.spawn(self.bridge.run)

    def wait_in_sync(self) -> None:
        """Return when the switch holds what should stand."""
        while not self.bridge.in_sync:
            self._news.get()

    def change(self, puts: Flows, deletes: Flows) -> None:
        """Have the bridge make a change, and return when the switch has confirmed it."""
        turn = Turn(1)
        turn.waiting[0].add(HERE)
        self.bridge.inbox.put(Step(turn, 0, puts, deletes))
        while turn.waiting[0]:
            self._news.get()

    # What the framework tells.

    def opened(self, connection: Connection) -> None:
        """The switch is there."""
        self.bridge.inbox.put(connection)

    def received(self, connection: Connection, message: Received) -> None:
        """A flow message."""
        self.bridge.inbox.put((connection, message))

    def closed(self, connection: Connection) -> None:
        """The switch is gone."""
        self.bridge.inbox.put((connection, None))

    def ports(self, connection: Connection) -> None:
        """Nobody asks for ports here."""

    # What the bridge tells.

    def settled(self, _chassis: str) -> None:
        """Something was confirmed, or the bridge came or went."""
        self._news.put(None)

    def go_on(self, _chassis: str) -> None:
        """A turn of one phase waits for nobody."""

    def mended(self, _chassis: str) -> None:
        """What the switch held of an earlier round was foreign, and is gone."""

    def drifted(self, _chassis: str, event: FlowEvent, flow: Flow | None) -> None:
        """Likewise."""

    def strayed(self, _chassis: str, _kind: int, what: str) -> None:
        """Nothing measured counts after this."""
        raise RuntimeError(f"somebody touched {what}")

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Likewise."""
        raise RuntimeError(f"{where} {key}") from error

    def refused(self, peer: object, *reason: object) -> None:
        """Likewise."""
        raise RuntimeError(f"refused by or to {peer}: {reason}")


def obey(board: Switchboard, load: Load, words: Any) -> None:
    """Do what each word says and answer with how long it took, until there are no more."""
    flows: Flows = ()
    for word in words:
        started = time.monotonic()
        match word.strip():
            case "compile":
                flows = load.compile()
            case "wait":
                board.wait_in_sync()
            case "add":
                load.stand(flows)
                started = time.monotonic()
                board.change(flows, ())
            case "delete":
                load.go(flows)
                board.change((), flows)
            case "framework":
                started = framework_path.send(board.bridge.connection, flows[: framework_path.FLOWS])
                board.change((next(load.flows(HERE)),), ())  # the switch answers in order
        words.write(f"{time.monotonic() - started}\n")
        words.flush()


def main(address: str, port: str, descriptor: str) -> None:
    """Serve one switch, and whoever is at the other end of the socket."""
    load = Load()
    board = Switchboard(load, framework.hub(FRAMEWORK))
    framework.serve(FRAMEWORK, (address, int(port)), None, board)
    with socket.socket(fileno=int(descriptor)) as orders, orders.makefile("rw") as words:
        obey(board, load, words)


if __name__ == "__main__":
    main(*sys.argv[1:])
