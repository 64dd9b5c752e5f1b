"""Open vSwitch itself lets packets pass where the text of random policies says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.entities import Interface, Port
from tests.both import at_wires
from tests.compiled import compiled
from tests.frames import wire
from tests.policy.oracle import Oracle
from tests.policy.plugged import packet, plugged_in, sound
from tests.policy.policy_worlds import ASKED, meetings, worlds
from tests.wires import Wires

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.real_switch import RealSwitch
    from tests.worlds import World

pytestmark = pytest.mark.system
PACKETS, MOST_PORTS = 60, 4


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[Wires]:
    yield from at_wires(real_switch, range(1, MOST_PORTS + 1))


@given(worlds(MOST_PORTS), st.randoms(use_true_random=True))
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_the_switch_lets_pass_what_the_text_allows(wires: Wires, found: World, rng: Random) -> None:
    oracle, world = Oracle(found.values()), plugged_in(found, hosts=1)
    wires.hold(list(compiled(world).catalogue.flows("hv1")))
    at = {one.iface_id: one.ofport for one in world.values() if isinstance(one, Interface)}
    inside = [one for one in meetings(found) if isinstance(one.source.port, Port) and isinstance(one.target.port, Port)]
    asked = [(meeting, one) for meeting in inside for one in ASKED if sound(meeting, one)]
    for meeting, one in rng.sample(asked, min(PACKETS, len(asked))):
        assert meeting.source.port is not None
        assert meeting.target.port is not None
        wires.forget()
        came = wires.send(at[meeting.source.port.key], wire(packet(world, meeting, one)))
        allowed = oracle.allows(meeting.source, meeting.target, one)
        assert (at[meeting.target.port.key] in {port for port, _ in came}) == allowed, (meeting, one)
