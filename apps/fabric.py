"""Fabric: frames between bridges that are wired to one another, or that tunnels carry for such bridges.

A frame gets its header where it leaves its chassis, and loses it at the chassis that the header names. Bridges between
them know chassis and tracks, never machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.fabric_tables import ARRIVAL
from apps.pipeline import ROUTER_IN
from controller.flow.flow import EVERYWHERE, Flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.compiler.view import View
    from controller.entities import Chassis


def everywhere(_chassis: Chassis, _view: View) -> Iterator[Flow]:
    """What came by a tunnel without a header is for this chassis."""
    yield ARRIVAL.flow(EVERYWHERE, "other", {}, [ROUTER_IN.goto])
