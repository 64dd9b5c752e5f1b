"""Rooms: how large packets of a network may be where it is now, if nobody said how large.

Between chassis that have tunnels and chassis that have none, frames go behind a header in a tunnel, which takes more of
the underlay than tunnels alone; so machines are told a smaller MTU, and routers keep to it, as long as a network, or
one that routers join to it, is on both sorts. Hosts that are wired as well count as those with tunnels: where links
fail, they are reached by a tunnel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import Audience, Narrowed, Realm, told_mtu
from controller.entities import Chassis
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.derived import Leg
    from controller.entities import Network

SORTS = ["bare", "tunnels"]
LEAST6 = 1280
"""Bytes that IPv6 needs on every link (RFC 8200, section 5): machines are told no less."""


def narrowed(network: Network, view: View) -> Iterator[Narrowed]:
    """That there is less room for a network's packets than on tunnels alone."""
    least = LEAST6 if any(":" in subnet.cidr for subnet in network.subnets) else 1
    fits = least <= network.enclosed_mtu < network.mtu
    if network.mtu_open and fits and mixed(view.get(Realm, network.key).realm, view):
        yield Narrowed(network.key, network.enclosed_mtu)


def room(leg: Leg, view: View) -> int:
    """How large packets may be that a router hands to one of its networks."""
    return told_mtu(leg.mtu, view.find(Narrowed, leg.network))


def mixed(realm: str, view: View) -> bool:
    """Whether some of the chassis that know a realm have tunnels, and others none."""
    if view.groups(Chassis, "sort", "all") != SORTS:
        return False
    known = (view.find(Chassis, name) for name in view.groups(Audience, "realm", realm))
    return len({_sort(chassis) for chassis in known if chassis is not None}) > 1


def _sort(chassis: Chassis) -> str:
    return "bare" if chassis.encap_ip is None else "tunnels"


INDEXES: dict[type, tuple[Index, ...]] = {Chassis: (Index("sort", lambda _chassis: ("all",), group=_sort),)}
