"""The world as the northbound side may see it: status, plans, tables and flows, read from the core."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

from controller.compiler.ownership import POLICIES
from controller.derived import DOOR, Endpoint, Exit
from controller.entities import (
    Chassis,
)
from controller.nat_table import NatTable
from controller.policy.survey import Survey
from controller.preview import Change, caught_up
from controller.status.addressing import lease_rows, with_duplicates, with_exhaustion
from controller.status.chains import chain_status
from controller.status.conditions import chassis_state, waiting_for
from controller.status.hosts import with_hosts
from controller.status.networks import network_status, project_status
from controller.status.policies import idle_status, policy_status
from controller.status.ports import port_status
from controller.status.rooms import with_room
from controller.status.routers import router_status
from controller.status.translations import floating_status, forward_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from controller.compiler.past import Glimpse
    from controller.core import Core
    from controller.entities import Entity
    from controller.host_states import HostStates
    from controller.live.live import Live
    from controller.plans import Plans
    from controller.reports import Reports
    from controller.status.fabric import Fabric
    from controller.steward import Steward
    from ovsdb.hosts import Hosts

T = TypeVar("T")

_STATUS: dict[str, Callable[[Core, str, float], dict[str, object]]] = {
    "Project": project_status,
    "Network": network_status,
    "Router": router_status,
    "Port": port_status,
    "FloatingIP": floating_status,
    "PortForward": forward_status,
    "ServiceChain": chain_status,
    "AddressGroup": idle_status,
    "Tier": idle_status,
    "Invariant": idle_status,
    **{kind: partial(policy_status, kind) for kind in POLICIES},
}
_OF_FABRIC = frozenset(("Link", "Bridge", "PathPolicy"))
_AWAITED = _OF_FABRIC | _STATUS.keys()


class World:
    """Answers the northbound side; every answer is plain JSON values."""

    def __init__(  # noqa: PLR0917 - the parts that it reads, put together once
        self,
        core: Core,
        reports: Reports,
        fabric: Fabric,
        hosts: Hosts,
        services: Steward,
        live: Live,
        plans: Plans,
        states: HostStates,
    ) -> None:
        self.database_reachable = False
        self.nat = NatTable(core.compiler.store, live.answers)
        self.live = live
        self.survey = Survey(core.compiler.store, partial(caught_up, core))
        self.fabric = fabric
        self._states = states
        self._core = core
        self._plans = plans
        self._hosts = hosts
        self._reports = reports
        self._services = services
        self._started = time.time()

    def status(self, kind: str, key: str) -> dict[str, object]:
        """How far one resource has come."""
        if kind in _OF_FABRIC:
            return self.fabric.status(kind, key, self._started)
        found = _STATUS.get(kind, project_status)(self._core, key, self._started)
        match kind:
            case "Port":
                return with_duplicates(found, self._services, key, self._started)
            case "Router":
                return with_exhaustion(found, self._services, key, self._started)
            case "Network":
                if self._core.compiler.store.get(Exit, f"{DOOR}{key}") is not None:
                    found = with_exhaustion(found, self._services, f"{DOOR}{key}", self._started)
                found = with_room(found, self._core, self.fabric.links.watch.narrowest(), key, self._started)
                return with_hosts(found, self._core, self._states, key, self._started)
        return found

    def plan(
        self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], reads: Callable[[str], bool]
    ) -> dict[str, object]:
        """What a change would do, for who may read some projects."""
        return self._plans.plan(Change(puts, deletes), reads)

    def tried(self, puts: tuple[Entity, ...], deletes: tuple[tuple[type, str], ...], look: Callable[[Glimpse], T]) -> T:
        """What ``look`` makes of a change."""
        return self._plans.tried(Change(puts, deletes), look)

    def wait(self, revision: int, keys: Sequence[tuple[str, str]], timeout: float) -> dict[str, str]:
        """What of these is not confirmed after ``timeout`` seconds; as soon as all is, nothing."""
        subjects = [(kind, key) for kind, key in keys if kind in _AWAITED]
        with self._reports.moved:
            self._reports.moved.wait_for(lambda: self._confirmed(revision, subjects), timeout)
        return self._unconfirmed(revision, subjects)

    def _confirmed(self, revision: int, subjects: list[tuple[str, str]]) -> bool:
        if self._core.revision < revision or self._core.unconfirmed(revision) or self.live.cutting.pending:
            return False
        return not any(self._core.readiness.waits(subject) or self.fabric.waits(*subject) for subject in subjects)

    def _unconfirmed(self, revision: int, subjects: list[tuple[str, str]]) -> dict[str, str]:
        if self._core.revision < revision:
            return {f"revision {revision}": "it has not been compiled yet"}
        found = {
            f"{kind} {key}": "; ".join(waiting_for(self._core, (kind, key))) or "flows are on their way"
            for kind, key in subjects
            if self._core.readiness.waits((kind, key))
        }
        found |= {f"{kind} {key}": why for kind, key in subjects if (why := self.fabric.waits(kind, key)) is not None}
        late = sorted(self._core.unconfirmed(revision))
        return found | {f"chassis {name}": chassis_state(self._core, name) for name in late}

    def table(self, what: Literal["chassis", "bridges", "links", "drift", "leases"]) -> list[dict[str, object]]:
        """All rows of one table."""
        match what:
            case "chassis":
                return [self._chassis_row(key) for key in sorted(self._core.compiler.store.keys(Chassis))]
            case "bridges":
                return self.fabric.rows("Bridge")
            case "links":
                return self.fabric.rows("Link")
            case "drift":
                return self._reports.drifts.rows()
            case "leases":
                return lease_rows(self._services)

    def _chassis_row(self, key: str) -> dict[str, object]:
        return chassis_row(self._core, self._hosts, key) | {"watches": self._states.watches(key)}

    def flows(self, chassis: str | None, owner: str | None) -> Iterator[dict[str, object]]:
        """Desired flows in pipeline order, each with the intent that owns it."""
        return self._reports.flows.rows([chassis] if chassis is not None else sorted(self._core.bridges), owner)

    def ready(self) -> tuple[bool, str]:
        """Whether intent can be read and changed."""
        return self.database_reachable, "" if self.database_reachable else "the intent database is out of reach"


def chassis_row(core: Core, hosts: Hosts, key: str) -> dict[str, object]:
    """A chassis as it is listed: what is known of it, whether it is in reach, and what is wrong."""
    chassis = core.compiler.store.get(Chassis, key)
    bridge = core.bridges.get(key)
    told = next((host for host in hosts.snapshot() if host.chassis and host.chassis.name == key), None)
    row = told.chassis if told else None
    return {
        "name": key,
        "dpid": f"{chassis.dpid:016x}" if chassis else None,
        "encap_ip": chassis.encap_ip if chassis else None,
        "tunnels": dict(chassis.tunnels) if chassis else {},
        "segments": dict(chassis.segments) if chassis else {},
        "gateway": chassis is not None and chassis.gateway,
        "ports": core.compiler.store.count(Endpoint, "chassis", key),
        "connected": bridge is not None and bridge.connection is not None,
        "in_sync": bridge is not None and bridge.in_sync,
        "hostname": row.hostname if row else None,
        "ovs_version": row.ovs_version if row else None,
        "datapath_type": row.datapath_type if row else None,
        "database": told.address if told and told.connected else None,
        "problems": list(told.problems) if told else [],
    }
