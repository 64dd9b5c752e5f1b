"""Two leaves, two spines and two hosts, with an atlas that says what a test has it say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from controller.atlas.told import UNTOLD
from controller.derived import Presence
from controller.entities import Chassis
from controller.links import Link, LinkFigures, PathPolicy, Traffic, Wanted, Wire, link_name
from controller.policy.values import Machines
from controller.port_table import PortTable
from controller.status.fabric import Fabric
from controller.status.links import Links
from tests.fabric_worlds import FIRST_WIRE, steered_world
from tests.status.settled import after, entity
from topology.graph import Topology
from topology.map import Map

if TYPE_CHECKING:
    from controller.core import Core
    from ovsdb.rows import Liveness
    from topology.paths import Question

OWN = (Machines(("acme",)),)
VIDEO = PathPolicy("acme/video", "uid-video", "acme", Traffic(OWN, OWN), Wanted())
UNDONE = {"drained": False, "reason": "OnlyWay", "message": "nothing else leads to s2"}
NOWHERE = {"drained": False, "reason": "Unknown", "message": "there is no such link or bridge"}
DONE = {"drained": True, "reason": "Drained", "message": "nothing goes there any more"}


@dataclass
class Told:
    """An atlas that says what a test has it say."""

    map: Map = field(default_factory=Map)
    measured: dict[str, LinkFigures] = field(default_factory=dict)
    drains: dict[str, dict[str, Any]] = field(default_factory=dict)
    paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    busy: bool = False

    @property
    def figures(self) -> Told:
        return self

    @property
    def steering(self) -> Told:
        return self

    def of(self, link: str) -> LinkFigures | None:
        return self.measured.get(link)

    def done(self) -> bool:
        return not self.busy

    def draining(self, name: str) -> dict[str, Any]:
        turned = "-".join(reversed(name.split("-")))
        return self.drains.get(name) or self.drains.get(turned) or NOWHERE

    def placed(self, policy: str) -> bool:
        return policy in self.paths and policy not in self.late

    def status(self, policy: str) -> dict[str, Any]:
        return self.paths.get(policy, UNTOLD)

    def compute(self, ground: Map, question: Question) -> dict[str, Any]:
        return {"path": [question.source, question.target], "sites": len(ground.graph)}


@dataclass
class Watch:
    """Why BFD does not watch wires, by their links, as a test has it; no database tells of ``deaf`` bridges."""

    reasons: dict[str, str] = field(default_factory=dict)
    narrow: tuple[int, str] | None = None
    deaf: set[str] = field(default_factory=set)

    def watched(self, wire: Wire) -> bool | None:
        return None if self.deaf & {*wire.ends} else wire.up and self.unwatched(wire) is None

    def narrowest(self) -> tuple[int, str] | None:
        return self.narrow

    def unwatched(self, wire: Wire) -> str | None:
        return self.reasons.get(link_name(*wire.ends))


@dataclass
class Scene:
    """A core, what the atlas and who watches wires say, and the answers."""

    core: Core
    atlas: Told
    fabric: Fabric
    heard: dict[str, dict[str, Liveness]]
    watch: Watch

    def row(self, name: str) -> dict[str, Any]:
        """One link."""
        found = self.fabric.row("Link", name)
        assert found is not None
        return found

    def status(self, kind: str, name: str) -> dict[str, Any]:
        return self.fabric.status(kind, name, 0)


def surveyed(core: Core) -> Scene:
    """One of the hosts is wired to a spine, and the other is not."""
    after(core, steered_world().values())
    store, atlas, topology = core.compiler.store, Told(), Topology()
    for kind in (Chassis, Presence, Link):
        for key in list(store.keys(kind)):
            topology.put(entity(core, kind, key))
    heard: dict[str, dict[str, Liveness]] = {}
    table = PortTable(lambda _chassis, port: "link" if port >= FIRST_WIRE else None)
    watch = Watch()
    links = Links(store, atlas, topology.tunnels, lambda chassis: heard.get(chassis, {}), watch)
    return Scene(core, atlas, Fabric(core, atlas, links, topology, table), heard, watch)
