"""Reports: what the core and the bridges tell becomes events, log lines, topology, and a nudge to those who wait."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import structlog

from controller.compiler.ownership import PLANNED
from controller.derived import Endpoint, Presence
from controller.drifts import Drifts
from controller.entities import Chassis
from controller.links import Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.compiler.ownership import Subject
    from controller.core import Core
    from controller.flow.flow import Flow
    from controller.flow_rows import FlowRows
    from controller.southbound.wire import FlowEvent
    from topology.graph import Topology

_log = structlog.get_logger("daemon")


class Reports:
    """Heard by nobody until ``core`` and ``flows`` are set, which the composition root does at once."""

    core: Core
    flows: FlowRows

    def __init__(self, publish: Callable[[str, str, dict[str, object], int, str], None], topology: Topology) -> None:
        self.moved = threading.Condition()
        self.drifts = Drifts()
        self.followers: list[Callable[[set[tuple[Any, ...]]], None]] = []
        self.settlers: list[Callable[[str], None]] = []
        self.lookers: list[Callable[[], None]] = []
        self._publish = publish
        self._topology = topology

    def publish(self, kind: str, subject: str, detail: dict[str, object]) -> None:
        """An event of ours."""
        self._publish(kind, subject, detail, self.core.revision, "netloom")

    def bug(self, where: str, key: str, error: Exception) -> None:
        """Something of ours went wrong; everything else goes on."""
        _log.error("bug", where=where, key=key, error=repr(error))
        self.publish("health", f"feature {where}", {"bug": repr(error), "key": key})

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """Entities changed: the topology follows, and whoever else does."""
        for read in changed:
            if read[0] == "get" and read[1] in {Chassis, Presence, Endpoint, Link}:
                entity = self.core.compiler.store.get(read[1], read[2])
                if entity is None:
                    self._topology.delete(read[1], read[2])
                else:
                    self._topology.put(entity)
        for follower in self.followers:
            self._follow(follower, changed)

    def _follow(self, follower: Callable[[set[tuple[Any, ...]]], None], changed: set[tuple[Any, ...]]) -> None:
        try:
            follower(changed)
        except Exception as error:  # noqa: BLE001 - our bug there must not keep flows from the switches
            self.bug("follower", str(getattr(follower, "__qualname__", follower)), error)

    def ready(self, subjects: list[Subject]) -> None:
        """These have become ready, if any; those who wait look again."""
        for kind, key in subjects:
            if kind not in PLANNED:
                self.publish("ready", f"{kind} {key}", {"ready": True})
        for looker in self.lookers:
            looker()
        with self.moved:
            self.moved.notify_all()

    def settled(self, chassis: str) -> None:
        """A bridge confirmed something, came or went."""
        for settler in self.settlers:
            settler(chassis)
        self.core.poke()

    def go_on(self, chassis: str) -> None:
        """A bridge may begin its next phase."""
        self.core.bridge(chassis).inbox.put(None)

    def drifted(self, chassis: str, event: FlowEvent, flow: Flow | None) -> None:
        """Somebody else touched a flow."""
        owner = ", ".join(self.flows.owners(flow)) if flow else ""
        drift = self.drifts.add(chassis, event.kind, self.flows.words(event), owner)
        _log.warning("drift", chassis=chassis, what=drift.what, flow=drift.flow, owner=drift.owner)
        self.publish("drift", f"Chassis {chassis}", drift.row())

    def strayed(self, chassis: str, kind: int, what: str) -> None:
        """Somebody else touched a meter or a group."""
        drift = self.drifts.add(chassis, kind, what, "")
        _log.warning("drift", chassis=chassis, what=drift.what, flow=drift.flow)
        self.publish("drift", f"Chassis {chassis}", drift.row())

    def mended(self, chassis: str) -> None:
        """What drifted on a chassis stands right again."""
        self.drifts.mended(chassis)
        self.publish("drift", f"Chassis {chassis}", {"mended": True})

    def refused(self, chassis: str, flow: Flow | None, reason: str) -> None:
        """A switch would not take a flow."""
        row = self.flows.row(flow) if flow else {}
        _log.error("flow_refused", chassis=chassis, reason=reason, **row)
        self.publish("health", f"Chassis {chassis}", {"refused": row, "reason": reason})


def late(reports: Reports, chassis: frozenset[str], seconds: float) -> frozenset[str]:
    """Wait until chassis have confirmed all that is compiled by now; those that have not after ``seconds``."""
    turn = reports.core.turn
    with reports.moved:
        reports.moved.wait_for(lambda: not _behind(reports.core, chassis, turn), seconds)
    return _behind(reports.core, chassis, turn)


def _behind(core: Core, chassis: frozenset[str], turn: int) -> frozenset[str]:
    return frozenset(name for name in chassis if core.bridge(name).confirmed(core.turn) < turn)


def present(core: Core, chassis: str) -> bool:
    """Whether a chassis' switch is there."""
    return core.bridge(chassis).connection is not None
