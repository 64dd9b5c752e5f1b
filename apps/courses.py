"""Courses: what is said of a packet's way, by service chains and by path policies, in the order in which it holds.

Relations only. Of two that speak of a packet a chain goes before a path policy, then the lower priority, then the
lesser key; each project has an order of its own.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from controller.courses import PATH_POLICY, SERVICE_CHAIN, Course, Interest, Precedence
from controller.entities import Project
from controller.policy.derived import Identity
from controller.policy.numbers import hashed, number
from controller.policy.selecting import pivots, project_traits, selects, traits
from controller.policy.values import Machines
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.links import PathPolicy, ServiceChain
    from controller.policy.selecting import Trait
    from controller.policy.values import Labels, Peer

NUMBER_BITS = 22


def of_policies(policy: PathPolicy, _view: View) -> Iterator[Course]:
    """A path policy's course."""
    yield Course(f"{PATH_POLICY}:{policy.key}", policy.project, policy.traffic, policy.priority)


def of_chains(chain: ServiceChain, _view: View) -> Iterator[Course]:
    """A service chain's course."""
    key = f"{SERVICE_CHAIN}:{chain.key}"
    form = blake2b(repr(chain.steps).encode(), digest_size=8).hexdigest()
    yield Course(key, chain.project, chain.traffic, chain.priority, chain.symmetric, form)


def precedences(project: Project, view: View) -> Iterator[Precedence]:
    """The order of a project's courses."""
    for place, course in enumerate(sorted(view.where(Course, "project", project.key), key=_order)):
        rivals = view.groups(Course, "hash", _hash(course))
        yield Precedence(course.key, place, number(course.name, rivals, NUMBER_BITS))


def _order(course: Course) -> tuple[bool, int, str]:
    return not course.chain, course.priority, course.key


def _hash(course: Course) -> int:
    return hashed(course.name, NUMBER_BITS - 1)


def interests(identity: Identity, view: View) -> Iterator[Interest]:
    """The courses that may speak of ports of an identity; nothing where none does, which is most often so."""
    labels = view.get(Project, identity.project).labels
    candidates = {
        course.key: course
        for trait in (*traits(identity), *project_traits(labels))
        for course in view.where(Course, "pivot", trait)
    }
    courses = sorted(candidates.values(), key=_order)
    ends = (
        [(course, course.traffic.sources) for course in courses],
        [(course, course.traffic.targets) for course in courses],
    )
    (sources, some_sources), (targets, some_targets) = (_spoken(end, identity, labels) for end in ends)
    if any((sources, some_sources, targets, some_targets)):
        yield Interest(identity.key, identity.number, sources, targets, some_sources, some_targets)


def _spoken(
    ends: list[tuple[Course, tuple[Peer, ...] | None]], identity: Identity, labels: Labels
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The courses that speak of an identity at one end, and those that do if a port has the right address."""
    sure, unsure = [], []
    for course, peers in ends:
        asked = (Machines((course.project,)),) if peers is None else peers
        if any(isinstance(peer, Machines) and selects(peer, identity, labels) for peer in asked):
            sure.append(course.key)
        elif identity.project == course.project and not all(isinstance(peer, Machines) for peer in asked):
            unsure.append(course.key)
    return tuple(sure), tuple(unsure)


def machines(peers: tuple[Peer, ...] | None, project: str) -> tuple[Machines, ...]:
    """What peers ask of identities; addresses are those of the project's own ports, and anybody is one of them."""
    whole = Machines((project,))
    if peers is None:
        return (whole,)
    return tuple(dict.fromkeys(peer if isinstance(peer, Machines) else whole for peer in peers))


def _pivots(course: Course) -> set[Trait]:
    ends = (course.traffic.sources, course.traffic.targets)
    return {pivot for peers in ends for one in machines(peers, course.project) for pivot in pivots(one)}


def _named(course: Course) -> set[str]:
    """The ports that its selectors name."""
    ends = (course.traffic.sources, course.traffic.targets)
    return {port for peers in ends for one in machines(peers, course.project) for port in one.ports}


INDEXES: dict[type, tuple[Index, ...]] = {
    Course: (
        Index("project", lambda course: (course.project,)),
        Index("hash", lambda course: (_hash(course),), group=lambda course: course.name),
        Index("pivot", _pivots),
        Index("port", _named),
    ),
}
