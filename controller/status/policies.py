"""The status of policies: whom they apply to, whether all that they name exists, and whether every chassis has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.entities import Network, Port
from controller.policy.derived import Member, Placement, PolicySet, Posture
from controller.policy.tiers import BUILT_IN
from controller.policy.values import AddressGroup, Machines, Policy, Tier
from controller.status.conditions import CONFIRMED, condition, progress, ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.core import Core
    from controller.store import Store


def policy_status(kind: str, core: Core, key: str, started: float) -> dict[str, object]:
    """How many ports, identities and flows a policy of a kind comes to, and whether it stands everywhere."""
    subject, store = (kind, key), core.compiler.store
    policy: Policy | None = store.get(Policy, f"{kind}:{key}")
    if policy is None:
        missing = ("Incomplete", "it has not been compiled yet")
        return {"ports": 0, "identities": 0, "flows": 0, "conditions": [ready(core, subject, missing, started)]}
    since = core.readiness.since(subject, started)
    dangling = sorted(set(_dangling(policy, store)))
    told = "; ".join(dangling) or "everything that it names exists"
    identities, places = _identities(policy, store), store.where(Placement, "policy", policy.key)
    return {
        "chassis": sorted(core.compiler.chassis_of(subject)),
        "ports": sum(store.count(Member, "identity", identity) for identity in identities),
        "identities": len(identities),
        "flows": sum(core.compiler.engine.made(Placement, place) for place in places),
        "conditions": [
            ready(core, subject, progress(core, subject), started),
            condition("Resolved", "Missing" if dangling else "AllFound", told, since, holds=not dangling),
            _tier(policy, store, since),
        ],
    }


def _identities(policy: Policy, store: Store) -> set[str]:
    """The identities that a policy applies to, in either direction."""
    postures = (
        store.get(Posture, posture)
        for guard in store.where(PolicySet, "policy", policy.key)
        for posture in store.where(Posture, "guard", guard)
    )
    return {posture.identity for posture in postures if posture is not None}


def _dangling(policy: Policy, store: Store) -> Iterator[str]:
    """What a policy names and there is not; of other projects' nothing is told, not even that."""
    rules = (*(policy.ingress or ()), *(policy.egress or ()))
    peers = [peer for rule in rules for peer in rule.peers or ()]
    for peer in (*policy.applied_to, *peers):
        if isinstance(peer, Machines) and peer.projects == (policy.project,):
            yield from _unknown(peer, store)


def _unknown(machines: Machines, store: Store) -> Iterator[str]:
    for word, kind, keys in (("network", Network, machines.networks), ("port", Port, machines.ports)):
        yield from (f"{word} {key} does not exist" for key in keys if store.get(kind, key) is None)
    for key in machines.groups:
        if store.get(Policy, f"SecurityGroup:{key}") is None and store.get(AddressGroup, key) is None:
            yield f"group {key} does not exist"


def _tier(policy: Policy, store: Store, since: float) -> dict[str, object]:
    tier: Tier | None = BUILT_IN.get(policy.tier) or store.get(Tier, policy.tier)
    if tier is None:
        message = f"tier {policy.tier} does not exist: nothing passes where the policy applies"
        return condition("TierKnown", "Unknown", message, since, holds=False)
    message = f"tier {tier.key}, order {tier.order}, what none of its rules speaks of: {tier.default}"
    return condition("TierKnown", "Known", message, since, holds=True)


def idle_status(_core: Core, _key: str, started: float) -> dict[str, object]:
    """What has no flows of its own is ready as it stands; those who name it may not be yet."""
    return {"conditions": [condition("Ready", CONFIRMED, "nothing to program by itself", started, holds=True)]}
