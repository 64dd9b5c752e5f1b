"""Packets through the flows of random worlds get where the text of the policies lets them, and nowhere else.

``NETLOOM_POLICY_WORLDS=5000`` tries that many worlds.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.interpreter import DataPlane
from tests.policy.oracle import Oracle
from tests.policy.plugged import passes, plugged_in, sound
from tests.policy.policy_worlds import ASKED, meetings, worlds
from tests.worlds import chassis, with_more

if TYPE_CHECKING:
    from random import Random

    from tests.worlds import World

WORLDS = int(os.environ.get("NETLOOM_POLICY_WORLDS", "40"))
PACKETS = 120


@given(worlds(), st.randoms(use_true_random=True))
@settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck))
def test_packets_pass_where_the_text_says_so(found: World, rng: Random) -> None:
    oracle, world = Oracle(found.values()), with_more(plugged_in(found), chassis(9))
    plane = DataPlane(world)
    asked = [(meeting, one) for meeting in meetings(found) for one in ASKED if sound(meeting, one)]
    for meeting, one in rng.sample(asked, min(PACKETS, len(asked))):
        plane.forget()
        expected = oracle.allows(meeting.source, meeting.target, one)
        assert passes(plane, world, meeting, one) == expected, (meeting, one)
