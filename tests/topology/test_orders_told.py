"""Hosts are told what intent needs of them when it changes, once; who is watched watches back."""

from __future__ import annotations

from typing import Any

from controller.derived import HostOrder
from controller.entities import Chassis
from controller.host_orders import HostOrders
from controller.store import Store


class Told:
    """Hosts that keep what they were told."""

    def __init__(self) -> None:
        self.orders: list[HostOrder] = []
        self.known = False

    def order(self, order: HostOrder) -> None:
        self.orders.append(order)

    def know_orders(self) -> None:
        self.known = True


class World:
    """A store, as the compiler changes it, and who follows it."""

    def __init__(self) -> None:
        self.store = Store({})
        self.hosts = Told()
        self.edge = HostOrders(self.store, self.hosts)

    def put(self, *entities: Chassis | HostOrder) -> list[HostOrder]:
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)
        return self.told(changed)

    def delete(self, kind: type, key: str) -> list[HostOrder]:
        changed: set[tuple[Any, ...]] = set()
        self.store.delete(kind, key, changed)
        return self.told(changed)

    def told(self, changed: set[tuple[Any, ...]]) -> list[HostOrder]:
        self.hosts.orders.clear()
        self.edge.compiled(changed)
        return list(self.hosts.orders)


GATEWAY, WORKER = Chassis("gw1", 1, "192.0.2.1"), Chassis("hv1", 2, "192.0.2.2")


def test_an_order_is_told_when_it_comes_changes_and_goes() -> None:
    world = World()
    assert world.put(WORKER, HostOrder("hv1", link=True)) == [HostOrder("hv1", link=True)]
    assert world.put(Chassis("hv1", 3)) == []
    assert world.delete(HostOrder, "hv1") == [HostOrder("hv1")]


def test_who_is_watched_watches_back_as_long_as_it_is() -> None:
    world = World()
    watching = HostOrder("hv1", watches=(("gw1", "192.0.2.1"),))
    back = HostOrder("gw1", watches=(("hv1", "192.0.2.2"),))
    assert world.put(GATEWAY, WORKER, watching) == [back, watching]
    assert world.put(HostOrder("gw1", link=True)) == [HostOrder("gw1", link=True, watches=back.watches)]
    assert world.delete(HostOrder, "hv1") == [HostOrder("gw1", link=True), HostOrder("hv1")]


def test_a_watcher_is_watched_where_its_tunnels_end_now() -> None:
    world = World()
    world.put(GATEWAY, Chassis("hv1", 2), HostOrder("hv1", watches=(("gw1", "192.0.2.1"),)))
    assert world.put(WORKER) == [HostOrder("gw1", watches=(("hv1", "192.0.2.2"),))]
    assert world.put(Chassis("hv1", 2, "192.0.2.9")) == [HostOrder("gw1", watches=(("hv1", "192.0.2.9"),))]


def test_orders_are_known_once_everything_was_compiled() -> None:
    world = World()
    assert not world.hosts.known
    world.edge.complete()
    assert world.hosts.known
