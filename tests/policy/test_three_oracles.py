"""Who may talk to whom is the same straight from the text, packet by packet, and as exact sets.

``NETLOOM_POLICY_WORLDS=5000`` tries that many random worlds; every world has hundreds of packets.
"""

from __future__ import annotations

import os
from collections import defaultdict
from ipaddress import ip_address
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from controller.entities import Port
from controller.policy.derived import Identity, Member
from controller.policy.gates import Gates, address
from controller.policy.reach import Reach, outside
from controller.policy.services import NOTHING
from controller.policy.verdict import Conversation, judged
from tests.compiled import Watched
from tests.policy.oracle import Oracle
from tests.policy.policy_worlds import ASKED, meetings, worlds

if TYPE_CHECKING:
    from controller.policy.services import Services
    from controller.store import Store
    from tests.policy.oracle import Asked, Party
    from tests.policy.policy_worlds import Meeting
    from tests.worlds import World

WORLDS = int(os.environ.get("NETLOOM_POLICY_WORLDS", "50"))
often = settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck))


@given(worlds())
@often
def test_verdicts_are_what_the_text_says(world: World) -> None:
    oracle, store, gates = Oracle(world.values()), compiled(world), Gates()
    for meeting in meetings(world):
        for asked in ASKED:
            verdict = judged(store, said(meeting, asked), gates)
            assert verdict.allowed == oracle.allows(meeting.source, meeting.target, asked), (meeting, asked, verdict)


@given(worlds())
@often
def test_sets_of_services_are_what_the_text_says(world: World) -> None:
    oracle, reach = Oracle(world.values()), Reach(compiled(world), Gates())
    expected: dict[tuple[str, str], set[Asked]] = defaultdict(set)
    for one in meetings(world):
        expected[whom(one)] |= {asked for asked in ASKED if oracle.allows(one.source, one.target, asked)}
    for meeting in meetings(world):
        found = allowed(reach, meeting)
        told = {asked for asked in ASKED if found.holds(asked.protocol, asked.source_port, asked.target_port)}
        assert told == expected[whom(meeting)], (meeting, found)


def compiled(world: World) -> Store:
    """The store with everything derived; nothing may have gone wrong on the way."""
    compiler = Watched()
    compiler.turn(world.values())
    assert not compiler.bugs
    return compiler.store


def said(meeting: Meeting, asked: Asked) -> Conversation:
    return Conversation(
        key(meeting.source),
        key(meeting.target),
        meeting.source.address,
        meeting.target.address,
        asked.protocol,
        asked.source_port,
        asked.target_port,
    )


def key(party: Party) -> str | None:
    return party.port.key if party.port is not None else None


def whom(meeting: Meeting) -> tuple[str, str]:
    """Who meets whom: ports, whatever their addresses, and addresses outside."""
    source, target = meeting.source, meeting.target
    return key(source) or source.address, key(target) or target.address


def allowed(reach: Reach, meeting: Meeting) -> Services:
    """What the sets say of two parties."""
    source, target = meeting.source.port, meeting.target.port
    if source is not None and target is not None:
        pairings = reach.between(identity(reach, source), identity(reach, target))
        fours, sixes = next(one.passage for one in pairings if source.key in one.sources and target.key in one.targets)
        return fours | sixes
    port, stranger = (source, meeting.target) if source is not None else (target, meeting.source)
    assert port is not None
    gate = reach.gate(identity(reach, port), "egress" if source is not None else "ingress")
    span = address(stranger.address)
    assert span.family == ip_address(stranger.address).version
    found = [services for part, services in outside(gate) if _holds(part, span)]
    return found[0] if found else NOTHING


def _holds(part: object, span: object) -> bool:
    return part.family == span.family and part.first <= span.first <= part.last  # type: ignore[attr-defined]


def identity(reach: Reach, port: Port) -> Identity:
    member = reach.reading.get(Member, port.key)
    assert member is not None
    found = reach.identity(member.identity)
    assert found is not None
    return found
