"""Realms: networks that routers join are known together, on every chassis that has a port of one of them.

Relations only. The networks outside, by which routers leave, join nothing: tenants share them and never meet there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.courses import Foothold
from controller.derived import Audience, Endpoint, Exit, Federation, Floating, Realm
from controller.entities import Network, Router
from controller.store import Index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View


def federations(router: Router, view: View) -> Iterator[Federation]:
    """The realm that a router is of: all networks that can be reached through it and the routers next to it."""
    routers, networks = [router], set[str]()
    for one in routers:
        for interface in one.interfaces:
            if interface.network in networks or view.find(Network, interface.network) is None:
                continue
            networks.add(interface.network)
            routers += [other for other in view.where(Router, "network", interface.network) if other not in routers]
    if networks:
        yield Federation(router.key, min(networks))


def realms(network: Network, view: View) -> Iterator[Realm]:
    """The realm of a network: its routers', or itself."""
    routers = view.where(Router, "network", network.key)
    yield Realm(network.key, view.get(Federation, routers[0].key).realm if routers else network.key)


def audiences(realm: Realm, view: View) -> Iterator[Audience]:
    """The chassis that have to know a realm: its packets begin, leave or come back from middleboxes there."""
    if realm.key != realm.realm:
        return
    chassis = set(view.groups(Endpoint, "realm", realm.key))
    for index in ("realm", "outside"):
        chassis.update(leaving.seat for leaving in view.where(Exit, index, realm.key) if leaving.seat)
        chassis.update(view.groups(Floating, index, realm.key))
    chassis.update(view.groups(Foothold, "realm", realm.key))
    for name in sorted(chassis):
        yield Audience(f"{realm.key}@{name}", realm.key, name)


def _outside(exit_: Exit) -> tuple[str, ...]:
    return (exit_.network,) if exit_.network else ()


INDEXES = {
    Router: (Index("network", lambda router: {interface.network for interface in router.interfaces}),),
    Exit: (
        Index("realm", lambda leaving: (leaving.realm,)),
        Index("number", lambda leaving: (leaving.number,)),
        Index("outside", _outside),
    ),
    Floating: (
        Index("realm", lambda floating: (floating.realm,), group=lambda floating: floating.chassis),
        Index("outside", lambda floating: (floating.network,), group=lambda floating: floating.chassis),
    ),
    Audience: (
        Index("realm", lambda audience: (audience.realm,), group=lambda audience: audience.chassis),
        Index("chassis", lambda audience: (audience.chassis,)),
    ),
}
