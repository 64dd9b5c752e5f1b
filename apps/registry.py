"""Which relations and features there are. The composition root reads this; no feature knows another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import (
    addressing,
    bearings,
    binding,
    classify,
    deliver,
    destination,
    exits,
    fabric,
    floating,
    flood,
    forwards,
    guards,
    host_link,
    host_orders,
    identities,
    nat,
    neighbours,
    policy_stages,
    port_security,
    realms,
    routing,
    rules,
    rulings,
    segments,
    static_routes,
    tracks,
    ways,
    who,
)
from controller.compiler.engine import Feature, Relation
from controller.derived import (
    Audience,
    Division,
    Endpoint,
    Exit,
    Federation,
    Floating,
    Forward,
    HostOrder,
    Leaf,
    Leg,
    Presence,
    Realm,
)
from controller.entities import Chassis, FloatingIp, Interface, Neighbour, Network, Port, PortForward, Router
from controller.links import Bearing, Heading, Route, Track, Wire
from controller.policy.derived import (
    Guard,
    Identity,
    Member,
    Outline,
    Placement,
    PolicySet,
    Post,
    Posture,
    Rank,
    Ruling,
    Standing,
)
from controller.policy.values import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.store import Index

RELATIONS = (
    Relation("bearings", Chassis, Bearing, bearings.bearings),
    Relation("realms.federations", Router, Federation, realms.federations),
    Relation("realms.realms", Network, Realm, realms.realms),
    Relation("binding.endpoints", Port, Endpoint, binding.endpoints),
    Relation("binding.presences", Network, Presence, binding.presences),
    Relation("host_orders.endpoints", Presence, Endpoint, host_orders.endpoints),
    Relation("binding.divisions", Presence, Division, binding.divisions),
    Relation("binding.leaves", Division, Leaf, binding.leaves),
    Relation("ways.legs", Router, Leg, ways.legs),
    Relation("ways.doors", Network, Leg, ways.doors),
    Relation("ways.exits", Router, Exit, ways.exits),
    Relation("ways.door_exits", Network, Exit, ways.door_exits),
    Relation("ways.floatings", FloatingIp, Floating, ways.floatings),
    Relation("ways.forwards", PortForward, Forward, ways.forwards),
    Relation("realms.audiences", Realm, Audience, realms.audiences),
    Relation("identities.members", Port, Member, identities.members),
    Relation("identities.identities", Member, Identity, identities.identities, shared=True),
    Relation("guards.outlines", Policy, Outline, guards.outlines),
    Relation("guards.postures", Identity, Posture, guards.postures),
    Relation("guards.policy_sets", Posture, PolicySet, guards.policy_sets, shared=True),
    Relation("guards.guards", PolicySet, Guard, guards.guards),
    Relation("guards.standings", Endpoint, Standing, guards.standings),
    Relation("guards.posts", Guard, Post, guards.posts),
    Relation("rulings.rulings", Policy, Ruling, rulings.rulings),
    Relation("rulings.ranks", Guard, Rank, rulings.ranks),
    Relation("rulings.placements", Rank, Placement, rulings.placements),
    Relation("host_orders.orders", Chassis, HostOrder, host_orders.orders),
)
FEATURES = (
    Feature("classify.ports", Endpoint, classify.ports),
    Feature("classify.tunnels", Chassis, classify.tunnels),
    Feature("classify.probes", Chassis, classify.probes),
    Feature("classify.strays", Interface, classify.strays),
    Feature("fabric.everywhere", Chassis, fabric.everywhere),
    Feature("fabric.wires", Wire, fabric.wires),
    Feature("fabric.here", Heading, fabric.here),
    Feature("fabric.routes", Route, fabric.routes),
    Feature("tracks.steps", Track, tracks.steps),
    Feature("tracks.ends", Track, tracks.ends),
    Feature("port_security.sources", Endpoint, port_security.sources),
    Feature("port_security.guard", Chassis, port_security.guard),
    Feature("neighbours.addresses", Endpoint, neighbours.addresses),
    Feature("neighbours.own", Endpoint, neighbours.own),
    Feature("neighbours.answers", Chassis, neighbours.answers),
    Feature("policy_stages", Chassis, policy_stages.everywhere),
    Feature("rules.rules", Placement, rules.rules),
    Feature("rules.counts", Placement, rules.counts),
    Feature("rules.guards", Guard, rules.guards),
    Feature("who", Endpoint, who.addresses),
    Feature("addressing.everywhere", Chassis, addressing.everywhere),
    Feature("addressing.questions", Network, addressing.questions),
    Feature("addressing.interfaces", Interface, addressing.interfaces),
    Feature("addressing.ways_in", Chassis, addressing.ways_in),
    Feature("routing.legs", Leg, routing.legs),
    Feature("routing.neighbours", Endpoint, routing.neighbours),
    Feature("routing.everywhere", Chassis, routing.everywhere),
    Feature("static_routes", Router, static_routes.translate),
    Feature("exits.ways", Exit, exits.ways),
    Feature("exits.own", Leg, exits.own),
    Feature("exits.outside", Exit, exits.outside),
    Feature("exits.inward", Exit, exits.inward),
    Feature("exits.machines", Endpoint, exits.machines),
    Feature("exits.neighbours", Neighbour, exits.neighbours),
    Feature("nat.tracking", Exit, nat.tracking),
    Feature("nat.everywhere", Chassis, nat.everywhere),
    Feature("nat.leaving_sources", Leg, nat.leaving_sources),
    Feature("nat.routed_sources", Router, nat.routed_sources),
    Feature("floating.ways", Floating, floating.ways),
    Feature("floating.translations", Floating, floating.translations),
    Feature("forwards", Forward, forwards.translate),
    Feature("segments.ways", Audience, segments.translate),
    Feature("segments.claims", Endpoint, segments.claims),
    Feature("host_link.port", Interface, host_link.port),
    Feature("host_link.host", Chassis, host_link.host),
    Feature("destination.local", Endpoint, destination.local),
    Feature("destination.remote", Endpoint, destination.remote),
    Feature("destination.allowed", Endpoint, destination.allowed),
    Feature("destination.unknown", Network, destination.unknown),
    Feature("destination.groups", Chassis, destination.groups),
    Feature("destination.crowds", Endpoint, destination.crowds),
    Feature("flood.parts", Presence, flood.parts),
    Feature("flood.members", Leaf, flood.members),
    Feature("flood.elsewhere", Network, flood.elsewhere),
    Feature("deliver", Chassis, deliver.translate),
    Feature("deliver.headings", Heading, deliver.headings),
)


def _together(*parts: Mapping[type, tuple[Index, ...]]) -> dict[type, tuple[Index, ...]]:
    """All indexes of each type, whichever modules ask for them."""
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    return {kind: tuple(index for part in parts for index in part.get(kind, ())) for kind in kinds}


INDEXES = _together(
    bearings.INDEXES,
    binding.INDEXES,
    realms.INDEXES,
    ways.INDEXES,
    host_orders.INDEXES,
    addressing.INDEXES,
    identities.INDEXES,
    guards.INDEXES,
    rulings.INDEXES,
    tracks.INDEXES,
)
