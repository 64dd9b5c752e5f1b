"""Worlds of policy that follow each other at random, and an oracle straight from their documents.

In every one of them port ``ALWAYS`` of each server is open to everybody and port ``NEVER`` to nobody; who may ask for
the others changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from mininet_scenarios import policies, rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

TENANT = "churn"
CLIENTS, SERVERS = ("c1", "c2", "c3"), ("s1", "s2")
ALWAYS, NEVER, CHANGING = 7000, 7001, (7002, 7003, 7004)
EARLY, APPLICATION = "early", "application"
TIERS = ((EARLY, True), (APPLICATION, False))
"""In their order, and whether what no rule speaks of goes on."""
RANK = ("deny", "reject", "pass", "allow")
TEAMS = ("red", "blue")
NAMES = ("base", "one", "two", "three", "out", "rehearsed")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """The policies that stand, by name, and the labels of machines."""

    documents: Mapping[str, Document]
    labels: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A client asks for a port of a server, at one of its addresses; ``own`` is the client's in that version of IP."""

    client: str
    server: str
    port: int
    address: str
    own: str


def first(random: Random, addresses: Mapping[str, tuple[str, ...]]) -> World:
    """A world to begin with; ``addresses`` are those of all machines."""
    labels = {client: _labels(random) for client in CLIENTS} | {server: {"role": "server"} for server in SERVERS}
    return World({"base": _document(random, addresses, "base")}, labels)


def following(random: Random, world: World, addresses: Mapping[str, tuple[str, ...]]) -> World:
    """A world that differs in one policy, or in the labels of one machine."""
    if random.random() < 0.4:
        return World(world.documents, {**world.labels, random.choice(CLIENTS): _labels(random)})
    name = random.choice(NAMES)
    if name != "base" and name in world.documents and random.random() < 0.5:
        return World({key: one for key, one in world.documents.items() if key != name}, world.labels)
    return World({**world.documents, name: _document(random, addresses, name)}, world.labels)


def _document(random: Random, addresses: Mapping[str, tuple[str, ...]], name: str) -> Document:
    """A policy that may be called so."""
    match name:
        case "base":
            spec: Document = {"ingress": list(_base(random, addresses))}
            return _policy(name, APPLICATION, 500, "server", spec)
        case "out":
            rules = [_rule("allow", None, "to", ALWAYS, NEVER), _rule("allow", None, "to", *_some(random, CHANGING))]
            return _policy(name, APPLICATION, 500, "client", {"egress": rules})
        case "rehearsed":
            shut = {"ingress": [_rule("deny", None, "from", ALWAYS, *CHANGING)], "mode": "audit"}
            return _policy(name, APPLICATION, 1, "server", shut)
        case _:
            tier, priority = random.choice((EARLY, APPLICATION)), random.choice((100, 500, 900))
            rules = [_changing(random, addresses) for _ in range(random.randint(1, 3))]
            return _policy(name, tier, priority, "server", {"ingress": rules})


def _labels(random: Random) -> dict[str, str]:
    """What a client is told apart by."""
    return {"role": "client", "team": random.choice(TEAMS), **_noise(random)}


def _noise(random: Random) -> dict[str, str]:
    """A label that no policy asks for makes another identity of a machine."""
    return {"noise": str(random.randrange(3))} if random.random() < 0.5 else {}


def _base(random: Random, addresses: Mapping[str, tuple[str, ...]]) -> Iterator[Document]:
    """What is always open, said in different ways, and something more."""
    match random.randrange(3):
        case 0:
            yield _rule("allow", None, "from", ALWAYS)
        case 1:
            yield from (_rule("allow", {"labels": {"team": team}}, "from", ALWAYS) for team in TEAMS)
        case _:
            yield _rule("allow", {"labels": {"role": "client"}}, "from", f"{ALWAYS - 9}-{ALWAYS}")
    yield {**_changing(random, addresses), "action": "allow"}


def _changing(random: Random, addresses: Mapping[str, tuple[str, ...]]) -> Document:
    """A rule about some of the ports that change."""
    match random.randrange(4):
        case 0:
            peer: Document | None = None
        case 1:
            address = random.choice(addresses[random.choice(CLIENTS)])
            peer = {"cidr": f"{address}/{128 if ':' in address else 32}"}
        case _:
            peer = {"labels": {"team": random.choice(TEAMS)}}
    return _rule(random.choice(RANK), peer, "from", *_some(random, CHANGING))


def _some(random: Random, ports: tuple[int, ...]) -> list[int]:
    return random.sample(ports, random.randint(1, len(ports)))


def _rule(action: str, peer: Document | None, way: str, *ports: int | str) -> Document:
    return policies.rule(action, peer, *ports, protocol="udp", way=way)


def _policy(name: str, tier: str, priority: int, role: str, spec: Document) -> Document:
    asked = policies.policy(TENANT, name, policies.labelled("role", role), {"tier": tier, "priority": priority, **spec})
    return {**asked, "labels": {"churn": "yes"}}


def ports_of(world: World, places: Mapping[str, Document]) -> list[Document]:
    """The ports of all machines with the world's labels."""
    return [{**places[name], "labels": dict(labels)} for name, labels in world.labels.items()]


def project() -> list[Document]:
    """What stands in every world."""
    return [rest.project(TENANT), policies.tier(EARLY, 10, "pass")]


def allowed(world: World, ask: Ask) -> bool:
    """What the documents say, word by word."""
    return _lets(world, ask, "egress") and _lets(world, ask, "ingress")


def _lets(world: World, ask: Ask, direction: str) -> bool:
    guarded = "client" if direction == "egress" else "server"
    for tier, goes_on in TIERS:
        rules = [
            (document["spec"]["priority"], RANK.index(rule["action"]), rule)
            for document in world.documents.values()
            if document["spec"].get("mode") != "audit" and document["spec"]["tier"] == tier
            if document["spec"]["applied_to"]["labels"]["role"] == guarded
            for rule in document["spec"].get(direction, ())
        ]
        found = [(place, rank) for place, rank, rule in rules if _speaks(world, ask, rule)]
        match RANK[min(found)[1]] if found else "":
            case "allow":
                return True
            case "deny" | "reject":
                return False
            case "" if rules and not goes_on:
                return False
            case _:
                continue
    return True


def _speaks(world: World, ask: Ask, rule: Document) -> bool:
    ports = [str(port).split("-") for port in rule["ports"]]
    if not any(int(ends[0]) <= ask.port <= int(ends[-1]) for ends in ports):
        return False
    (peer,) = rule.get("from") or rule["to"]
    if "cidr" in peer:
        return ip_address(ask.own) in ip_network(peer["cidr"])
    labels = world.labels[ask.client if "from" in rule else ask.server]
    return all(labels.get(key) == value for key, value in peer.get("labels", {}).items())
