"""Intent as it would be: an overlay of one change over what stands, so that the whole change is judged at once.

Everything the change touches is vacated first; an address may therefore pass from one port to another in one apply.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from controller.intent.allocate import Underlay
from controller.intent.blocks import Span
from controller.intent.kind import Claim
from controller.intent.kinds import KINDS
from controller.intent.pools import Pool
from controller.intent.resource import Key, Resource
from controller.intent.state import Intent


@dataclass(frozen=True, slots=True)
class Proposed:
    """A resource as it is to be. ``uid`` is its own, new if ``before`` is None; ``pointer`` leads to what asked for it.

    From there ``project_field`` leads to where its project is named. Where nobody asked, ``cause`` is the resource
    whose change makes it change, and ``guest`` who waited for another project's network and made it change: it has to
    go on waiting rather than be in the way of anybody.
    """

    key: Key
    labels: tuple[tuple[str, str], ...]
    spec: Any
    before: Resource | None
    uid: str
    pointer: str
    cause: Key | None = None
    guest: Key | None = None
    project_field: str = "/project"

    @property
    def foreign(self) -> bool:
        """Whether it changes for the sake of another project."""
        return self.cause is not None and self.cause[1] != self.key[1]


def _lent(resource: Resource | None) -> Key | None:
    if resource is None:
        return None
    return KINDS[resource.key[0]].lent(resource.key, resource.spec, resource.allocated)


class Overlay:
    """One draft over ``base`` at one moment; thrown away after the change is refused or committed.

    ``denied`` are those whom networks of other projects give nothing.
    ``touched`` holds what the change says something of, None where it takes away; ``allocated`` what each gets.
    """

    def __init__(self, base: Intent, underlay: Underlay, now: float, denied: Collection[Key] = ()) -> None:
        self.underlay = underlay
        self.denied = denied
        self.quarantine = base.claims.quarantine
        self._base = base
        self._now = now
        self.touched: dict[Key, Proposed | None] = {}
        self.allocated: dict[Key, Any] = {}
        self._owners: dict[str, dict[str | int, Key | None]] = {}
        self._referrers: dict[Key, list[Key]] = {}
        self._pools: dict[tuple[str, Span], Pool] = {}
        self._more: Counter[tuple[str, str]] = Counter()

    def vacate(self, key: Key) -> None:
        """Take away a resource, with all that it claims, as far as it stands."""
        self.touched[key] = None
        resource = self._base.resource(key)
        if resource is None:
            return
        self._more[key[0], key[1]] -= 1
        for claim in KINDS[key[0]].claims(key, resource.spec, resource.allocated):
            if self._base.claims.owner(claim.space, claim.value) == key:
                self._owners.setdefault(claim.space, {})[claim.value] = None

    def put(self, proposed: Proposed) -> None:
        """Let a resource be there from now on, its allocation still open."""
        key = proposed.key
        self.touched[key] = proposed
        self._more[key[0], key[1]] += 1
        for target in KINDS[key[0]].references(key, proposed.spec):
            self._referrers.setdefault(target, []).append(key)

    def claim(self, claim: Claim, key: Key) -> Key | None:
        """Take what is claimed; answers who has it already, if that is somebody else."""
        owner = self.owner(claim.space, claim.value)
        if owner is not None and owner != key:
            return owner
        self._owners.setdefault(claim.space, {})[claim.value] = key
        return None

    def spec(self, key: Key) -> Any | None:
        """What a resource will be asked to be; None if there will be none of that name."""
        if key in self.touched:
            proposed = self.touched[key]
            return proposed.spec if proposed else None
        resource = self._base.resource(key)
        return resource.spec if resource else None

    def owner(self, space: str, value: str | int) -> Key | None:
        """Who will hold a claim."""
        changed = self._owners.get(space)
        if changed is not None and value in changed:
            return changed[value]
        return self._base.claims.owner(space, value)

    def settled(self, key: Key) -> Any | None:
        """What a resource has been given so far; None if there will be none of that name."""
        if key in self.touched:
            return self.allocated.get(key)
        resource = self._base.resource(key)
        return resource.allocated if resource else None

    def free(self, space: str, span: Span) -> str | None:
        """The lowest address of a span that nobody holds and that has rested; no address is given twice."""
        pool = self._pools.get((space, span))
        if pool is None:
            pool = self._pools[space, span] = self._base.claims.pool(space, span, self._now)
        return pool.lowest(lambda found: self.owner(space, found) is not None or self.quarantine.holds(space, found))

    def referrers(self, key: Key) -> Iterator[Key]:
        """Who will refer to a resource; to one of a project, of other projects only those who have something of it."""
        standing = (referrer for referrer in self._base.referrers(key) if referrer not in self.touched)
        for found in chain(standing, self._referrers.get(key, ())):
            if key[1] in ("", found[1]) or _lent(self._base.resource(found)) == key:
                yield found

    def count(self, kind: str, project: str) -> int:
        """How many of a kind a project will have."""
        return self._base.names.count(kind, project) + self._more[kind, project]

    def grown(self) -> Iterator[tuple[str, str]]:
        """Kinds and projects of which there will be more than there are."""
        return (where for where, more in self._more.items() if more > 0)

    def names(self, kind: str, project: str) -> Iterator[str]:
        """Names that a project will have of a kind, in no order."""
        standing = self._base.names.after(kind, project)
        yield from (name for name in standing if (kind, project, name) not in self.touched)
        proposed = (key for key, found in self.touched.items() if found is not None)
        yield from (key[2] for key in proposed if key[:2] == (kind, project))
