"""A daemon of one switch that sends every packet it is handed out of port 2: framework, switchboard, core, bridge.

``python -m tests.southbound.answering_daemon FRAMEWORK PORT DESCRIPTOR`` listens for a switch, tells over the inherited
socket ``DESCRIPTOR`` of every packet, and obeys words that come over it. Each line is JSON.
"""

from __future__ import annotations

import sys

from controller import green

if __name__ == "__main__":
    green.patch()  # before anything else is imported, as the daemon does it

import json
import socket
from typing import TYPE_CHECKING, Any

from controller.compiler.compiler import Rules
from controller.compiler.engine import Feature
from controller.core import Core
from controller.entities import Chassis
from controller.flow.actions import CONTROLLER_RESERVED, instructions, meter, output, set_field
from controller.flow.fields import ETH_IP, ETH_TYPE, IN_PORT, REGS, UDP, UDP_DST
from controller.flow.flow import Flow, Here, cookie, encoded_match
from controller.flow.meters import punt_meter
from controller.flow.tracking import ct
from controller.flow_rows import FlowRows
from controller.inventory import Inventory
from controller.reports import Reports
from controller.southbound import framework
from controller.southbound.bridge import Bridge
from controller.southbound.conntrack import Connections, Ends
from controller.switchboard import Switchboard
from topology.graph import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.flow.actions import Action
    from controller.southbound.packets import PacketIn

ZONE = 7
TRACKED = 3
"""The port whose UDP packets are only tracked; what comes in at port 1 or 2 goes to the controller."""
REASON, REASON_REGISTER = 0xABC, 10


def flows(chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What stands on the switch."""
    for port in (1, 2):
        reason = set_field(REGS[REASON_REGISTER], REASON)
        yield _flow(chassis, {IN_PORT: port}, (meter(punt_meter(port)), reason, output(CONTROLLER_RESERVED)))
    tracked: dict[Any, Any] = {IN_PORT: TRACKED, ETH_TYPE: ETH_IP, UDP_DST: 0}
    for port in (8001, 8002):
        yield _flow(chassis, {**tracked, UDP_DST: port}, (ct(ZONE, commit=True),))


def _flow(chassis: Chassis, match: dict[Any, Any], actions: tuple[Action, ...]) -> Flow:
    slot = (0, 100, encoded_match(match))
    does = instructions(actions)
    return Flow(Here(chassis.key), *slot, does, cookie(*slot, does))


class Daemon:
    """Its parts, and the line to the test."""

    def __init__(self, name: str, words: Any) -> None:
        self._hub = framework.hub(name)
        self._words = words
        self._reports = Reports(self._published, Topology())
        rules = Rules({}, (), (Feature("test.answers", Chassis, flows),))
        self.core = self._reports.core = Core(rules, self._hub, self._reports, self._bridge)
        self._reports.flows = FlowRows(self.core.compiler, {})
        self.board = Switchboard(self.core, Inventory(), self._reports.publish, self._punted, lambda _: None)
        self._hub.spawn(self.core.run)

    def _bridge(self, chassis: str, inbox: Any) -> Bridge:
        return Bridge(chassis, inbox, self.core.compiler.catalogue, self._reports, self._hub.spawn_after)

    def _punted(self, chassis: str, packet: PacketIn) -> None:
        sent = self.board.emit(chassis, packet.frame, (output(2),))
        self.tell(port=packet.in_port, registers=dict(packet.registers), frame=packet.frame.hex(), sent=sent)

    def _published(self, _kind: str, _subject: str, _detail: object, _revision: int, _author: str) -> None:
        """Nobody reads what happened here."""

    def tell(self, **what: object) -> None:
        """One line."""
        self._words.write(json.dumps(what) + "\n")
        self._words.flush()

    def obey(self) -> None:
        """Do what each word says, until there are no more."""
        for line in self._words:
            word, _, chassis = line.strip().partition(" ")
            match word:
                case "figures":
                    bridge = self.core.bridge(chassis)
                    self.tell(in_sync=bridge.in_sync, flow_mods=bridge.flow_mods, meter_mods=bridge.beside_mods[0])
                case "flush":
                    self.board.flush(chassis, Connections(ZONE, UDP, original=Ends(target_port=8001)))


def main(name: str, port: str, descriptor: str) -> None:
    """Serve one switch, and whoever is at the other end of the socket."""
    with socket.socket(fileno=int(descriptor)) as orders, orders.makefile("rw") as words:
        daemon = Daemon(name, words)
        framework.serve(name, ("127.0.0.1", int(port)), None, daemon.board)
        daemon.obey()


if __name__ == "__main__":
    main(*sys.argv[1:])
