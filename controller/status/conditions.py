"""Conditions: what holds of a resource and what does not, since when, and which chassis it still waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.compiler.ownership import Subject
    from controller.core import Core


CONFIRMED = "Confirmed"
MOST = 5
"""Sentences in one message."""


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def waiting_for(core: Core, subject: Subject) -> list[str]:
    """The chassis that have yet to confirm, each with why."""
    found = []
    for chassis in sorted(core.compiler.chassis_of(subject)):
        bridge = core.bridges.get(chassis)
        if bridge is None or bridge.confirmed(core.turn) < core.turn:
            found.append(f"chassis {chassis} {chassis_state(core, chassis)}")
        found += [
            f"chassis {chassis} refused a flow: {reason}" for reason in sorted(set(refusals(core, chassis, subject)))
        ]
    return found


def chassis_state(core: Core, chassis: str) -> str:
    """What keeps a chassis from confirming."""
    bridge = core.bridges.get(chassis)
    if bridge is None or bridge.connection is None:
        return "is not connected"
    return "has not answered yet" if bridge.in_sync else "is being read"


def refusals(core: Core, chassis: str, subject: Subject) -> list[str]:
    """Why the switch would not take flows of this resource."""
    bridge = core.bridges.get(chassis)
    if bridge is None:
        return []
    found = []
    for cookie, reason in bridge.refusals.items():
        flow = core.compiler.catalogue.find(chassis, cookie)
        owners = core.compiler.catalogue.owners(flow) if flow is not None else ()
        if any(subject in core.compiler.subjects(node) for node in owners):
            found.append(reason)
    return found


def progress(core: Core, subject: Subject) -> tuple[str, str]:
    """Whether every chassis that needs a resource's flows has confirmed them, as a reason and a message."""
    if core.readiness.ready(subject):
        return CONFIRMED, "every switch that needs its flows has confirmed them"
    return "Programming", "; ".join(waiting_for(core, subject)) or "flows are on their way"


def ready(core: Core, subject: Subject, found: tuple[str, str], started: float) -> dict[str, object]:
    """The condition Ready for a reason and a message; it holds where all is confirmed."""
    reason, message = found
    return condition("Ready", reason, message, core.readiness.since(subject, started), holds=reason == CONFIRMED)


def condition(kind: str, reason: str, message: str, since: float, *, holds: bool) -> dict[str, object]:
    """One condition as it is answered."""
    return {"type": kind, "status": holds, "reason": reason, "message": message, "since": timestamp(since)}


def once(sentences: Iterable[str]) -> str:
    """Each of them once, the first few, in one message."""
    found = list(dict.fromkeys(sentences))
    more = f"; and {len(found) - MOST} more like it" if len(found) > MOST else ""
    return "; ".join(found[:MOST]) + more
