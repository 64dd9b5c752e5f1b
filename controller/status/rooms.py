"""Rooms: whether full-size packets of a network fit what carries them, and which size would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.derived import Audience, Narrowed, Realm, told_mtu
from controller.entities import UNTUNNELLED, Chassis, Network
from controller.links import ENCLOSED
from controller.status.conditions import condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.core import Core
    from controller.store import Store

Row = dict[str, object]
Narrowest = tuple[int, str]
"""The least MTU of a wire that is up, and that wire (its key)."""


def with_room(status: Row, core: Core, narrowest: Narrowest | None, key: str, started: float) -> Row:
    """A network's status with the MTU that its machines are told, and the condition FitsUnderlay.

    Wires of which nobody knows the MTU (``narrowest`` is None where that is so of all) are taken to be wide enough.
    """
    store = core.compiler.store
    network: Network | None = store.get(Network, key)
    if network is None or network.mode in UNTUNNELLED:
        return status
    narrowed: Narrowed | None = store.get(Narrowed, key)
    told = told_mtu(network.mtu, narrowed)
    faults = tuple(_faults(network, told, store, narrowest))
    message = "; ".join(faults) or f"packets of {told} bytes fit wherever the network is"
    reason = "TooLarge" if faults else "Narrowed" if narrowed is not None else "Fits"
    since = core.readiness.since(("Network", key), started)
    before = status["conditions"]
    fits = condition("FitsUnderlay", reason, message, since, holds=not faults)
    return status | {"mtu": told, "conditions": [*(before if isinstance(before, list) else []), fits]}


def _faults(network: Network, told: int, store: Store, narrowest: Narrowest | None) -> Iterator[str]:
    """Where packets of that size do not fit."""
    bare, hosts = _places(network.key, store)
    fits = network.enclosed_mtu
    if bare and hosts and 0 < fits < told:
        yield f"between {bare[0]} and {hosts[0]} frames go behind a header in a tunnel: {fits} bytes fit, not {told}"
    if narrowest is None or not bare or len(bare) + len(hosts) == 1:
        return
    mtu, wire = narrowest
    if mtu - ENCLOSED < told:
        yield f"wire {wire} has an MTU of {mtu}: {mtu - ENCLOSED} bytes fit behind a header, not {told}"


def _places(network: str, store: Store) -> tuple[list[str], list[str]]:
    """The chassis that a network's packets may be for: those without tunnels, and those with."""
    realm: Realm | None = store.get(Realm, network)
    names = sorted(store.groups(Audience, "realm", realm.realm)) if realm is not None else []
    found = [chassis for name in names if (chassis := store.get(Chassis, name)) is not None]
    bare = [chassis.key for chassis in found if chassis.encap_ip is None]
    return bare, [chassis.key for chassis in found if chassis.encap_ip is not None]
