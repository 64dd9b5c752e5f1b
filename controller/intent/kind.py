"""What it takes to be a kind of resource; each module of ``controller.intent.kinds`` describes one.

A change is made in two passes, so that what is asked for by name is never given away before: ``settle`` says what is
given or was given earlier, ``complete`` chooses the rest. Neither changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from controller.entities import Entity
from controller.intent.allocate import Underlay
from controller.intent.blocks import Span
from controller.intent.kubernetes.form import Manifest
from controller.intent.pools import Quarantine
from controller.intent.resource import Document, Key, NoAllocation, Resource, Strict


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that only one resource may have: a MAC in a network, a VNI in the cluster.

    ``space`` names where ``value`` is unique; ``pointer`` is the field that asks for it, ``what`` the word for it.
    ``rests``: it is an address, which is not chosen for others as soon as it is free.
    """

    space: str
    value: str | int
    pointer: str
    what: str
    rests: bool = False


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Why a resource cannot be; ``pointer`` is relative to its document; ``conflict`` if what exists is in the way."""

    pointer: str
    message: str
    conflict: bool = False


class Draft(Protocol):
    """Intent as it would be after a change; what kinds look at to judge and to allocate."""

    underlay: Underlay
    quarantine: Quarantine
    denied: Collection[Key]
    """Whom networks of other projects give nothing in this change."""

    def spec(self, key: Key) -> Any | None:
        """What a resource will be asked to be; None if there will be none of that name."""

    def owner(self, space: str, value: str | int) -> Key | None:
        """Who will hold that claim."""

    def settled(self, key: Key) -> Any | None:
        """What a resource has been given so far; None if there will be none of that name."""

    def count(self, kind: str, project: str) -> int:
        """How many of a kind a project will have; "" for cluster-wide kinds."""

    def free(self, space: str, span: Span) -> str | None:
        """The lowest address of a span that nobody holds and that has rested, given once; None if none is left."""


Findings: TypeAlias = Iterator[Contradiction]


def _consistent(_draft: Draft, _key: Key, _spec: Any, _settled: Any) -> Findings:
    return iter(())


def _claimless(_key: Key, _spec: Any, _allocated: Any) -> Iterator[Claim]:
    return iter(())


def _alone(_key: Key, _spec: Any) -> tuple[Key, ...]:
    return ()


def _undisturbing(_before: Any, _after: Any) -> bool:
    return False


def _nothing_open(_draft: Draft, _key: Key, _spec: Any, _before: Resource | None) -> NoAllocation:
    return NoAllocation()


def _as_settled(_draft: Draft, _key: Key, _uid: str, _spec: Any, settled: Any) -> Any:
    return settled


def _nothing(_key: Key, _spec: Any, _allocated: Any) -> None:
    return None


def _ruleless(_spec: Any) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource. ``rank`` orders kinds: what others refer to comes first.

    ``settle(draft, key, spec, before)`` and ``complete(draft, key, uid, spec, settled)`` answer allocations, or
    ``complete`` a Contradiction where nothing is left. ``disturbed(before, after)`` is true if those who refer to
    the resource must be settled anew; they are, too, where it is itself settled anew for another one's sake.
    ``lent`` is the network of another project of which the resource has something, None while it waits for that.
    ``rules(spec)`` is how many it takes of its project's quota. ``public``: everybody may read it, though it is of
    no project. ``settings``: it is said of what is there without it, or may be some day; the collection lists what
    is there. ``manifest`` is the form of those kinds that Kubernetes has as well.
    """

    name: str
    plural: str
    scoped: bool
    rank: int
    document: type[Document]
    spec: type[Strict]
    entity: Callable[[Resource], Entity | None]
    allocation: type = NoAllocation
    settle: Callable[[Draft, Key, Any, Resource | None], Any] = _nothing_open
    complete: Callable[[Draft, Key, str, Any, Any], Any] = _as_settled
    contradictions: Callable[[Draft, Key, Any, Any], Findings] = _consistent
    claims: Callable[[Key, Any, Any], Iterator[Claim]] = _claimless
    references: Callable[[Key, Any], tuple[Key, ...]] = _alone
    disturbed: Callable[[Any, Any], bool] = _undisturbing
    lent: Callable[[Key, Any, Any], Key | None] = _nothing
    rules: Callable[[Any], int] = _ruleless
    public: bool = False
    settings: bool = False
    manifest: type[Manifest] | None = None
