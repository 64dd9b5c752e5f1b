"""What is no longer translated is forgotten where it was, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from controller.entities import FloatingIp, Interface, Port, PortForward, Project, Router, Seat
from controller.forgetting import Forgetting
from controller.southbound.conntrack import ANY, Connections, Ends
from controller.zones import PORTS
from tests.compiled import Watched
from tests.routed_worlds import routed_world
from tests.worlds import changed, plugged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Entity
    from tests.worlds import Key

Order = tuple[str, int, int, Ends, Ends]


class Told:
    """A compiler of the routed world, and what switches were told to forget since."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self._compiler = Watched()
        self._forgetting = Forgetting(self._compiler.store, self._flush, lambda: ("hv1", "hv2"))
        self.take(routed_world().values())
        assert self.orders == []

    def take(self, puts: Iterable[Entity], deletes: Iterable[Key] = ()) -> list[Order]:
        self.orders = []
        self._forgetting.compiled(self._compiler.run(puts, deletes).changed)
        return sorted(self.orders, key=str)

    def _flush(self, chassis: str, told: Connections) -> None:
        self.orders.append((chassis, told.zone, told.protocol, told.original, told.reply))


def test_a_forward_that_goes_takes_its_connections_along() -> None:
    told = Told().take((), [(PortForward, "acme/http")])
    expected = [
        ("hv2", 15, 6, Ends(target=address, target_port=8080), ANY) for address in ("192.0.2.10", "2001:db8::10")
    ]
    assert told == sorted(expected, key=str)


def test_a_floating_ip_that_moves_to_another_port_ends_what_it_carried() -> None:
    moved = changed(routed_world(), FloatingIp, "acme/float", port="acme/web-2")[FloatingIp, "acme/float"]
    assert Told().take([moved]) == [
        ("hv1", 14, 0, ANY, Ends(target="192.0.2.20")),
        ("hv1", 15, 0, Ends(target="192.0.2.20"), ANY),
    ]


def test_of_an_ipv6_address_only_what_has_ports_is_named() -> None:
    """Open vSwitch 3.1 dies of a flush that finds an ICMPv6 connection."""
    told = Told()
    told.take([FloatingIp("acme/six", "uid-six", "acme/public", "2001:db8::20", "02:aa:00:00:00:06", "acme/web-1")])
    assert {protocol for _, _, protocol, _, _ in told.take((), [(FloatingIp, "acme/six")])} == {6, 17}


def test_a_seat_that_is_left_keeps_nothing() -> None:
    assert Told().take([Seat("acme/edge", "hv1")]) == [("hv2", 14, 0, ANY, ANY), ("hv2", 15, 0, ANY, ANY)]


def test_a_routers_zones_are_empty_for_the_next_who_gets_them() -> None:
    told = Told().take((), [(Router, "acme/edge")])
    whole = {(chassis, zone) for chassis, zone, protocol, original, reply in told if original == reply == ANY}
    assert whole == {(chassis, zone) for chassis in ("hv1", "hv2") for zone in (14, 15)}


def test_who_leaves_a_port_leaves_no_connections_to_whom_comes_next() -> None:
    told = Told()
    plug = routed_world()[Interface, "hv1/tap-acme-web-1"]
    assert isinstance(plug, Interface)
    taken = replace(plug, iface_id="acme/other")
    assert (*told.take([taken])[-1][:3],) == ("hv1", PORTS | plug.ofport, 0)


def test_a_port_that_moves_to_another_host_takes_its_zone_along() -> None:
    told = Told().take([plugged("acme/db-1", "hv1", 12, seen=1)])
    assert [order[:3] for order in told if order[1] & PORTS] == [("hv2", PORTS | 3, 0)]


def test_a_port_that_stays_where_it_is_keeps_its_connections_whatever_else_changes() -> None:
    told = Told()
    for port in (
        changed(routed_world(), Port, "acme/db-1", labels=(("app", "db"),)),
        changed(routed_world(), Port, "acme/db-1", port_security=False),
    ):
        assert told.take([port[Port, "acme/db-1"]]) == []
    assert told.take((), [(Project, "acme")]) == []


def test_what_does_not_change_a_translation_ends_no_connection() -> None:
    router = changed(routed_world(), Router, "acme/edge", routes=())[Router, "acme/edge"]
    assert Told().take([router]) == []
