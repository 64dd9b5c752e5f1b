"""The fabric as callers see it: links and bridges, the topology that they make, and what a path would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from controller.derived import Endpoint
from controller.entities import Chassis
from controller.links import PathPolicy
from controller.status.bridges import bridge_row, bridge_rows
from controller.status.paths import SAID, path_policy_status, settings_status, unsettled
from controller.status.protection import gaps

if TYPE_CHECKING:
    from controller.core import Core
    from controller.links import BridgeSettings, LinkSettings, Wanted
    from controller.port_table import PortTable
    from controller.status.atlas import Atlas
    from controller.status.links import Links
    from topology.graph import Topology
    from topology.paths import Question

Said = Literal["Link", "Bridge"]


@dataclass(frozen=True, slots=True)
class Fabric:
    """Answers about links, bridges and paths; every answer is plain JSON values."""

    core: Core
    atlas: Atlas
    links: Links
    graph: Topology
    table: PortTable

    def rows(self, kind: Said) -> list[dict[str, object]]:
        """All links, or all bridges."""
        return self.links.rows() if kind == "Link" else bridge_rows(self.core, self.atlas, self.table)

    def row(self, kind: Said, name: str) -> dict[str, object] | None:
        """One of them, a link by its ends in either order; None where there is none and nothing is said of one."""
        return self.links.row(name) if kind == "Link" else bridge_row(self.core, self.atlas, self.table, name)

    def status(self, kind: str, key: str, started: float) -> dict[str, object]:
        """How far a link, a bridge or a path policy has come."""
        match kind:
            case "Link" | "Bridge":
                return settings_status(self.core, self.atlas, (kind, key), self.row(kind, key), started)
            case _:
                policy = self.core.compiler.store.get(PathPolicy, key)
                missing = self._missing(policy.wanted) if policy is not None else []
                unwatched = gaps(self.core.compiler.store, key, self.links.watch.unwatched)
                return path_policy_status(self.core, self.atlas, key, started, missing=missing, gaps=unwatched)

    def waits(self, kind: str, key: str) -> str | None:
        """Why a link, bridge or path policy is not yet as it is asked to be; None where it is, and of other kinds."""
        store = self.core.compiler.store
        if kind == "PathPolicy" and store.get(PathPolicy, key) is not None:
            return None if self.atlas.placed(key) else "its path is being worked out"
        said = self.said(kind, key)
        return unsettled(self.core, self.atlas, said) if said is not None else None

    def said(self, kind: str, key: str) -> LinkSettings | BridgeSettings | None:
        """What is said of a link or bridge under that very name; None of others, and of other kinds."""
        found: LinkSettings | BridgeSettings | None = (
            self.core.compiler.store.get(SAID[kind], key) if kind in SAID else None
        )
        return found

    def _missing(self, wanted: Wanted) -> list[str]:
        """What a path policy names that is not there, in words: who misspells what is to be avoided has to hear."""
        bridges = [name for name in (*wanted.via, *wanted.avoid_bridges) if self.bridge_of(name) is None]
        known = self.links.names() if wanted.avoid_links else frozenset()
        links = [name for name in wanted.avoid_links if name not in known]
        return [f"bridge {name}" for name in bridges] + [f"link {name}" for name in links]

    def bridge_of(self, end: str) -> str | None:
        """The bridge of that name, or that a port (``project/name``) is plugged into; None where there is none."""
        store = self.core.compiler.store
        if "/" in end:
            endpoint: Endpoint | None = store.get(Endpoint, end)
            return endpoint.chassis if endpoint is not None else None
        return end if store.get(Chassis, end) is not None or end in self.atlas.map else None

    def compute(self, question: Question) -> dict[str, Any]:
        """A path that nobody takes, or why there is none."""
        return self.atlas.steering.compute(self.atlas.map, question)

    def topology(self, form: Literal["json", "graphml", "dot"]) -> dict[str, object] | str:
        """Nodes and links."""
        links, bridges = self.links.rows(), {str(row["name"]): row for row in self.rows("Bridge")}
        match form:
            case "json":
                return self.graph.as_json(links, bridges)
            case "graphml":
                return self.graph.as_graphml(links, bridges)
            case "dot":
                return self.graph.as_dot(links, bridges)
