"""Aims: what steering has to know of whom a packet is for; packets for all others pass it by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps import registers as r
from apps.fabric_tables import STEER
from controller.courses import Stake
from controller.flow.actions import set_field
from controller.links import Bearing

if TYPE_CHECKING:
    from controller.compiler.view import View
    from controller.derived import Endpoint
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
