"""What lets a change be judged without looking at everything: who has what, and which names there are, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from controller.intent.blocks import Span
from controller.intent.kind import Claim
from controller.intent.pools import Pool, Quarantine
from controller.intent.resource import Key


class Claims:
    """Who has what only one may have, and what is left of the spans that addresses come from.

    ``quarantine`` is for how many seconds an address that was freed is not chosen again.
    """

    def __init__(self, quarantine: float) -> None:
        self.quarantine = Quarantine(quarantine)
        self._owners: dict[str, dict[str | int, Key]] = {}
        self._pools: dict[str, dict[Span, Pool]] = {}

    def owner(self, space: str, value: str | int) -> Key | None:
        """Who holds a claim."""
        return self._owners.get(space, {}).get(value)

    def take(self, claim: Claim, key: Key) -> None:
        """Give a claim to a resource, whoever had it."""
        self._owners.setdefault(claim.space, {})[claim.value] = key
        if claim.rests:
            self.quarantine.end(claim.space, str(claim.value))

    def release(self, claim: Claim, key: Key, now: float) -> None:
        """Take a claim from a resource, if it still has it."""
        space, value = claim.space, claim.value
        owners = self._owners.get(space, {})
        if owners.get(value) != key:
            return
        del owners[value]
        if not owners:
            del self._owners[space]
            self._pools.pop(space, None)
        if claim.rests:
            self.quarantine.begin(space, str(value), now)
        else:
            self._reclaim(space, str(value))

    def pool(self, space: str, span: Span, now: float) -> Pool:
        """A draft's own copy of a span's free addresses."""
        return self._passed(space, span, now).copy()

    def exhausted(self, space: str, span: Span, now: float) -> bool:
        """Whether a span has no address that could be given now."""
        return self._passed(space, span, now).empty

    def _passed(self, space: str, span: Span, now: float) -> Pool:
        """A span's free addresses, the lowest of them really free."""
        for where, address in self.quarantine.ended(now):
            self._reclaim(where, address)
        pools = self._pools.setdefault(space, {}) if space in self._owners else {}
        pool = pools.get(span)
        if pool is None:
            pool = pools[span] = Pool.of(span)
        pool.forget(lambda address: self.owner(space, address) is not None or self.quarantine.holds(space, address))
        return pool

    def _reclaim(self, space: str, address: str) -> None:
        for pool in self._pools.get(space, {}).values():
            pool.release(address)


class Names:
    """The names of every kind and project, in order."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], list[str]] = {}

    def add(self, key: Key) -> None:
        """Note a resource that was not there."""
        insort(self._names.setdefault(key[:2], []), key[2])

    def remove(self, key: Key) -> None:
        """Forget a resource that was there."""
        names = self._names[key[:2]]
        del names[bisect_left(names, key[2])]

    def count(self, kind: str, project: str) -> int:
        """How many of a kind a project has; "" for cluster-wide kinds."""
        return len(self._names.get((kind, project), ()))

    def totals(self) -> dict[str, int]:
        """How many of each kind there are."""
        found: dict[str, int] = {}
        for (kind, _), names in tuple(self._names.items()):
            found[kind] = found.get(kind, 0) + len(names)
        return found

    def after(self, kind: str, project: str, name: str = "") -> Iterator[str]:
        """Names in order, from the first that is greater than ``name``; they may change while they are read."""
        names = self._names.get((kind, project), [])
        position = bisect_right(names, name)
        while position < len(names):
            found = names[position]
            yield found
            position = bisect_right(names, found)
