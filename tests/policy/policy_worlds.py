"""Random worlds of ports in projects, and random policies over them; small, so that everything meets everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from controller.entities import AllowedPair, Port, Project, Router, RouterInterface, Subnet
from controller.policy.values import (
    ICMP,
    ICMPV6,
    SCTP,
    TCP,
    UDP,
    AddressGroup,
    Block,
    Listed,
    Machines,
    Policy,
    Requirement,
    Rule,
    Service,
    Tier,
)
from tests.policy.oracle import Asked, Party
from tests.worlds import network, world

if TYPE_CHECKING:
    from controller.entities import Entity
    from tests.worlds import World

PROJECTS = ("acme", "beta")
NETWORKS = ("acme/web", "acme/db", "beta/web")
LABELS = (("app", "db"), ("app", "web"), ("env", "prod"), ("env", "test"))
GROUPS = ("acme/red", "beta/red")
NAMES = ("http", "dns")
CIDRS = ("10.0.0.0/16", "10.0.1.0/24", "10.0.1.2/31", "10.0.2.0/24", "0.0.0.0/0", "192.0.2.0/24", "fd00::/16")
HOLES = ("10.0.1.2/32", "10.0.0.0/16", "192.0.2.128/25", "fd00:1::/32")
OUTSIDE = ("192.0.2.1", "192.0.2.200", "10.0.1.99", "2001:db8::1", "fd00:9::1")
PORTS = (22, 53, 80, 81, 443, 8080)
MESSAGES = (8 << 8, 3 << 8 | 1, 128 << 8)
PROTOCOLS = (TCP, UDP, SCTP, ICMP, ICMPV6, 47)
ASKED = tuple(
    Asked(protocol, source, target)
    for protocol in PROTOCOLS
    for source, target in (
        [(source, target) for source in (53, 40000) for target in PORTS]
        if protocol in (TCP, UDP, SCTP)
        else [(0, message) for message in MESSAGES]
        if protocol in (ICMP, ICMPV6)
        else [(0, 0)]
    )
)

some_labels = st.lists(st.sampled_from(LABELS), max_size=2).map(lambda found: tuple(sorted(dict(found).items())))
projects = st.none() | st.lists(st.sampled_from(PROJECTS), min_size=1, max_size=2, unique=True).map(tuple)


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    key = draw(st.sampled_from(("app", "env")))
    operator = draw(st.sampled_from(("In", "NotIn", "Exists", "DoesNotExist")))
    values = [value for of, value in LABELS if of == key]
    chosen = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
    return Requirement(key, operator, tuple(sorted(chosen)) if operator in ("In", "NotIn") else ())


some_requirements = st.lists(requirements(), max_size=1).map(tuple)


@st.composite
def machines(draw: st.DrawFn) -> Machines:
    by = draw(st.sampled_from(("labels", "labels", "project_labels", "networks", "ports", "groups")))
    return Machines(
        projects=draw(projects),
        labels=draw(some_requirements) if by == "labels" else (),
        project_labels=draw(some_requirements) if by == "project_labels" else (),
        networks=(draw(st.sampled_from(NETWORKS)),) if by == "networks" else (),
        ports=(f"{draw(st.sampled_from(PROJECTS))}/p{draw(st.integers(0, 3))}",) if by == "ports" else (),
        groups=(draw(st.sampled_from(GROUPS)),) if by == "groups" else (),
    )


blocks = st.builds(Block, st.sampled_from(CIDRS), st.lists(st.sampled_from(HOLES), max_size=2).map(tuple))
peers = st.one_of(machines(), machines(), blocks, st.just(Listed("acme/known")), st.just(Listed("acme/unknown")))
some_peers = st.none() | st.lists(peers, max_size=2).map(tuple)


@st.composite
def services(draw: st.DrawFn) -> Service:
    protocol = draw(st.sampled_from(PROTOCOLS))
    if protocol in (ICMP, ICMPV6):
        kinds = draw(st.lists(st.sampled_from(MESSAGES), max_size=2))
        return Service(protocol, tuple((message, message | 255) for message in kinds))
    if protocol not in (TCP, UDP, SCTP):
        return Service(protocol)
    pairs = draw(st.lists(st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)), max_size=2))
    sources = draw(st.sampled_from(((), (), ((53, 53),), ((1024, 65535),))))
    names = draw(st.sampled_from(((), (), ("http",), ("dns", "http"))))
    return Service(protocol, tuple((min(pair), max(pair)) for pair in pairs), sources, names)


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    action = draw(st.sampled_from(("allow", "allow", "allow", "deny", "reject", "pass")))
    return Rule(name, action, draw(some_peers), tuple(draw(st.lists(services(), max_size=2))))


@st.composite
def directions(draw: st.DrawFn) -> tuple[Rule, ...] | None:
    how_many = draw(st.sampled_from((None, None, 0, 1, 2, 3)))
    return None if how_many is None else tuple(draw(rules(f"r{number}")) for number in range(how_many))


TIERS = ("admin-network-policy", "application", "application", "network-policy", "strict", "loose")


@st.composite
def policies(draw: st.DrawFn, number: int) -> Policy:
    return Policy(
        key=f"Policy:acme/{number}",
        uid=f"uid-{number}",
        kind="Policy",
        project="acme",
        name=str(number),
        tier=draw(st.sampled_from(TIERS)),
        priority=draw(st.sampled_from((10, 20))),
        applied_to=tuple(draw(st.lists(machines(), min_size=1, max_size=2))),
        ingress=draw(directions()),
        egress=draw(directions()),
        audit=draw(st.sampled_from((False, False, False, True))),
    )


@st.composite
def groups(draw: st.DrawFn, key: str) -> Policy:
    """A group as a policy: it speaks of both directions."""
    return Policy(
        key=f"SecurityGroup:{key}",
        uid=f"uid-{key}",
        kind="SecurityGroup",
        project=key.partition("/")[0],
        name=key.partition("/")[2],
        tier="security-groups",
        priority=0,
        applied_to=(Machines((key.partition("/")[0],), groups=(key,)),),
        ingress=draw(directions()) or (),
        egress=draw(directions()) or (),
    )


@st.composite
def ports(draw: st.DrawFn, number: int) -> Port:
    project = draw(st.sampled_from(PROJECTS))
    of = draw(st.sampled_from(NETWORKS))
    subnet = NETWORKS.index(of) + 1
    addresses = (f"10.0.{subnet}.{number}", f"fd00:{subnet}::{number}")
    return Port(
        key=f"{project}/p{number}",
        uid=f"uid-{number}",
        project=project,
        name=f"p{number}",
        network=of,
        mac=f"02:00:00:00:00:{number:02x}",
        addresses=addresses[: draw(st.sampled_from((1, 2, 2)))],
        allowed_pairs=draw(st.sampled_from(((), (), (AllowedPair("02:00:00:00:00:77", f"10.0.9.{number}"),)))),
        labels=draw(some_labels),
        groups=draw(st.sampled_from(((), (), *((group,) for group in GROUPS)))),
        named_ports=draw(st.sampled_from(((), (("http", TCP, 80),), (("dns", UDP, 53), ("http", TCP, 8080))))),
    )


def ground() -> list[Entity]:
    """Projects, networks, the router that joins them, tiers and a group of addresses."""
    found: list[Entity] = [
        Project("acme", "uid-acme", (("env", "prod"),)),
        Project("beta", "uid-beta", (("env", "test"),)),
        Tier("strict", 50, "deny"),
        Tier("loose", 950, "pass"),
        AddressGroup("acme/known", "uid-known", ("10.0.1.0/24", "192.0.2.0/25")),
    ]
    found += [network(key, 5001 + n, subnets=_subnets(n + 1)) for n, key in enumerate(NETWORKS)]
    interfaces = tuple(RouterInterface(key, ()) for key in NETWORKS)
    found.append(Router("acme/edge", "uid-edge", "acme", "edge", 1, 6001, "02:00:00:00:01:00", interfaces))
    return found


def _subnets(number: int) -> tuple[Subnet, ...]:
    return Subnet("v4", f"10.0.{number}.0/24", None), Subnet("v6", f"fd00:{number}::/64", None)


@st.composite
def worlds(draw: st.DrawFn, most_ports: int = 4, most_policies: int = 4) -> World:
    """All networks are joined, so that every port meets every other."""
    entities = ground()
    entities += [draw(ports(number)) for number in range(draw(st.integers(1, most_ports)))]
    entities += [draw(policies(number)) for number in range(draw(st.integers(0, most_policies)))]
    entities += [draw(groups(key)) for key in GROUPS if draw(st.integers(0, 3))]
    return world(entities)


@dataclass(frozen=True)
class Meeting:
    """Two parties, of one family of addresses; at most one of them is outside."""

    source: Party
    target: Party


def meetings(found: World) -> list[Meeting]:
    """Every port with every other, and with those outside, both ways."""
    machines_ = [one for one in found.values() if isinstance(one, Port)]
    inside = [Party(one, address) for one in machines_ for address in one.addresses]
    inside += [Party(one, pair.address) for one in machines_ for pair in one.allowed_pairs]
    strangers = [Party(None, address) for address in OUTSIDE]
    pairs = [Meeting(a, b) for a in inside for b in inside if a.port != b.port]
    pairs += [meeting for a in inside for b in strangers for meeting in (Meeting(a, b), Meeting(b, a))]
    return [one for one in pairs if (":" in one.source.address) == (":" in one.target.address)]
