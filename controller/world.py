"""The world as the northbound side may see it: status, plans, tables and flows, read from the core."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from controller import status
from controller.compiler.catalogue import Catalogue
from controller.compiler.engine import Engine
from controller.entities import Chassis, Endpoint, Interface, Network, Port, Project
from controller.flow.codec import actions_text, match_text
from controller.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from controller.compiler.catalogue import Delta
    from controller.core import Core, Rules
    from controller.entities import Entity
    from controller.flow.flow import Flow
    from controller.southbound.wire import FlowEvent
    from ovsdb.host import HostStatus
    from topology.graph import Topology

DRIFT_KEPT = 1000
BASE = (Project, Network, Port, Chassis, Interface)
_EVENT_WORDS = {0: "found", 1: "added", 2: "removed", 3: "changed"}
_STATUS = {"Port": status.port_status, "Network": status.network_status, "Project": status.project_status}


class Hosts(Protocol):
    """What the hosts' databases say, for people."""

    def snapshot(self) -> Sequence[HostStatus]:
        """Every host, and what is wrong with it."""


@dataclass(slots=True)
class Drift:
    """One flow that somebody else touched; ``mended`` is when it stood right again, seconds since 1970."""

    chassis: str
    what: str
    flow: str
    owner: str
    seen: float
    mended: float | None = None

    def row(self) -> dict[str, object]:
        """As it is listed."""
        found = {"chassis": self.chassis, "what": self.what, "flow": self.flow, "owner": self.owner}
        return found | {"seen": status.timestamp(self.seen), "mended": self.mended and status.timestamp(self.mended)}


class World:
    """Answers the northbound side; every answer is plain JSON values."""

    def __init__(self, core: Core, rules: Rules, topology: Topology, hosts: Hosts, tables: Mapping[int, str]) -> None:
        self.drifts: deque[Drift] = deque(maxlen=DRIFT_KEPT)
        self.drift_count = 0
        self.moved = threading.Condition()
        self.database_reachable = False
        self._core = core
        self._rules = rules
        self._topology = topology
        self._hosts = hosts
        self._tables = dict(tables)
        self._started = time.time()

    def status(self, kind: str, key: str) -> dict[str, object]:
        """How far one resource has come."""
        return _STATUS[kind](self._core, key, self._started)

    def plan(self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...]) -> dict[str, object]:
        """Flows that a change would add and remove, by chassis: compiled aside, from everything that stands."""
        store = Store(self._rules.indexes)
        engine = Engine(store, self._rules.relations, self._rules.features, _silent, self._core.breathe)
        catalogue = Catalogue(_quiet)
        standing = [self._core.store.get(kind, key) for kind in BASE for key in list(self._core.store.keys(kind))]
        found: dict[str, Delta] = {}
        for changes in (([entity for entity in standing if entity is not None], ()), (puts, deletes)):
            outcome = engine.run(*changes)
            left, joined = self._core.memberships(outcome, store)
            found = catalogue.turn(outcome.removed, outcome.added, left, joined)
        deltas = sorted(found.items())
        added = {chassis: n for chassis, delta in deltas if (n := len(delta.new) + len(delta.changed))}
        removed = {chassis: n for chassis, delta in deltas if (n := len(delta.gone) + len(delta.changed))}
        return {"added": added, "removed": removed}

    def wait(self, revision: int, keys: Sequence[tuple[str, str]], timeout: float) -> dict[str, str]:
        """What of these is not confirmed after ``timeout`` seconds; as soon as all is, nothing."""
        subjects = [(kind, key) for kind, key in keys if kind in _STATUS]
        with self.moved:
            self.moved.wait_for(lambda: self._confirmed(revision, subjects), timeout)
        return self._unconfirmed(revision, subjects)

    def _confirmed(self, revision: int, subjects: list[tuple[str, str]]) -> bool:
        if self._core.revision < revision or self._core.unconfirmed(revision):
            return False
        return not any(self._core.readiness.waits(subject) for subject in subjects)

    def _unconfirmed(self, revision: int, subjects: list[tuple[str, str]]) -> dict[str, str]:
        if self._core.revision < revision:
            return {f"revision {revision}": "it has not been compiled yet"}
        found = {
            f"{kind} {key}": "; ".join(status.waiting_for(self._core, (kind, key))) or "flows are on their way"
            for kind, key in subjects
            if self._core.readiness.waits((kind, key))
        }
        late = sorted(self._core.unconfirmed(revision))
        return found | {f"chassis {name}": status.chassis_state(self._core, name) for name in late}

    def table(self, what: Literal["chassis", "bridges", "links", "drift"]) -> list[dict[str, object]]:
        """All rows of one table."""
        match what:
            case "chassis":
                return [self._chassis_row(key) for key in sorted(self._core.store.keys(Chassis))]
            case "bridges":
                return [self._bridge_row(key) for key in sorted(self._core.bridges)]
            case "links":
                return [{"kind": "tunnel", "between": [a, b], "networks": [*n]} for a, b, n in self._topology.tunnels()]
            case "drift":
                return [drift.row() for drift in self.drifts]

    def _chassis_row(self, key: str) -> dict[str, object]:
        chassis: Chassis = self._core.store.get(Chassis, key)  # type: ignore[assignment]
        bridge = self._core.bridges.get(key)
        told = next((host for host in self._hosts.snapshot() if host.chassis and host.chassis.name == key), None)
        row = told.chassis if told else None
        return {
            "name": key,
            "dpid": f"{chassis.dpid:016x}",
            "encap_ip": chassis.encap_ip,
            "tunnels": dict(chassis.tunnels),
            "ports": self._core.store.count(Endpoint, "chassis", key),
            "connected": bridge is not None and bridge.connection is not None,
            "in_sync": bridge is not None and bridge.in_sync,
            "hostname": row.hostname if row else None,
            "ovs_version": row.ovs_version if row else None,
            "datapath_type": row.datapath_type if row else None,
            "database": told.address if told and told.connected else None,
            "problems": list(told.problems) if told else [],
        }

    def _bridge_row(self, key: str) -> dict[str, object]:
        bridge = self._core.bridges[key]
        connection = bridge.connection
        return {
            "chassis": key,
            "dpid": f"{connection.dpid:016x}" if connection else None,
            "peer": connection.peer if connection else None,
            "in_sync": bridge.in_sync,
            "flows": self._core.catalogue.count(key),
            "flow_mods": bridge.flow_mods,
            "refusals": sorted(set(bridge.refusals.values())),
        }

    def flows(self, chassis: str | None, owner: str | None) -> Iterator[dict[str, object]]:
        """Desired flows in pipeline order, each with the intent that owns it."""
        for name in [chassis] if chassis is not None else sorted(self._core.bridges):
            for flow in sorted(self._core.catalogue.flows(name), key=_pipeline_order):
                owners = self.owners(flow)
                if owner is None or owner in owners:
                    yield {"chassis": name, **self.flow_row(flow), "owners": owners}

    def flow_row(self, flow: Flow) -> dict[str, object]:
        """A flow for people."""
        return {
            "table": self._tables.get(flow.table, str(flow.table)),
            "priority": flow.priority,
            "match": match_text(flow.match),
            "actions": actions_text(flow.instructions, self._tables),
            "cookie": f"{flow.cookie:#018x}",
        }

    def owners(self, flow: Flow) -> list[str]:
        """The resources a flow is for, and the features that made it."""
        found = set()
        for node in self._core.catalogue.owners(flow):
            rule, kind, key = self._core.engine.owner(node)
            subject = self._core.subject(node)
            found.add(f"{subject[0]} {subject[1]}" if subject else f"{kind.__name__} {key}")
            found.add(f"feature {rule}")
        return sorted(found)

    def drifted(self, chassis: str, event: FlowEvent, flow: Flow | None) -> Drift:
        """Keep what somebody else did to a flow."""
        table = self._tables.get(event.table, str(event.table))
        fades = [("idle_timeout", event.idle_timeout), ("hard_timeout", event.hard_timeout)]
        timeouts = "".join(f" {name}={seconds}" for name, seconds in fades if seconds)
        does = actions_text(event.instructions)
        words = f"{table} priority={event.priority}{timeouts} {match_text(event.match)} actions={does}"
        owner = ", ".join(self.owners(flow)) if flow else ""
        drift = Drift(chassis, _EVENT_WORDS[event.kind], words, owner, time.time())
        self.drifts.append(drift)
        self.drift_count += 1
        return drift

    def mended(self, chassis: str) -> None:
        """What drifted on this chassis stands right again."""
        now = time.time()
        for drift in self.drifts:
            if drift.chassis == chassis and drift.mended is None:
                drift.mended = now

    def topology(self, form: Literal["json", "graphml", "dot"]) -> dict[str, object] | str:
        """Nodes and links."""
        match form:
            case "json":
                return self._topology.as_json()
            case "graphml":
                return self._topology.as_graphml()
            case "dot":
                return self._topology.as_dot()

    def ready(self) -> tuple[bool, str]:
        """Whether intent can be read and changed."""
        return self.database_reachable, "" if self.database_reachable else "the intent database is out of reach"


def _silent(_where: str, _key: str, _error: Exception) -> None:
    """A plan's bugs are told when the change is made."""


def _quiet(_bug: Exception) -> None:
    """Likewise."""


def _pipeline_order(flow: Flow) -> tuple[int, int, bytes]:
    return (flow.table, -flow.priority, flow.match)
