"""Conntrack zones: each router has two of its own, so that no two tenants share state."""


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
