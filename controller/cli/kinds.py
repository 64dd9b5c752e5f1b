"""Kinds as people type them: ``port``, ``Ports``, ``NETWORK``."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from controller.cli.tables import INVENTORY


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
_ASKED = (("LABELS", "labels"), ("MAINTENANCE", "spec.maintenance"), ("DRAINED", "status.drained"))
_LINK = (("COST", "spec.cost"), ("STATE", "status.state"), ("MS", "status.latency_ms"), _READY)
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
    Listed("Link", "links", scoped=False, columns=(("NAME", "name"), *_ASKED, *_LINK)),
    Listed("Bridge", "bridges", scoped=False, columns=(("NAME", "name"), *_ASKED, ("FLOWS", "status.flows"), _READY)),
    Listed(
        "PathPolicy",
        "pathpolicies",
        scoped=True,
        columns=(
            *_PLACE,
            ("VIA", "spec.via"),
            ("OBJECTIVE", "spec.objective"),
            ("PROTECTION", "spec.protection"),
            ("PATH", "status.path"),
            ("BACKUP", "status.backup"),
            ("HOPS", "status.hops"),
            ("MS", "status.latency_ms"),
            ("PLACED", "status.conditions.Placed"),
            ("PROTECTED", "status.conditions.Protected"),
            _READY,
        ),
        short="paths",
    ),
    Listed(
        "ServiceChain",
        "servicechains",
        scoped=True,
        columns=(*_PLACE, ("IN", "spec.hops.in"), ("OUT", "spec.hops.out"), ("FAILURE", "spec.on_failure"), _READY),
        short="chains",
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


def kind(text: str) -> Listed:
    """The kind of intent that a word means; ends the command if there is none."""
    found = next((each for each in _ALL if text and text.lower() in _words(each)), None)
    if found is None:
        raise typer.BadParameter(f"{text!r} is no kind; known are {', '.join(each.plural for each in _ALL)}")
    return found


def _words(kind: Listed) -> tuple[str, ...]:
    """What one may type for it."""
    return (kind.name.lower(), kind.plural, kind.short, kind.short.removesuffix("s"))


def single(table: str) -> bool:
    """Whether the rows of a table are resources that can be asked for by name."""
    return any(each.plural == table for each in _ALL)


def words() -> list[str]:
    """Everything that completes after ``get``."""
    return list(dict.fromkeys((*(each.plural for each in _ALL), *INVENTORY)))
