"""Aims: what steering has to know of whom a packet is for, or by what it leaves; all other packets pass it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.fabric_tables import STEER
from apps.nat_tables import UN_SNAT
from apps.outer import carry
from apps.ways_there import toward
from controller.courses import Departure, Stake
from controller.flow.actions import set_field
from controller.links import Bearing

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.derived import Endpoint
    from controller.entities import Encap
    from controller.flow.actions import Action, Goto


def here(endpoint: Endpoint, straight: Goto, view: View) -> list[Action]:
    """How a packet goes on to a port on its own chassis: ``straight``, or by way of STEER."""
    stake = view.find(Stake, endpoint.key)
    if stake is None or not stake.aimed:
        return [straight]
    return [set_field(r.AIM, stake.identity), STEER.goto]


def there(endpoint: Endpoint, straight: Goto, view: View) -> list[Action]:
    """The same on other chassis, where STEER also has to know which chassis that is."""
    further = here(endpoint, straight, view)
    if further == [straight]:
        return further
    return [set_field(r.TOWARDS, view.get(Bearing, endpoint.chassis).number), *further]


def out_here(router: str, view: View) -> list[Action]:
    """How a packet leaves by a router (key) whose exit is on this chassis."""
    if not view.count(Departure, "router", router):
        return [UN_SNAT.goto]
    return [set_field(r.VIA, r.VIA_EXIT), STEER.goto]


def out_there(router: str, under: tuple[int, Encap], chassis: str, view: View) -> list[Action]:
    """How it goes to the chassis where it leaves, ``under`` a VNI and by tunnels of which sort."""
    if not view.count(Departure, "router", router):
        return carry(*under, chassis, view)
    vni, encap = under
    towards = set_field(r.TOWARDS, view.get(Bearing, chassis).number)
    return [set_field(r.NETWORK, vni), *toward(chassis, encap, view), towards, STEER.goto]
