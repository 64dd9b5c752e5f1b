"""Election: which of the gateways that could carry a router's external traffic does.

Who carries it goes on until it is known to be gone, whoever comes back: each move costs connections. The first choice
spreads routers over gateways by a hash of both names (rendezvous hashing), so that no list has to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.entities import Chassis
    from ovsdb.rows import Liveness

_UP, _REACHED, _UNKNOWN, _GONE = range(4)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of gateways, by chassis.

    Somebody hears those ``up``; those ``gone`` somebody lost and nobody hears; those ``silent`` nobody has ever heard,
    though who ought to hears others. ``reached`` are those whose databases are in reach.
    """

    up: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()

    def rank(self, chassis: str) -> int:
        """The lower, the better."""
        if chassis in self.up:
            return _UP
        if chassis in self.gone:
            return _GONE
        return _REACHED if chassis in self.reached else _UNKNOWN


def evidence(words: Mapping[str, Mapping[str, Liveness]], reached: frozenset[str]) -> Evidence:
    """What witnesses in reach say of those they watch, taken together; ``words`` by witness and whom it watches."""
    said = [(peer, word) for watched in words.values() for peer, word in watched.items()]
    up = frozenset(peer for peer, word in said if word == "up")
    lost = frozenset(peer for peer, word in said if word == "down")
    hearing = [watched for watched in words.values() if "up" in watched.values()]
    never = frozenset(peer for watched in hearing for peer, word in watched.items() if word == "unknown")
    return Evidence(up, lost - up, never - up - lost, reached)


def candidates(chassis: Iterable[Chassis], physical_network: str) -> list[str]:
    """Who could carry traffic of a physical network: the gateways that reach it, or all who do if none is labelled."""
    able = [one for one in chassis if physical_network in dict(one.segments)]
    return [one.key for one in able if one.gateway] or [one.key for one in able]


def elect(router: str, candidates: Iterable[str], known: Evidence, current: str | None) -> str | None:
    """The chassis that carries a router's traffic; ``current`` stays while it can, or while nobody is better."""
    found = sorted(candidates, key=lambda chassis: (known.rank(chassis), _weight(router, chassis)))
    if not found:
        return current
    if current in found and (known.rank(current) < _GONE or known.rank(found[0]) == _GONE):
        return current
    return found[0]


def _weight(router: str, chassis: str) -> bytes:
    return blake2b(f"{router}\0{chassis}".encode(), digest_size=8).digest()
