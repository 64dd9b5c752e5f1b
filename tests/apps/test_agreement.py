"""In random worlds, with random packets, flows and intent agree on who receives what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, event, find, given, settings
from hypothesis import strategies as st

from apps import registry
from controller.entities import Interface
from tests import compiled
from tests.interpreter import DataPlane
from tests.oracle import places, receivers
from tests.packets import Packet
from tests.random_packets import Machine, any_packet, tells
from tests.random_worlds import wired_worlds, worlds
from tests.worlds import World

if TYPE_CHECKING:
    from random import Random

    from controller.compiler.engine import Feature

PACKETS = 40


def received(world: World, plane: DataPlane, interface: Interface, packet: Packet) -> list[tuple[str, int | None]]:
    """What the flows make of it: each port that gets the packet; with the MAC that it tells where it is an answer."""
    names = {(place.interface.chassis, place.interface.ofport): place.port.key for place in places(world)}
    found: list[tuple[str, int | None]] = []
    for arrival in plane.sent_from(interface.chassis, interface.ofport, packet).arrivals:
        answer = (arrival.chassis, arrival.port) == (interface.chassis, interface.ofport)
        assert answer or packet.items() <= arrival.packet.items(), "changed on the way"
        found.append((names[arrival.chassis, arrival.port], tells(arrival.packet) if answer else None))
    return sorted(found, key=lambda one: one[0])


def number_of(interface: Interface) -> int:
    """The machine that is plugged into an interface, or may have been."""
    named = (interface.iface_id or "").rpartition("-")[2]
    return int(named) if named else 1


def compare(world: World, rng: Random) -> None:
    """Random packets into every sort of interface, plugged for a port or not."""
    plane = DataPlane(world)
    interfaces = [one for one in world.values() if isinstance(one, Interface)]
    for interface in rng.choices(interfaces, k=PACKETS):
        packet = any_packet(Machine(rng, number_of(interface)))
        wanted = receivers(world, interface, packet)
        event("an answer" if wanted and wanted[0][1] else f"{len(wanted)} receive it")
        assert received(world, plane, interface, packet) == wanted, f"{packet} from {interface}"


def disagrees(drawn: tuple[World, Random]) -> bool:
    """Whether flows and intent do not agree."""
    try:
        compare(*drawn)
    except (AssertionError, KeyError):
        return True
    return False


RANDOM = st.tuples(worlds() | wired_worlds(), st.randoms(use_true_random=True))


@given(RANDOM)
@settings(max_examples=100)
def test_flows_and_intent_agree_on_who_receives_a_packet(drawn: tuple[World, Random]) -> None:
    compare(*drawn)


SWITCHED = (
    "classify.ports",
    "classify.tunnels",
    "fabric",
    "port_security",
    "neighbours",
    "destination.l",
    "destination.r",
    "destination.a",
    "flood",
    "deliver",
)
"""What the oracle knows of: everything but routers, and networks that leave by other ways than tunnels."""
FEATURES = [feature for feature in registry.FEATURES if feature.name.startswith(SWITCHED)]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_that_is_not_there_is_missed(feature: Feature, monkeypatch: pytest.MonkeyPatch) -> None:
    others = tuple(other for other in registry.FEATURES if other is not feature)
    monkeypatch.setattr(compiled, "RULES", replace(compiled.RULES, features=others))
    quick = settings(max_examples=100, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
    find(RANDOM, disagrees, settings=quick)
