"""Which relations and features there are. The composition root reads this; no feature knows another."""

from __future__ import annotations

from apps import binding, classify, deliver, destination, flood, neighbours, port_security
from controller.compiler.engine import Feature, Relation
from controller.derived import Division, Endpoint, Leaf, Presence, Realm
from controller.entities import Chassis, Network, Port

RELATIONS = (
    Relation("binding.realms", Network, Realm, binding.realms),
    Relation("binding.endpoints", Port, Endpoint, binding.endpoints),
    Relation("binding.presences", Network, Presence, binding.presences),
    Relation("binding.divisions", Presence, Division, binding.divisions),
    Relation("binding.leaves", Division, Leaf, binding.leaves),
)
FEATURES = (
    Feature("classify.ports", Endpoint, classify.ports),
    Feature("classify.tunnels", Chassis, classify.tunnels),
    Feature("port_security.sources", Endpoint, port_security.sources),
    Feature("port_security.guard", Chassis, port_security.guard),
    Feature("neighbours.addresses", Endpoint, neighbours.addresses),
    Feature("neighbours.own", Endpoint, neighbours.own),
    Feature("neighbours.answers", Chassis, neighbours.answers),
    Feature("destination.local", Endpoint, destination.local),
    Feature("destination.remote", Endpoint, destination.remote),
    Feature("destination.allowed", Endpoint, destination.allowed),
    Feature("destination.groups", Chassis, destination.groups),
    Feature("flood.parts", Presence, flood.parts),
    Feature("flood.members", Leaf, flood.members),
    Feature("flood.elsewhere", Network, flood.elsewhere),
    Feature("deliver", Chassis, deliver.translate),
)
INDEXES = {**binding.INDEXES}
