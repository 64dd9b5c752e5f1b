"""No change gets by an invariant, and none is refused without a packet that shows why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from controller.entities import Port, Project, Router
from controller.policy.differences import Differences
from controller.policy.gates import Gates
from controller.policy.invariants import Invariants
from controller.policy.reach import Reach
from controller.policy.services import services_of
from controller.policy.values import ICMP, ICMPV6, TCP, Block, Invariant, Machines, Policy, Requirement, Rule, Service
from tests.compiled import Watched
from tests.policy.oracle import Asked, Oracle, Party
from tests.policy.policy_worlds import ASKED, Meeting, blocks, ground, machines, meetings, services, worlds
from tests.policy.test_differences import edits
from tests.policy.test_three_oracles import WORLDS

if TYPE_CHECKING:
    from controller.compiler.past import Glimpse
    from controller.policy.invariants import Broken
    from controller.policy.verdict import Conversation
    from tests.worlds import World

often = settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def invariants(draw: st.DrawFn) -> Invariant:
    ends = st.lists(machines() | blocks, min_size=1, max_size=2).map(tuple)
    asked = st.lists(services().filter(lambda one: not one.names), max_size=1).map(tuple)
    return Invariant("acme/kept", "uid-kept", draw(ends), draw(ends), draw(asked), draw(st.sampled_from((False, True))))


@given(data=st.data())
@often
def test_a_change_is_refused_exactly_when_the_text_says_so(data: st.DataObject) -> None:
    found = data.draw(worlds())
    kept = data.draw(invariants())
    fresh = data.draw(st.booleans())
    puts, deletes = data.draw(edits(found))
    assume(not any(kind is Project for kind, _ in deletes))
    compiler = Watched()
    compiler.turn([*found.values(), *(() if fresh else (kept,))])
    assume(fresh or not violations(found, kept))
    broken = compiler.look([*puts, *((kept,) if fresh else ())], deletes, seen)
    then = {key: one for key, one in found.items() if key not in deletes} | {(type(one), one.key): one for one in puts}
    assert broken is not None
    if violations(then, kept):
        assert broken
    for one in broken:
        assert shows(then, one), one


@given(data=st.data())
@often
def test_what_is_looked_at_twice_is_told_alike(data: st.DataObject) -> None:
    found, kept = data.draw(worlds()), data.draw(invariants())
    compiler = Watched()
    compiler.turn(found.values())
    told = compiler.look([kept], (), seen)
    assert told == compiler.look([kept], (), seen)


def test_the_packet_names_ports_addresses_and_service() -> None:
    web, db = (Machines(("acme",), labels=(Requirement("app", "In", (name,)),)) for name in ("web", "db"))
    kept = Invariant("acme/db-is-safe", "uid", (web,), (db,), (Service(TCP, ((5432, 5432),)),), reachable=False)
    rule = Rule("pg", "allow", (db,), (Service(TCP, ((5432, 5432),)),))
    policy = Policy("Policy:acme/db", "uid", "Policy", "acme", "db", "application", 500, (db,), (rule,), None)
    compiler = Watched()
    compiler.turn([*ground(), policy, kept, machine(1, "web"), machine(2, "db")])
    opened = Rule("pg", "allow", (db, web), (Service(TCP, ((5000, 6000),)),))
    changed = Policy("Policy:acme/db", "uid", "Policy", "acme", "db", "application", 500, (db,), (opened,), None)
    broken = compiler.look([changed], (), seen)
    assert broken is not None
    (one,) = broken
    packet = one.packet
    assert (packet.sender, packet.source) == ("acme/p1", "10.0.1.1")
    assert (packet.receiver, packet.target) == ("acme/p2", "10.0.1.2")
    assert (packet.protocol, packet.target_port) == (TCP, 5432)
    assert compiler.look([machine(3, "db")], (), seen) == ()
    assert compiler.look([machine(1, "db")], (), seen) == ()


def test_an_invariant_may_name_a_port_that_no_policy_tells_apart() -> None:
    first, everywhere = Machines(("acme",), ports=("acme/p1",)), Block("0.0.0.0/0")
    kept = Invariant("acme/alone", "uid", (everywhere,), (first,), (), reachable=False)
    compiler = Watched()
    compiler.turn([*ground(), machine(1, "web"), kept])
    broken = compiler.look([machine(2, "web")], (), seen)
    assert broken is not None
    assert [(one.packet.sender, one.packet.receiver) for one in broken] == [("acme/p2", "acme/p1")]


def machine(number: int, app: str) -> Port:
    return Port(
        f"acme/p{number}",
        f"uid-{number}",
        "acme",
        f"p{number}",
        "acme/web",
        f"02:00:00:00:00:{number:02x}",
        (f"10.0.1.{number}",),
        labels=(("app", app),),
    )


def seen(glimpse: Glimpse) -> tuple[Broken, ...]:
    """What is broken, as the daemon looks."""
    before, then = Reach(glimpse.before, Gates()), Reach(glimpse.after, Gates())
    differences = Differences(before, then, glimpse.changed, _nothing).found()
    return tuple(Invariants(then, _nothing).broken(glimpse.changed, differences))


def violations(found: World, kept: Invariant) -> list[tuple[Meeting, Asked]]:
    """Every packet that breaks it, of those that are tried."""
    oracle, wanted = Oracle(found.values()), services_of(kept.services)
    asked = [one for one in ASKED if wanted.holds(one.protocol, one.source_port, one.target_port)]
    joined = any(isinstance(one, Router) for one in found.values())
    return [
        (meeting, one)
        for meeting in meetings(found)
        if any(meant(oracle, end, meeting.source) for end in kept.sources)
        and any(meant(oracle, end, meeting.target) for end in kept.targets)
        and (
            meets(meeting, joined=joined) or (kept.reachable and None not in (meeting.source.port, meeting.target.port))
        )
        for one in asked
        if one.protocol != (ICMP if ":" in meeting.source.address else ICMPV6)
        and (oracle.allows(meeting.source, meeting.target, one) and meets(meeting, joined=joined)) != kept.reachable
        and not (kept.reachable and any_other(found, meeting, one, oracle, joined=joined))
    ]


def meets(meeting: Meeting, *, joined: bool) -> bool:
    """Whether packets can come from one to the other: networks here lead outside only where they say so."""
    if meeting.source.port is None or meeting.target.port is None:
        return False
    return joined or meeting.source.port.network == meeting.target.port.network


def any_other(found: World, meeting: Meeting, asked: Asked, oracle: Oracle, *, joined: bool) -> bool:
    """Whether the same ports reach each other by other addresses of theirs."""
    ends = (meeting.source.port, meeting.target.port)
    return meets(meeting, joined=joined) and any(
        oracle.allows(other.source, other.target, asked)
        for other in meetings(found)
        if (other.source.port, other.target.port) == ends
    )


def meant(oracle: Oracle, end: Machines | Block, party: Party) -> bool:
    return oracle._meant(end, party)  # noqa: SLF001 - the oracle's own reading of peers


def shows(found: World, broken: Broken) -> bool:
    """Whether the packet does what it is said to."""
    packet, joined = broken.packet, any(isinstance(one, Router) for one in found.values())
    meeting = _meeting(found, packet)
    asked = Asked(packet.protocol, packet.source_port, packet.target_port)
    kept = broken.invariant
    assert services_of(kept.services).holds(packet.protocol, packet.source_port, packet.target_port)
    oracle = Oracle(found.values())
    assert any(meant(oracle, end, meeting.source) for end in kept.sources)
    assert any(meant(oracle, end, meeting.target) for end in kept.targets)
    passes = oracle.allows(meeting.source, meeting.target, asked) and meets(meeting, joined=joined)
    return passes != kept.reachable


def _meeting(found: World, packet: Conversation) -> Meeting:
    ends = ((packet.sender, packet.source), (packet.receiver, packet.target))
    parties = [Party(found[Port, key] if key is not None else None, address) for key, address in ends]  # type: ignore[arg-type]
    return Meeting(*parties)


def _nothing() -> None:
    """Any number of comparisons is fine."""
