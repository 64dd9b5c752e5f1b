"""Selecting: which ports a policy speaks of, by what they are, exactly as Kubernetes reads label selectors.

So that nobody has to try every policy on every port, a selector has *pivots*, at least one of which is among the
*traits* of every port that it selects. Whoever looks up one by the other finds all, and some more, which it then tries.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.policy.derived import Identity
    from controller.policy.values import Labels, Machines, Requirement

Trait = tuple[str, ...]
"""A sort of trait and what has it; in those of labels a project's name comes first, "" for any."""
ANY: Trait = ("any",)
_ALL_PROJECTS = ("",)
_FEW = 16
"""So many projects are looked through one by one, and more all together."""


def holds(requirement: Requirement, labels: Mapping[str, str]) -> bool:
    """Whether labels meet a requirement; NotIn is met where the key is absent."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value is not None and value in requirement.values
        case "NotIn":
            return value is None or value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None


def labelled(requirements: Iterable[Requirement], labels: Labels) -> bool:
    """Whether labels meet all requirements."""
    found = dict(labels)
    return all(holds(requirement, found) for requirement in requirements)


def selects(machines: Machines, identity: Identity, project_labels: Labels) -> bool:
    """Whether ports of an identity, of a project with these labels, are selected: all that is given holds."""
    if machines.projects is not None and identity.project not in machines.projects:
        return False
    if machines.networks and identity.network not in machines.networks:
        return False
    if machines.ports and identity.port not in machines.ports:
        return False
    if machines.groups and not set(machines.groups).intersection(identity.groups):
        return False
    return labelled(machines.labels, identity.labels) and labelled(machines.project_labels, project_labels)


def everything(machines: Machines) -> bool:
    """Whether every machine of ours is selected, whatever it is."""
    conditions = (machines.project_labels, machines.labels, machines.networks, machines.ports, machines.groups)
    return machines.projects is None and not any(conditions)


@lru_cache(1 << 14)
def pivots(machines: Machines) -> tuple[Trait, ...]:
    """One condition that everything selected meets, the most telling there is; no traits where nothing can meet it."""
    if machines.ports:
        return tuple(("port", key) for key in machines.ports)
    if machines.groups:
        return tuple(("group", key) for key in machines.groups)
    found = _label_pivots(machines)
    if found is not None:
        return found
    if machines.networks:
        return tuple(("network", key) for key in machines.networks)
    if machines.projects is not None:
        return tuple(("project", project) for project in machines.projects)
    return project_pivots(machines) or (ANY,)


def _label_pivots(machines: Machines) -> tuple[Trait, ...] | None:
    """Those by labels; None where a port must have none in particular."""
    projects = machines.projects
    if projects is None or len(projects) > _FEW:
        projects = _ALL_PROJECTS
    chosen = [one for one in machines.labels if one.operator == "In"]
    if chosen:
        least = min(chosen, key=_values)
        return tuple(("label", project, least.key, value) for project in projects for value in least.values)
    present = next((one for one in machines.labels if one.operator == "Exists"), None)
    return tuple(("key", project, present.key) for project in projects) if present is not None else None


def project_pivots(machines: Machines) -> tuple[Trait, ...]:
    """The same for the labels of a port's project; nothing where they must have nothing in particular."""
    chosen = [one for one in machines.project_labels if one.operator == "In"]
    if chosen:
        least = min(chosen, key=_values)
        return tuple(("project label", least.key, value) for value in least.values)
    present = next((one for one in machines.project_labels if one.operator == "Exists"), None)
    return (("project key", present.key),) if present is not None else ()


def traits(identity: Identity) -> tuple[Trait, ...]:
    """What an identity has by itself."""
    found: list[Trait] = [ANY, ("project", identity.project), ("network", identity.network)]
    found += [("group", key) for key in identity.groups]
    found += [("name", name) for name, _, _ in identity.named]
    if identity.port:
        found.append(("port", identity.port))
    for key, value in identity.labels:
        for project in ("", identity.project):
            found += [("label", project, key, value), ("key", project, key)]
    return tuple(found)


def project_traits(labels: Labels) -> tuple[Trait, ...]:
    """What it has by the labels of its project."""
    return tuple(trait for key, value in labels for trait in (("project label", key, value), ("project key", key)))


def _values(requirement: Requirement) -> int:
    return len(requirement.values)
