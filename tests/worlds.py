"""Worlds to compile: two hosts and two tenants whose MACs and addresses are the same, small enough to read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from controller.entities import AllowedPair, Chassis, Interface, Network, Port, Project, Subnet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.entities import Encap, Entity

Key = tuple[type, str]
World = dict[Key, "Entity"]
"""Every entity that intent and inventory tell, by its type and key."""

TUNNELS: tuple[tuple[Encap, int], ...] = (("geneve", 102), ("gre", 103), ("vxlan", 101))
SUBNETS = (Subnet("v4", "10.0.0.0/24", None), Subnet("v6", "fd00::/64", None))


def project(name: str, *labels: tuple[str, str]) -> Project:
    """A tenant with these labels and the one that every tenant has."""
    return Project(name, f"uid-{name}", tuple(sorted((*labels, ("kubernetes.io/metadata.name", name)))))


def world(entities: Iterable[Entity]) -> World:
    """These entities, of which a later one replaces an earlier one, and the tenants whose they are."""
    found: World = {(type(entity), entity.key): entity for entity in entities}
    tenants = {entity.project for entity in found.values() if isinstance(entity, Network | Port)}
    return {(Project, name): project(name) for name in sorted(tenants)} | found


def changed(before: World, kind: type, key: str, **fields: Any) -> World:
    """The world with one entity changed."""
    entity: Any = before[kind, key]
    return {**before, (kind, key): replace(entity, **fields)}


def without(before: World, kind: type, key: str) -> World:
    """The world with one entity gone."""
    return {place: entity for place, entity in before.items() if place != (kind, key)}


def with_more(before: World, *entities: Entity) -> World:
    """The world with these as well."""
    return world([*before.values(), *entities])


def chassis(number: int) -> Chassis:
    """Host ``hvN`` at 192.0.2.N, with a tunnel port of each encapsulation."""
    return Chassis(f"hv{number}", 0xA0 + number, f"192.0.2.{number}", TUNNELS)


def network(key: str, vni: int, encap: Encap = "vxlan", subnets: tuple[Subnet, ...] = SUBNETS) -> Network:
    """A network whose uid is made of its key."""
    project, name = key.split("/")
    told = ("overlay", vni, encap, 1450, subnets)
    return Network(key, f"uid-{key}", project, name, *told, enclosed_mtu=1412, mtu_open=True)


def mac(number: int) -> str:
    """The MAC that the worlds give to machine ``number`` of any tenant."""
    return f"02:00:00:00:00:{number:02x}"


def port(key: str, of: str, number: int, addresses: tuple[str, ...] | None = None, **fields: Any) -> Port:
    """Machine ``number`` of a network: ``mac(number)``, 10.0.0.N and fd00::N unless told otherwise."""
    project, name = key.split("/")
    chosen = (f"10.0.0.{number}", f"fd00::{number:x}") if addresses is None else addresses
    return Port(key, f"uid-{key}", project, name, of, mac(number), chosen, **fields)


def plugged(key: str, host: str, ofport: int, seen: int = 0) -> Interface:
    """The interface of a port's machine on a host; it keeps its name wherever the machine goes."""
    name = "tap-" + key.replace("/", "-")
    return Interface(f"{host}/{name}", host, name, ofport, key, seen)


def small_world() -> World:
    """acme/web (dual-stack) and beta/web (its twin), acme/db (IPv4 only, Geneve); hosts hv1 and hv2."""
    further = (
        AllowedPair(mac(3), "10.0.0.100"),
        AllowedPair(mac(0x99), "10.0.9.0/24"),
        AllowedPair(mac(3), "fd00:9::/48"),
    )
    ports = (
        port("acme/web-1", "acme/web", 1),
        port("acme/web-2", "acme/web", 2),
        port("acme/pair", "acme/web", 3, allowed_pairs=further),
        port("acme/open", "acme/web", 4, port_security=False),
        port("acme/db-1", "acme/db", 1, ("10.0.0.1",)),
        port("acme/db-2", "acme/db", 2, ("10.0.0.2",)),
        port("acme/plain", "acme/db", 3, ()),
        port("beta/web-1", "beta/web", 1),
        port("beta/web-2", "beta/web", 2),
    )
    places: dict[str, tuple[str, ...]] = {"hv1": ("acme/web-1", "acme/pair", "acme/open", "acme/db-1", "beta/web-1")}
    places["hv2"] = ("acme/web-2", "acme/db-2", "acme/plain", "beta/web-2")
    v4_only = (Subnet("v4", "10.0.0.0/24", None),)
    return world(
        (
            *(chassis(1), chassis(2)),
            *(network("acme/web", 0x101), network("acme/db", 0x102, "geneve", v4_only), network("beta/web", 0x201)),
            *ports,
            *(plugged(key, host, at) for host, keys in places.items() for at, key in enumerate(keys, 1)),
        )
    )
