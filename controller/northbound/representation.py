"""Resources as callers see them: what was asked for, what is, and what it still waits for."""

from __future__ import annotations

import json
import time
from typing import Any

from controller.intent.kinds import KINDS
from controller.intent.kinds.addressing import address_space, full_subnets
from controller.intent.kinds.peers import GROUP_KINDS
from controller.intent.resource import Key, Resource, title
from controller.intent.state import Intent
from controller.northbound.world import World


def entity_key(project: str, name: str) -> str:
    """The key of a resource among entities: ``acme/web-1``, ``acme``."""
    return f"{project}/{name}" if project else name


def document(resource: Resource, intent: Intent, world: World) -> dict[str, Any]:
    """A resource with its status."""
    row = resource.row
    scope = {"project": row.project} if row.project else {}
    return {
        "kind": row.kind,
        **scope,
        "name": row.name,
        "labels": dict(row.labels),
        "spec": json.loads(row.spec),
        "status": _status(resource, intent, world),
        "uid": row.uid,
        "revision": row.revision,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _status(resource: Resource, intent: Intent, world: World) -> dict[str, Any]:
    row = resource.row
    status = {**json.loads(row.allocated), **world.status(row.kind, entity_key(row.project, row.name))}
    seen: Any = status.get("conditions", ())
    status["conditions"] = [*_references(resource, intent), *seen, *_exhausted(resource, intent)]
    return status


def _references(resource: Resource, intent: Intent) -> list[dict[str, Any]]:
    """Whether everything that the resource refers to exists; nothing for kinds that refer to nothing."""
    targets = KINDS[resource.row.kind].references(resource.key, resource.spec)
    if not targets:
        return []
    own = [target for target in targets if target[1] in ("", resource.key[1])]
    missing = _missing(own, intent)
    reasons = [f"{', '.join(missing)} does not exist yet"] if missing else []
    reasons += [_unmet(target, intent) for target in targets if target not in own and target != _lent(resource)]
    return [
        {
            "type": "ReferencesFound",
            "status": not reasons,
            "reason": "NotFound" if reasons else "Found",
            "message": "; ".join(reasons),
            "since": resource.row.updated_at,
        }
    ]


def _missing(targets: list[Key], intent: Intent) -> list[str]:
    """What is not there; where a name may be that of a group of either kind, one of them is enough."""
    absent = [target for target in targets if intent.resource(target) is None]
    found = {target[1:] for target in targets if target[0] in GROUP_KINDS and target not in absent}
    return [title(target) for target in absent if not _stood_for(target, found, targets)]


def _stood_for(target: Key, found: set[tuple[str, str]], targets: list[Key]) -> bool:
    """Whether a group of that name is there, or is missed as a security group already."""
    kind, *place = target
    if kind not in GROUP_KINDS:
        return False
    return tuple(place) in found or (kind != GROUP_KINDS[0] and (GROUP_KINDS[0], *place) in targets)


def _lent(resource: Resource) -> Key | None:
    return KINDS[resource.key[0]].lent(resource.key, resource.spec, resource.allocated)


def _unmet(network: Key, intent: Intent) -> str:
    """Why a resource has nothing of another project's network; one that is not shared is as one that is not there."""
    standing, name = intent.resource(network), f"{network[1]}/{network[2]}"
    if standing is None or not standing.spec.shared:
        return f"there is no shared network {name}"
    return (
        f"shared network {name} has no address for it; if that is not for want of subnets, write it again to hear why"
    )


def _exhausted(resource: Resource, intent: Intent) -> list[dict[str, Any]]:
    """Whether a subnet has no address left to give; nothing for what has no subnets."""
    row = resource.row
    if row.kind != "Network" or not resource.spec.subnets:
        return []
    space = address_space(row.project, row.name)
    full = list(full_subnets(intent.claims, space, resource.spec.subnets, time.monotonic()))
    return [
        {
            "type": "Exhausted",
            "status": bool(full),
            "reason": "NoAddressLeft" if full else "AddressesLeft",
            "message": f"no free address is left in {', '.join(full)}" if full else "",
            "since": row.updated_at,
        }
    ]
