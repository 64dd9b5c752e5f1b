"""The status of links and bridges, whether they are drained; and of path policies, which way their packets took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.links import BridgeSettings, LinkSettings
from controller.status.conditions import CONFIRMED, condition, once, progress, ready

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.compiler.ownership import Subject
    from controller.core import Core
    from controller.status.atlas import Atlas

SAID: dict[str, type] = {"Link": LinkSettings, "Bridge": BridgeSettings}
"""What is said of things, by the kind of its resource."""
_EMPTY: dict[str, Any] = {"drained": True, "reason": "NotThere", "message": "nothing goes by what is not there"}


def settings_status(
    core: Core, atlas: Atlas, subject: Subject, row: dict[str, Any] | None, started: float
) -> dict[str, object]:
    """Of a Link or Bridge, with the ``row`` by which it is listed; None where there is none of that name."""
    kind, key = subject
    said = core.compiler.store.get(SAID[kind], key)
    since = core.readiness.since(subject, started)
    there = row is not None and row.get("state") != "absent"
    told = f"there is such a {kind.lower()}" if there else f"there is no {kind.lower()} {key} now"
    missing = unsettled(core, atlas, said) if said is not None else None
    found = (CONFIRMED, "the switches have confirmed all ways") if missing is None else ("Moving", missing)
    conditions = [
        ready(core, subject, found, started),
        condition("Known", "Found" if there else "NotFound", told, since, holds=there),
    ]
    if row is not None and row["maintenance"]:
        drained = atlas.draining(row["name"]) if there else _EMPTY
        conditions.append(condition("Drained", drained["reason"], drained["message"], since, holds=drained["drained"]))
    return {**(row or {}), "conditions": conditions}


def unsettled(core: Core, atlas: Atlas, said: LinkSettings | BridgeSettings) -> str | None:
    """Why the ways through a link or bridge are not yet as is said of it; None where they are, or it is not there."""
    found = atlas.draining(said.key) if said.maintenance else _EMPTY
    if not (found["drained"] or found["reason"] == "Unknown"):
        return str(found["message"])
    if not atlas.done():
        return "new ways are being worked out"
    late = sorted(name for name, bridge in core.bridges.items() if _late(core, bridge))
    return f"not yet confirmed by {', '.join(late)}" if late else None


def _late(core: Core, bridge: Any) -> bool:
    """Who is not connected forwards nothing to wait for."""
    return bridge.connection is not None and bridge.confirmed(core.turn) < core.turn


def path_policy_status(
    core: Core, atlas: Atlas, key: str, started: float, *, missing: Sequence[str], gaps: Sequence[str]
) -> dict[str, object]:
    """Which way a policy's packets take, from each bridge to each, or why none could be had.

    ``missing`` is what it names and there is not, ``gaps`` where failures are not gone round in time.
    """
    subject = ("PathPolicy", key)
    since = core.readiness.since(subject, started)
    told = atlas.steering.status(key)
    found = progress(core, subject) if atlas.placed(key) else ("Planning", "its path is being worked out")
    conditions = [
        condition(each["type"], each["reason"], each["message"], each.get("since", since), holds=each["status"])
        for each in (_in_force(each, gaps, confirmed=found[0] == CONFIRMED) for each in told["conditions"])
    ]
    named = f"there is no {', no '.join(missing)}" if missing else "all that it names is there"
    resolved = condition("Resolved", "Missing" if missing else "AllFound", named, since, holds=not missing)
    return {**told, "conditions": [ready(core, subject, found, started), resolved, *conditions]}


def _in_force(told: dict[str, Any], gaps: Sequence[str], *, confirmed: bool) -> dict[str, Any]:
    """A condition as it is told; of what is protected, whether switches act by that now."""
    if told["type"] != "Protected" or not told["status"]:
        return told
    if not confirmed:
        message = "the switches have yet to confirm the ways round"
        return {**told, "status": False, "reason": "Programming", "message": message}
    if gaps:
        message = f"what falls silent is not gone round in time: {once(gaps)}"
        return {**told, "status": False, "reason": "Unwatched", "message": message}
    return told
