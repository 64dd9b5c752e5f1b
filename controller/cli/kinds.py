"""Kinds as people type them: ``port``, ``Ports``, ``NETWORK``."""

from __future__ import annotations

from dataclasses import dataclass

import typer


@dataclass(frozen=True, slots=True)
class Listed:
    """What can be listed: ``scoped`` if it belongs to projects, ``columns`` as (heading, dotted path) pairs.

    ``short`` is what one may type as well.
    """

    name: str
    plural: str
    scoped: bool
    columns: tuple[tuple[str, str], ...]
    short: str = ""


_READY = ("READY", "status.conditions.Ready")
_PLACE = (("PROJECT", "project"), ("NAME", "name"))
_EXTENT = (("PORTS", "status.ports"), ("FLOWS", "status.flows"), _READY)
# Written out, so that the command line starts without the daemon's models.
_ALL = (
    Listed(
        "Project", "projects", scoped=False, columns=(("NAME", "name"), ("LABELS", "labels"), ("CREATED", "created_at"))
    ),
    Listed(
        "Network",
        "networks",
        scoped=True,
        columns=(
            ("PROJECT", "project"),
            ("NAME", "name"),
            ("MODE", "spec.mode"),
            ("SHARED", "spec.shared"),
            ("VNI", "status.vni"),
            ("ENCAP", "status.encap"),
            ("MTU", "status.mtu"),
            ("SUBNETS", "spec.subnets.cidr"),
            _READY,
        ),
    ),
    Listed(
        "Port",
        "ports",
        scoped=True,
        columns=(
            ("PROJECT", "project"),
            ("NAME", "name"),
            ("NETWORK", "spec.network"),
            ("MAC", "status.mac"),
            ("ADDRESSES", "status.addresses"),
            ("CHASSIS", "status.chassis"),
            _READY,
        ),
    ),
    Listed(
        "Router",
        "routers",
        scoped=True,
        columns=(
            ("PROJECT", "project"),
            ("NAME", "name"),
            ("NETWORKS", "spec.interfaces.network"),
            ("EXTERNAL", "spec.external.network"),
            ("ADDRESSES", "status.external_addresses"),
            ("SEAT", "status.seat"),
            _READY,
        ),
    ),
    Listed(
        "FloatingIP",
        "floatingips",
        scoped=True,
        columns=(
            ("PROJECT", "project"),
            ("NAME", "name"),
            ("NETWORK", "spec.network"),
            ("ADDRESS", "status.address"),
            ("PORT", "spec.port"),
            ("PRIVATE", "status.private"),
            ("CHASSIS", "status.chassis"),
            _READY,
        ),
    ),
    Listed(
        "PortForward",
        "portforwards",
        scoped=True,
        columns=(
            ("PROJECT", "project"),
            ("NAME", "name"),
            ("ROUTER", "spec.router"),
            ("NETWORK", "spec.network"),
            ("PROTOCOL", "spec.protocol"),
            ("EXTERNAL", "spec.external_port"),
            ("PORT", "spec.port"),
            ("INTERNAL", "spec.internal_port"),
            _READY,
        ),
    ),
    Listed(
        "SecurityGroup",
        "securitygroups",
        scoped=True,
        columns=(*_PLACE, ("RULES", "spec.rules.direction"), *_EXTENT),
        short="sg",
    ),
    Listed(
        "AddressGroup", "addressgroups", scoped=True, columns=(*_PLACE, ("CIDRS", "spec.cidrs"), _READY), short="ag"
    ),
    Listed(
        "Policy",
        "policies",
        scoped=True,
        columns=(
            *_PLACE,
            ("TIER", "spec.tier"),
            ("PRIORITY", "spec.priority"),
            ("MODE", "spec.mode"),
            ("ESTABLISHED", "spec.established"),
            *_EXTENT,
        ),
        short="pol",
    ),
    Listed(
        "Tier",
        "tiers",
        scoped=False,
        columns=(("NAME", "name"), ("ORDER", "spec.order"), ("DEFAULT", "spec.default"), _READY),
    ),
    Listed("Invariant", "invariants", scoped=True, columns=(*_PLACE, ("EXPECT", "spec.expect"), _READY), short="inv"),
    Listed(
        "ClusterInvariant",
        "clusterinvariants",
        scoped=False,
        columns=(("NAME", "name"), ("EXPECT", "spec.expect"), _READY),
        short="cinv",
    ),
    Listed("NetworkPolicy", "networkpolicies", scoped=True, columns=(*_PLACE, *_EXTENT), short="netpol"),
    Listed(
        "AdminNetworkPolicy",
        "adminnetworkpolicies",
        scoped=False,
        columns=(("NAME", "name"), ("PRIORITY", "spec.priority"), *_EXTENT),
        short="anp",
    ),
    Listed(
        "BaselineAdminNetworkPolicy",
        "baselineadminnetworkpolicies",
        scoped=False,
        columns=(("NAME", "name"), *_EXTENT),
        short="banp",
    ),
)
_INVENTORY: dict[str, tuple[tuple[str, str], ...]] = {
    "chassis": (
        ("NAME", "name"),
        ("ENCAP-IP", "encap_ip"),
        ("PORTS", "ports"),
        ("CONNECTED", "connected"),
        ("IN-SYNC", "in_sync"),
        ("OVS", "ovs_version"),
        ("PROBLEMS", "problems"),
    ),
    "bridges": (),
    "links": (),
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
_FILTERS: dict[str, tuple[str, ...]] = {
    "nat": ("chassis", "router", "project"),
    "connections": ("chassis", "project", "port"),
    "flows": ("chassis",),
}


def kind(text: str) -> Listed:
    """The kind of intent that a word means; ends the command if there is none."""
    found = next((each for each in _ALL if text and text.lower() in (each.name.lower(), each.plural, each.short)), None)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no kind; known are {', '.join(each.plural for each in _ALL)}")
    return found


def inventory(text: str) -> str | None:
    """The table of inventory that a word means, or None."""
    word = text.lower()
    return next((each for each in _INVENTORY if word in (each, each.removesuffix("s"))), None)


def inventory_columns(table: str) -> tuple[tuple[str, str], ...]:
    """The columns that people are shown of a table; none where they are shown all."""
    return _INVENTORY[table]


def inventory_filters(table: str) -> tuple[str, ...]:
    """What the rows of a table can be chosen by."""
    return _FILTERS.get(table, ())


def words() -> list[str]:
    """Everything that completes after ``get``."""
    return [*(each.plural for each in _ALL), *_INVENTORY]
