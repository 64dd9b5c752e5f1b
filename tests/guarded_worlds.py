"""The small world with policies of every kind: by labels, groups, networks, ports, names, blocks and tenants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controller.entities import Port
from controller.policy.values import (
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
from tests.worlds import World, changed, project, small_world, with_more

ACME, BETA = ("acme",), ("beta",)
WEB = Machines(ACME, labels=(Requirement("app", "In", ("web",)),))
DB = Machines(ACME, labels=(Requirement("app", "In", ("db", "cache")),))
RED = Machines(ACME, groups=("acme/red",))
TENANTS = Machines(None, project_labels=(Requirement("env", "In", ("prod",)),))
OTHERS = Machines(None, project_labels=(Requirement("env", "NotIn", ("prod",)),))
POSTGRES = (Service(TCP, names=("pg",)),)
MANY = (Service(TCP, ((80, 80), (443, 443), (8000, 8079))), Service(UDP, ((53, 53),)))


def policy(kind: str, key: str, tier: str, applied_to: tuple[Machines, ...], **fields: Any) -> Policy:
    """A policy of some kind; fields are those of ``Policy``."""
    project, _, name = key.rpartition("/")
    silent = Policy(f"{kind}:{key}", f"uid-{key}", kind, project, name, tier, 100, applied_to, None, None)
    return replace(silent, **fields)


POLICIES = (
    policy(
        *("Policy", "acme/db", "application", (DB,)),
        ingress=(
            Rule("pg", "allow", (WEB, RED, Block("10.0.0.0/24", ("10.0.0.2/32",))), POSTGRES),
            Rule("many", "allow", (WEB, RED, OTHERS, Block("10.8.0.0/16")), MANY, log=True),
            Rule("never", "deny", (Listed("acme/known"),)),
        ),
    ),
    policy(
        *("Policy", "acme/out", "late", (WEB,)),
        egress=(
            Rule("named", "allow", (DB, Block("10.7.0.0/16")), (Service(TCP, ((22, 22),), names=("pg",)),)),
            Rule("known", "reject", (Listed("acme/known"),)),
            Rule("on", "pass", None, (Service(UDP),)),
        ),
    ),
    policy(
        *("Policy", "acme/tried", "application", (DB, Machines(ACME, networks=("acme/web",)))),
        ingress=(Rule("all", "deny", None),),
        egress=(Rule("all", "allow", None, MANY),),
        audit=True,
    ),
    policy(
        *("Policy", "acme/one", "application", (Machines(ACME, ports=("acme/open",)),)),
        ingress=(Rule("web", "allow", (Machines(ACME, ports=("acme/web-1",)),)),),
    ),
    policy(
        *("SecurityGroup", "acme/red", "security-groups", (RED,)),
        ingress=(Rule("red", "allow", (RED,)),),
        egress=(Rule("all", "allow", None),),
    ),
    policy(
        *("AdminNetworkPolicy", "first", "admin-network-policy", (TENANTS,)),
        ingress=(Rule("web", "pass", (WEB,)), Rule("others", "deny", (OTHERS,)), Rule("rest", "pass", (TENANTS,))),
    ),
    policy("NetworkPolicy", "beta/closed", "network-policy", (Machines(BETA),), ingress=()),
)
LATE = Tier("late", 800, "deny")
KNOWN = AddressGroup("acme/known", "uid-known", ("10.0.0.3/32", "192.0.2.0/25", "fd00::/64"))
PROJECTS = (project("acme", ("env", "prod")), project("beta", ("env", "test")))


def guarded_world() -> World:
    """``small_world`` with policies; acme/plain and beta/web-2 have no labels of their own."""
    world = with_more(small_world(), *PROJECTS, *POLICIES, LATE, KNOWN)
    for key in ("acme/web-1", "acme/web-2"):
        world = changed(world, Port, key, labels=(("app", "web"),))
    world = changed(world, Port, "acme/db-1", labels=(("app", "db"),), named_ports=(("pg", TCP, 5432),))
    world = changed(world, Port, "acme/db-2", labels=(("app", "db"),), named_ports=(("pg", TCP, 5433),))
    world = changed(world, Port, "acme/pair", groups=("acme/red",))
    return changed(world, Port, "beta/web-1", labels=(("app", "web"), ("env", "prod")))
