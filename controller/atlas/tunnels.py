"""Tunnels on the map: from wired hosts to all others, and between hosts that steering speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from controller.entities import Chassis
from controller.links import Demand, PathPolicy, in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from controller.links import Ends

T = TypeVar("T")


class Facts(Protocol):
    """What the compiler's store knows (``controller.store.Store``)."""

    def get(self, kind: type, key: str) -> Any | None:
        """The entity, or None."""

    def all(self, kind: type[T]) -> tuple[T, ...]:
        """All entities of a type, as they are now."""


def tunnels(facts: Facts, fabric: Collection[str]) -> Iterator[Ends]:
    """The pairs of hosts that have a sort of tunnel in common, where one is of the fabric or both are spoken of."""
    hosts = {host.key: host for host in facts.all(Chassis) if host.encap_ip and host.tunnels}
    wired, spoken = hosts.keys() & fabric, hosts.keys() & _spoken_of(facts)
    for ones, others in ((wired, hosts.keys()), (spoken, spoken)):
        for one in ones:
            for other in others:
                if one != other and dict(hosts[one].tunnels).keys() & dict(hosts[other].tunnels).keys():
                    yield in_order(one, other)


def _spoken_of(facts: Facts) -> set[str]:
    """The chassis that demands begin or end at, or that policies want passed."""
    ends = {end for demand in facts.all(Demand) for end in (demand.source, demand.target)}
    return ends.union(*(policy.wanted.via for policy in facts.all(PathPolicy)))
