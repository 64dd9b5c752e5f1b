"""The northbound application: which path is answered by what."""

from __future__ import annotations

from typing import TypeAlias

import falcon
from prometheus_client import CollectorRegistry

from controller.compiler.ownership import POLICIES
from controller.errors import UserError
from controller.intent.kinds import KINDS
from controller.intent.state import Intent
from controller.intent.writer import Writer
from controller.northbound import problems
from controller.northbound.apply import Apply
from controller.northbound.connections import ConnectionResource
from controller.northbound.deadlines import Deadlines
from controller.northbound.event_stream import EventResource
from controller.northbound.events import EventLog
from controller.northbound.gate import Gate
from controller.northbound.health import HealthResource, ReadyResource
from controller.northbound.manual import ManualResource, SpecificationResource
from controller.northbound.media import Bodies
from controller.northbound.metrics import MetricsResource, StoreCollector, request_durations
from controller.northbound.observations import (
    FlowResource,
    ListingResource,
    NatResource,
    TableResource,
    TopologyResource,
)
from controller.northbound.paths import Paths
from controller.northbound.reachability import Lint, ReachabilityResource
from controller.northbound.recommend import Recommend
from controller.northbound.resources import Backend, Many, One
from controller.northbound.settings_resources import SettingsResource
from controller.northbound.stats import StatsResource
from controller.northbound.token_resources import TokenCollection, TokenResource
from controller.northbound.tokens import Tokens
from controller.northbound.world import World
from controller.settings import Settings

App: TypeAlias = falcon.App[falcon.Request, falcon.Response]


def application(  # noqa: PLR0917 - the parts of a daemon, put together once
    writer: Writer,
    intent: Intent,
    world: World,
    events: EventLog,
    tokens: Tokens,
    settings: Settings,
    registry: CollectorRegistry | None = None,
) -> App:
    """The WSGI application; ``registry`` is where the rest of the daemon keeps its figures."""
    registry = registry or CollectorRegistry()
    registry.register(StoreCollector(intent, events))
    bodies = Bodies(settings.http.max_body, Deadlines(settings.http.read_timeout))
    app = App(middleware=[Gate(tokens, request_durations(registry), bodies)])
    app.req_options.keep_blank_qs_values = True
    app.add_error_handler(Exception, problems.bug)
    app.add_error_handler(falcon.HTTPError, problems.http_error)
    app.add_error_handler(UserError, problems.user_error)
    backend = Backend(writer, world, bodies)
    _route_resources(app, backend)
    _route_observations(app, backend)
    app.add_route("/v1/events", EventResource(events, tokens))
    app.add_route("/v1/tokens", TokenCollection(tokens, bodies))
    app.add_route("/v1/tokens/{name}", TokenResource(tokens))
    app.add_route("/healthz", HealthResource())
    app.add_route("/readyz", ReadyResource(world))
    app.add_route("/metrics", MetricsResource(registry))
    app.add_route("/v1/openapi.json", SpecificationResource())
    app.add_route("/v1/docs", ManualResource())
    return app


def _route_resources(app: App, backend: Backend) -> None:
    for kind in KINDS.values():
        # Falcon wants one name for one place of a path: a project's own name is {project} as well.
        scope = "/v1/projects/{project}/" if kind.scoped else "/v1/"
        last = "{project}" if kind.plural == "projects" else "{name}"
        if kind.settings:
            app.add_route(f"{scope}{kind.plural}/{last}", SettingsResource(One(backend, kind)))
            continue
        app.add_route(f"{scope}{kind.plural}", Many(backend, kind))
        app.add_route(f"{scope}{kind.plural}/{last}", One(backend, kind))
        if kind.name in POLICIES:
            app.add_route(f"{scope}{kind.plural}/{last}/stats", StatsResource(backend, kind))
    app.add_route("/v1/apply", Apply(backend))
    app.add_route("/v1/policies:recommend", Recommend(backend))
    app.add_route("/v1/policies:lint", Lint(backend.world))
    app.add_route("/v1/paths:compute", Paths(backend))


def _route_observations(app: App, backend: Backend) -> None:
    world = backend.world
    app.add_route("/v1/chassis", TableResource(world, "chassis"))
    app.add_route("/v1/bridges", ListingResource(backend, "bridges"))
    app.add_route("/v1/links", ListingResource(backend, "links"))
    app.add_route("/v1/drift", TableResource(world, "drift"))
    app.add_route("/v1/leases", TableResource(world, "leases"))
    app.add_route("/v1/flows", FlowResource(world))
    app.add_route("/v1/nat", NatResource(world))
    app.add_route("/v1/connections", ConnectionResource(world))
    app.add_route("/v1/reachability", ReachabilityResource(world))
    app.add_route("/v1/topology", TopologyResource(world))
