"""The composition root: every part made once and put together. Imported only after the framework has patched."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import CollectorRegistry

from apps import fabric_tables, pipeline, policy_tables, registers, registry
from controller import outfit
from controller.atlas.cartography import Cartography
from controller.atlas.scouts import Tools
from controller.compiler.compiler import Rules
from controller.core import Breath, Core
from controller.dead_ports import DeadPorts
from controller.figures import CoreCollector, PolicyCollector, ServicesCollector
from controller.flow_rows import FlowRows
from controller.forgetting import Forgetting
from controller.forwarder import system_resolvers
from controller.gateways import Gateways
from controller.host_news import HostNews
from controller.host_orders import HostOrders
from controller.host_states import HostStates
from controller.intent.state import Intent
from controller.intent.writer import Writer
from controller.inventory import Inventory, News
from controller.live.live import Live
from controller.live.marking import Hands as LiveHands
from controller.live.statistics import Tables
from controller.memory import Memory
from controller.northbound.app import application
from controller.northbound.events import EventLog
from controller.northbound.server import serve
from controller.northbound.tokens import Tokens
from controller.plans import Plans
from controller.punts import Punts
from controller.reachability import Reachability
from controller.reports import Reports, late, present
from controller.settings import endpoint
from controller.southbound import framework
from controller.southbound.bridge import Bridge
from controller.steward import Hands, Steward
from controller.surveying import surveyed
from controller.switchboard import Switchboard
from controller.world import World
from ovsdb.hosts import Hosts
from ovsdb.intent import IntentDatabase
from ovsdb.server import EmbeddedServer
from topology.graph import Topology

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.agent.keeper import Keeper
    from controller.compiler.past import Glimpse
    from controller.plans import Told
    from controller.preview import Change
    from controller.settings import Settings
    from controller.southbound.packets import PacketIn
    from ovsdb.rows import Commit

LOCAL_OVSDB = Path("/run/openvswitch/db.sock")
DATABASE_SECONDS = 30.0

_log = structlog.get_logger("daemon")


class Daemon:
    """One daemon: its parts, and what they tell each other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keeper: Keeper | None = None
        self._hub = framework.hub(settings.framework)
        rules = Rules(registry.INDEXES, registry.RELATIONS, registry.FEATURES)
        self.events, topology = EventLog(), Topology()
        self.reports = Reports(self.events.publish, topology)
        self.core = self.reports.core = Core(rules, self._hub, self.reports, self._bridge)
        self.reports.flows = FlowRows(self.core.compiler, pipeline.TABLE_NAMES)
        self._server = None if settings.intent.database else EmbeddedServer(settings.state_dir)
        self.intent = Intent(self._unreadable, settings.network.quarantine)
        self._inventory = Inventory()
        self.switchboard = Switchboard(self.core, self._inventory, self.reports.publish, self._punted, self._seen)
        news = HostNews(self.core, self._inventory, self.switchboard, self.reports.publish, self._seen)
        tls = outfit.tls(settings)
        self.hosts = Hosts(outfit.wanted(settings), news, tls)
        self._orders = HostOrders(self.core.compiler.store, self.hosts)
        self._gateways = Gateways(self.core, self._inventory, self._hub, news.told, self.reports.publish)
        states = HostStates()
        news.listeners += [self._gateways, states]
        heard = news.hastened, self._seen, self.reports.publish, self.reports.bug
        tools = Tools(self.switchboard, fabric_tables.PATHS.number, *heard)
        self._maps = Cartography(self.core, settings.topology, tools, self.hosts, self._hub)
        self._dead_ports = DeadPorts(news.hastened)
        self.switchboard.watchers += [self._maps.scouts.ports, self._dead_ports.ports]
        self._live = self._living()
        self._services, self._punts = self._serving()
        forgetting = Forgetting(self.core.compiler.store, self.switchboard.flush, lambda: tuple(self.core.bridges))
        followers = (self._live, self._orders, self._gateways, self._services, forgetting)
        self.reports.followers += [*(follower.compiled for follower in followers), *self._maps.followers]
        self.reports.settlers += [self._gateways.settled, self._live.cutting.settled, *self._maps.settlers]
        self.plans = Plans(self.core, rules, self.reports)
        reachability = Reachability(self.plans)
        self.plans.looks["reachability"] = reachability.look
        self.plans.looks["connections"] = partial(_ended, self._live, self.plans)
        fabric = surveyed(self.reports, self._maps, topology, states, self.switchboard)
        self.world = World(self.core, self.reports, fabric, self.hosts, self._services, self._live, self.plans, states)
        addresses = settings.intent.database or (self._server.start() if self._server else "",)
        self.database = IntentDatabase(addresses, self._committed, self._reach, tls)
        self.writer = Writer(self.database, self.intent, outfit.underlay(settings), keep=reachability.keep)

    def _living(self) -> Live:
        """What follows connections."""
        hands = LiveHands(
            emit=self.switchboard.emit,
            publish=self.reports.publish,
            late=partial(late, self.reports),
            present=partial(present, self.core),
            after=self.core.ask,
            moved=self.core.poke,
            sleep=self._hub.sleep,
        )
        store, counts = self.core.compiler.store, self.switchboard.counts
        tables = Tables(policy_tables.TALLY.number, policy_tables.REHEARSED.number, registers.RULE)
        return Live(store, self.hosts, counts, tables, hands, self._hub.Queue())

    def _serving(self) -> tuple[Steward, Punts]:
        """The services, and the queues of what they are to answer."""
        hub, told = self._hub, self._settings.network.dns_forwarders
        publish, take = self.reports.publish, self._live.decisions.take
        hands = Hands(self.switchboard.emit, publish, self._seen, hub.spawn, partial(hub.sleep, 0), take)
        resolvers = system_resolvers() if told is None else told
        services = Steward(self.core, outfit.service_pipeline(), hands, resolvers, time.time)
        facts, breath = self.core.compiler.store, Breath(hub.sleep)
        punts = Punts(facts, services.responders(), services.carry_out, hub.Queue(), breath, self.reports.bug)
        return services, punts

    def run(self) -> int:
        """Start every part, serve until told to stop; the exit status."""
        self.database.start()
        if not self.database.wait_ready(DATABASE_SECONDS):
            _log.error("intent_database_unreachable", seconds=DATABASE_SECONDS)
            return 1
        tokens = Tokens(self.database)
        admin = tokens.first_admin()
        if admin is not None:
            print(f"admin token (shown once): {admin}", flush=True)  # noqa: T201 - the one place it is ever shown
        self._memory = Memory(self.database.sightings(), self._hub)
        recalled = self._memory.recall()
        self._inventory.recall(recalled)
        self._gateways.recall(recalled)
        self._maps.recall(recalled)
        self._dead_ports.recall(recalled)
        self.core.submit(recalled, ())
        self.core.ask(self._orders.complete)
        self._maps.go()
        self._hub.spawn(self.core.run)
        self._hub.spawn(self._memory.run)
        self._hub.spawn(self._punts.run, time.time)
        self._hub.spawn(self._services.run, self._hub.sleep)
        self._hub.spawn(self._live.cutting.run)
        self.writer.start()
        tls = outfit.tls(self._settings)
        files = (tls.private_key, tls.certificate, tls.ca) if tls else None
        settings = self._settings
        framework.serve(settings.framework, endpoint(settings.openflow.listen), files, self.switchboard)
        self._join_hosts()
        figures = CollectorRegistry()
        figures.register(CoreCollector(self.core, self.reports.drifts))
        figures.register(ServicesCollector(self._services, self._punts))
        figures.register(PolicyCollector(self._live.decisions))
        figures.register(self._maps.scouts.collector)
        app = application(self.writer, self.intent, self.world, self.events, tokens, settings, figures)
        serve(app, settings.http, self._hub)
        self._stop()
        return 0

    def _join_hosts(self) -> None:
        found = list(self._settings.ovsdb.hosts)
        local = f"unix:{LOCAL_OVSDB}"
        if self._settings.ovsdb.local and LOCAL_OVSDB.exists():
            found += [] if local in found else [local]
            self._keeper = _keeper(local)
        for address in found:
            self.hosts.follow(address)
        for address in self._settings.ovsdb.listen:
            self.hosts.listen(address)

    def _stop(self) -> None:
        """Leave the switches as they are; end what is ours."""
        if self._keeper is not None:
            self._keeper.stop()
        self.hosts.stop()
        self.writer.stop()
        self.database.stop()
        if self._server is not None:
            self._server.stop()

    # What the parts tell.

    def _committed(self, commit: Commit) -> None:
        puts, deletes = self.intent.follow(commit, time.monotonic())
        self.core.submit(puts, deletes, commit.revision)
        self.events.publish_commit(commit)

    def _seen(self, news: News) -> None:
        self._memory.remember(news)

    def _reach(self, reachable: bool) -> None:  # noqa: FBT001 - the database's callback
        self.world.database_reachable = reachable
        self.reports.publish("health", "intent database", {"reachable": reachable})

    def _unreadable(self, resource: str, why: str) -> None:
        _log.error("resource_unreadable", resource=resource, why=why)

    def _bridge(self, chassis: str, inbox: Any) -> Bridge:
        return Bridge(chassis, inbox, self.core.compiler.catalogue, self.reports, self._hub.spawn_after)

    def _punted(self, chassis: str, packet: PacketIn) -> None:
        if packet.registers.get(registers.PUNT.register or 0) == registers.PROBED:
            self._maps.scouts.probing.punted(chassis, packet)
            return
        self._punts.take(self._services.pipeline.punt(chassis, packet))


def _ended(live: Live, plans: Plans, change: Change) -> Callable[[Glimpse], Told]:
    """What tells the connections that a change would end."""
    return live.cutting.look(partial(plans.tried, change), change.puts)


def _keeper(local: str) -> Keeper | None:
    """The agent of this host, where we may be it; another that acts already goes on."""
    if os.geteuid() != 0:
        _log.warning("no_agent_for_this_host", reason="only root may change its kernel: run netloom agent as root")
        return None
    from controller.agent.keeper import Keeper  # noqa: PLC0415 - only a daemon that serves its own host needs netlink

    keeper = Keeper(local)
    keeper.start()
    return keeper
