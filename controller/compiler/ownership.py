"""Whose a flow is: the resources that a fragment belongs to, whether they still stand, and which chassis need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.compiler.trails import bridges_of, policies_on
from controller.courses import MIDDLEBOXES, PATH_POLICY, SERVICE_CHAIN, Course, Departure, Line, Middlebox
from controller.derived import DOOR, Audience, Endpoint, Exit, Federation, Floating, Forward, Leg, Realm
from controller.entities import Network, Port, PortForward, Router
from controller.links import BridgeSettings, LinkSettings, PathPolicy, Placed, ServiceChain, Track
from controller.policy.derived import Guard, Placement, PolicySet, Post
from controller.policy.values import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from controller.compiler.readers import Read
    from controller.store import Store

Subject = tuple[str, str]
"""Kind and key of a resource, like ("Port", "acme/web-1")."""

# Of what kind of resource is what a feature makes flows of; the resource's key stands before any "|".
_OWNERS: dict[type, str] = {
    Endpoint: "Port",
    Network: "Network",
    Router: "Router",
    Leg: "Router",
    Exit: "Router",
    Floating: "FloatingIP",
    Forward: "PortForward",
    PathPolicy: PATH_POLICY,
    Placed: PATH_POLICY,
    Line: SERVICE_CHAIN,
}
_STANDING: dict[str, type] = {
    "Port": Endpoint,
    "Network": Network,
    "Router": Router,
    "FloatingIP": Floating,
    "PortForward": PortForward,
    PATH_POLICY: PathPolicy,
    SERVICE_CHAIN: ServiceChain,
    "Link": LinkSettings,
    "Bridge": BridgeSettings,
}
PLANNED = frozenset({"Link", "Bridge", PATH_POLICY})
"""Kinds that are ready when ways are as they ask, which is not known when what is said of them has been compiled."""
_STEERED = frozenset({Course, Departure, Middlebox, Post, Track})
_SETTINGS: dict[type, str] = {LinkSettings: "Link", BridgeSettings: "Bridge"}
POLICIES = frozenset({"Policy", "SecurityGroup", "NetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"})
"""The kinds of resources that become policies; a policy's key is the kind, a colon, and the resource's key."""
STEERING = frozenset({PATH_POLICY, SERVICE_CHAIN})
"""Those that steer packets, with keys of the same form for their courses."""


def subjects(kind: type, key: str, store: Store) -> tuple[Subject, ...]:
    """The resources that the fragment of an entity belongs to; what guards ports belongs to all its policies."""
    owner = key.partition("|")[0]
    if kind is Placement:
        return (policy_subject(owner),)
    if kind is Guard:
        return tuple(map(policy_subject, policies_of(key, store)))
    if kind in _STEERED:
        return _steered(kind, key, store)
    if kind in {Leg, Exit} and owner.startswith(DOOR):
        return (("Network", owner.removeprefix(DOOR)),)
    if kind is Endpoint and "@" in key:
        return (("Network", key.partition("@")[0]),)
    return ((_OWNERS[kind], owner),) if kind in _OWNERS else ()


def _steered(kind: type, key: str, store: Store) -> tuple[Subject, ...]:
    """The path policies or the chain that a fragment of steering belongs to."""
    if kind is Track:
        return tuple((PATH_POLICY, policy) for policy in sorted(policies_on(key, store)))
    if kind is Middlebox:
        box = store.get(Middlebox, key)
        return ((SERVICE_CHAIN, box.chain),) if box is not None else ()
    if kind in {Course, Departure}:
        return (policy_subject(key.partition("|")[0]),)
    scope = key.rpartition("@")[0]
    chain = scope.removeprefix(MIDDLEBOXES).removeprefix(f"{SERVICE_CHAIN}:")
    return ((SERVICE_CHAIN, chain),) if chain != scope else ()


def concerned(changed: Iterable[Read], store: Store) -> Iterator[Subject]:
    """What changed whether or not flows did, and the policies that a chassis has to know from now on."""
    for read in changed:
        if read[0] != "get":
            continue
        if read[1] in {Policy, Course}:
            yield policy_subject(read[2])
        elif read[1] in _SETTINGS:
            yield _SETTINGS[read[1]], read[2]
        elif read[1] is Post and store.get(Post, read[2]) is not None:
            yield from map(policy_subject, policies_of(read[2].rpartition("@")[0], store))


def policies_of(guard: str, store: Store) -> tuple[str, ...]:
    """The keys of a guard's policies; a course is one itself."""
    if guard.partition(":")[0] in STEERING:
        return (guard,)
    together = store.get(PolicySet, guard)
    return together.policies if together is not None else ()


def policy_subject(policy: str) -> Subject:
    """The resource that a policy was made of, by the policy's key."""
    kind, _, key = policy.partition(":")
    return kind, key


def stands(subject: Subject, store: Store) -> bool:
    """Whether a resource still has, or may have, flows."""
    kind, key = subject
    if kind in POLICIES:
        return store.get(Policy, f"{kind}:{key}") is not None
    return store.get(_STANDING[kind], key) is not None


def chassis_of(subject: Subject, store: Store) -> frozenset[str]:
    """The chassis that need a resource's flows: those that know its realm, or have ports that a policy guards."""
    kind, key = subject
    if kind in POLICIES:
        guards = store.where(PolicySet, "policy", f"{kind}:{key}")
        return frozenset(chassis for guard in guards for chassis in store.groups(Post, "guard", guard))
    if kind in _SETTINGS.values():
        return frozenset()
    if kind in STEERING:
        return _along(kind, key, store)
    realm = _realm(subject, store)
    return store.groups(Audience, "realm", realm) if realm is not None else frozenset()


def _along(kind: str, key: str, store: Store) -> frozenset[str]:
    """Where packets that are steered begin, and what they pass: bridges of their tracks, or chassis of middleboxes."""
    begin = store.groups(Post, "guard", f"{kind}:{key}")
    passed = bridges_of(key, store) if kind == PATH_POLICY else store.groups(Post, "guard", f"{MIDDLEBOXES}{key}")
    return begin | passed


def _realm(subject: Subject, store: Store) -> str | None:
    kind, key = subject
    match kind:
        case "Network":
            source: tuple[type, str] = (Realm, key)
        case "Port":
            port = store.get(Port, key)
            source = (Realm, port.network if port else "")
        case "PortForward":
            forward = store.get(PortForward, key)
            source = (Exit, forward.via if forward else "")
        case _:
            source = (Federation if kind == "Router" else Floating, key)
    found = store.get(*source)
    return found.realm if found else None
