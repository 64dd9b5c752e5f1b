"""Announcing: events when links and bridges are as was said of them, drained for example, and path policies placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controller.links import BridgeSettings, LinkSettings, PathPolicy, Placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.ownership import Subject
    from controller.reports import Reports
    from controller.status.fabric import Fabric

_SAID: dict[type, str] = {LinkSettings: "Link", BridgeSettings: "Bridge", PathPolicy: "PathPolicy"}


class Announcing:
    """Which of them changed and are not yet as they are asked to be."""

    def __init__(self, fabric: Fabric, reports: Reports) -> None:
        self._fabric = fabric
        self._reports = reports
        self._waiting: set[Subject] = set()

    def begin(self) -> None:
        """Hear what changes, and when something may have become ready."""
        self._reports.followers.append(self.compiled)
        self._reports.lookers.append(self.look)

    def compiled(self, changed: set[tuple[Any, ...]]) -> None:
        """What is said of these changed, or what was chosen for them."""
        for subject, there in self._subjects(changed):
            (self._waiting.add if there else self._waiting.discard)(subject)

    def _subjects(self, changed: set[tuple[Any, ...]]) -> Iterator[tuple[Subject, bool]]:
        """What is concerned, and whether anybody still says anything of it."""
        store = self._fabric.core.compiler.store
        for read in changed:
            if read[0] != "get":
                continue
            if read[1] is Placed:
                policy = read[2].partition("|")[0]
                yield ("PathPolicy", policy), store.get(PathPolicy, policy) is not None
            elif read[1] in _SAID:
                yield (_SAID[read[1]], read[2]), store.get(read[1], read[2]) is not None

    def look(self) -> None:
        """Tell of those that are as they are asked to be, once."""
        done = {subject for subject in self._waiting if self._stands(subject)}
        self._waiting -= done
        for kind, key in sorted(done):
            detail = {"ready": True, **self._drained(kind, key), **self._steered(kind, key)}
            self._reports.publish("ready", f"{kind} {key}", detail)

    def _stands(self, subject: Subject) -> bool:
        return self._fabric.core.readiness.ready(subject) and self._fabric.waits(*subject) is None

    def _steered(self, kind: str, key: str) -> dict[str, object]:
        """How many pairs of bridges a path policy speaks of, and how many of these have a path of their own."""
        if kind != "PathPolicy":
            return {}
        store = self._fabric.core.compiler.store
        placed = [store.get(Placed, each) for each in store.where(Placed, "policy", key)]
        return {"demands": len(placed), "steered": sum(each is not None and each.track != 0 for each in placed)}

    def _drained(self, kind: str, key: str) -> dict[str, object]:
        """Whether it may be taken away, of what is in maintenance."""
        said = self._fabric.said(kind, key)
        return {"drained": True} if said is not None and said.maintenance else {}
