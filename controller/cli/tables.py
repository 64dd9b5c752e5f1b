"""Tables of what is, as people type their names and are shown them."""

from __future__ import annotations

INVENTORY: dict[str, tuple[tuple[str, str], ...]] = {
    "chassis": (
        ("NAME", "name"),
        ("ENCAP-IP", "encap_ip"),
        ("PORTS", "ports"),
        ("CONNECTED", "connected"),
        ("IN-SYNC", "in_sync"),
        ("OVS", "ovs_version"),
        ("PROBLEMS", "problems"),
    ),
    "bridges": (
        ("NAME", "name"),
        ("DPID", "dpid"),
        ("PEER", "peer"),
        ("IN-SYNC", "in_sync"),
        ("FLOWS", "flows"),
        ("LABELS", "labels"),
        ("MAINTENANCE", "maintenance"),
        ("DRAINED", "drained"),
        ("REFUSALS", "refusals"),
    ),
    "links": (
        ("NAME", "name"),
        ("KIND", "kind"),
        ("STATE", "state"),
        ("COST", "cost"),
        ("MS", "latency_ms"),
        ("MBIT/S", "load_mbps"),
        ("OF", "capacity_mbps"),
        ("WATCHED", "watched"),
        ("PORTS", "wires.ports"),
        ("LABELS", "labels"),
        ("MAINTENANCE", "maintenance"),
        ("DRAINED", "drained"),
    ),
    "drift": (),
    "leases": (
        ("PORT", "port"),
        ("ADDRESS", "address"),
        ("MAC", "mac"),
        ("HOSTNAME", "hostname"),
        ("STATE", "state"),
        ("SINCE", "since"),
        ("EXPIRES", "expires"),
        ("CHASSIS", "chassis"),
    ),
    "flows": (),
    "nat": (
        ("PROTOCOL", "protocol"),
        ("SOURCE", "source"),
        ("PORT", "source_port"),
        ("DESTINATION", "destination"),
        ("PORT", "destination_port"),
        ("TRANSLATES", "translates"),
        ("TO", "translated"),
        ("PORT", "translated_port"),
        ("STATE", "state"),
        ("ROUTER", "router"),
        ("NETWORK", "network"),
        ("CHASSIS", "chassis"),
    ),
    "connections": (
        ("PORT", "port"),
        ("WAY", "direction"),
        ("PEER", "peer"),
        ("PROTO", "protocol"),
        ("SOURCE", "source"),
        ("FROM", "source_port"),
        ("DESTINATION", "destination"),
        ("TO", "destination_port"),
        ("RULE", "rule"),
        ("CUT", "cut"),
    ),
}
"""The columns that people are shown of each table; none where they are shown all."""
_FILTERS: dict[str, tuple[str, ...]] = {
    "nat": ("chassis", "router", "project"),
    "connections": ("chassis", "project", "port"),
    "flows": ("chassis",),
}


def inventory(text: str) -> str | None:
    """The table of inventory that a word means, or None."""
    word = text.lower()
    return next((each for each in INVENTORY if word in (each, each.removesuffix("s"))), None)


def columns(table: str) -> tuple[tuple[str, str], ...]:
    """The columns that people are shown of a table; none where they are shown all."""
    return INVENTORY[table]


def listed(plural: str) -> tuple[tuple[str, str], ...]:
    """The columns of a list of resources whose rows say more than what is asked for; none where it is none of those."""
    return INVENTORY.get(plural, ())


def filters(table: str) -> tuple[str, ...]:
    """What the rows of a table can be chosen by."""
    return _FILTERS.get(table, ())
