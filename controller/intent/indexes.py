"""What lets a change be judged without looking at everything: who has what, and which names there are, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from controller.intent.allocate import Pool
from controller.intent.blocks import block
from controller.intent.resource import Key


class Claims:
    """Who has what only one may have, and what is left of the blocks that addresses come from."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[str | int, Key]] = {}
        self._pools: dict[str, dict[str, Pool]] = {}

    def owner(self, space: str, value: str | int) -> Key | None:
        """Who holds a claim."""
        return self._owners.get(space, {}).get(value)

    def take(self, space: str, value: str | int, key: Key) -> None:
        """Give a claim to a resource, whoever had it."""
        self._owners.setdefault(space, {})[value] = key

    def release(self, space: str, value: str | int, key: Key) -> None:
        """Take a claim from a resource, if it still has it."""
        owners = self._owners[space]
        if owners.get(value) == key:
            del owners[value]
        if not owners:
            del self._owners[space]
            self._pools.pop(space, None)
        for pool in self._pools.get(space, {}).values():
            pool.release(str(value))

    def pool(self, space: str, cidr: str) -> Pool:
        """A draft's own copy of a block's free addresses."""
        pools = self._pools.setdefault(space, {})
        pool = pools.get(cidr)
        if pool is None:
            pool = pools[cidr] = Pool.of(block(cidr))
        return pool.copy(lambda address: self.owner(space, address) is not None)


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
