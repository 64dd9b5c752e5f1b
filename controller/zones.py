"""Conntrack zones: each router has two of its own, and each port one, so that no two tenants share state."""

PORTS = 0x8000
"""The zones of ports begin here; those below are the routers'."""
MOST_ROUTERS = PORTS // 2 - 1
"""The highest number of a router, of which two zones are made."""


def source_zone(number: int) -> int:
    """Where the router of this number remembers sources."""
    return 2 * number


def destination_zone(number: int) -> int:
    """Where the router of this number remembers destinations."""
    return 2 * number + 1


def zones(number: int) -> tuple[int, int]:
    """Both zones of a router."""
    return source_zone(number), destination_zone(number)


def router(zone: int) -> int:
    """The number of the router that has a zone."""
    return zone // 2


def port_zone(ofport: int) -> int:
    """The zone of an OpenFlow port; 0 where there is none for it."""
    return PORTS | ofport if 0 < ofport < PORTS else 0


def port(zone: int) -> int:
    """The OpenFlow port that has a zone; 0 for a router's."""
    return zone ^ PORTS if zone > PORTS else 0
