"""Each router has two conntrack zones and each port one; no two of them share any."""

from __future__ import annotations

import pytest

from controller.zones import MOST_ROUTERS, PORTS, port, port_zone, router, zones

HIGHEST_PORT = 0x7FFF


@pytest.mark.parametrize(("ofport", "zone"), [(1, 0x8001), (0x7FFF, 0xFFFF), (0x8000, 0), (0xFFFFFFFE, 0), (0, 0)])
def test_a_port_has_a_zone_of_its_own_as_far_as_there_are_zones(ofport: int, zone: int) -> None:
    assert port_zone(ofport) == zone


@pytest.mark.parametrize("ofport", [1, 77, HIGHEST_PORT])
def test_a_zone_tells_its_port(ofport: int) -> None:
    assert port(port_zone(ofport)) == ofport


@pytest.mark.parametrize("number", [1, 9, MOST_ROUTERS])
def test_a_router_s_zones_are_nobody_else_s(number: int) -> None:
    assert all(0 < zone < PORTS and router(zone) == number and port(zone) == 0 for zone in zones(number))
