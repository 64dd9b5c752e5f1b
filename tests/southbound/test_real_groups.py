"""Groups are in Open vSwitch as they were sent, and do to flows what the southbound takes for granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.flow import fields as f
from controller.flow.actions import instructions, output, resubmit, set_field
from controller.flow.flow import EVERYWHERE, Flow
from controller.flow.groups import Bucket, Group, failover, group, select
from controller.southbound import beside
from controller.southbound.difference import as_flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real_switch import Client, RealSwitch

pytestmark = pytest.mark.system
TUNNEL = (set_field(f.TUN_ID, 0xFFFFFC), set_field(f.TUN_SRC, "192.0.2.1"), set_field(f.TUN_DST, "192.0.2.2"))
WIRES = tuple(Bucket(port, (output(port),)) for port in (11, 12, 13))
DETOUR = Bucket(12, (set_field(f.NSH_SPI, 78), resubmit(33)))
KINDS = (
    select(WIRES),
    select(WIRES, 1 << 40),
    select((*WIRES[:1], Bucket(None, (*TUNNEL, output(101))))),
    select(tuple(Bucket(101, (set_field(f.TUN_DST, f"192.0.2.{n}"), output(101))) for n in range(64))),
    failover((*WIRES, DETOUR)),
    failover((DETOUR,)),
)


@pytest.fixture
def client(real_switch: RealSwitch) -> Iterator[Client]:
    """A session with a bridge that has nothing."""
    session = real_switch.client()
    session.change([], [as_flow("", event) for event in session.flows()])
    real_switch.ofctl("del-groups")
    yield session
    session.close()
    real_switch.ofctl("del-groups")


def held(client: Client) -> dict[int, beside.Group]:
    """The groups that the bridge has."""
    client.send(beside.groups_request(9))
    report = next(one for one in client.received() if isinstance(one, beside.Report) and one.xid == 9)
    assert not report.more
    return {one.number: one for one in report.found if isinstance(one, beside.Group)}


def standing(switch: RealSwitch) -> list[int]:
    """The cookies of the bridge's flows."""
    fresh = switch.client()
    cookies = [event.cookie for event in fresh.flows()]
    fresh.close()
    return cookies


def over(which: Group, place: int = 1) -> Flow:
    """A flow that leaves all to a group."""
    return Flow(EVERYWHERE, 20, place, b"", instructions((group(which),)), which.number + place, (which,))


def test_every_group_reads_back_as_it_was_sent(client: Client) -> None:
    client.send(b"".join(beside.group_mod(one) for one in KINDS))
    found = held(client)
    assert found.keys() == {one.number for one in KINDS}
    assert all(found[one.number].does(one) and found[one.number].right for one in KINDS)


def test_a_group_is_changed_in_place_and_its_flows_stay(real_switch: RealSwitch, client: Client) -> None:
    one = KINDS[0]
    client.send(beside.group_mod(one))
    assert client.change([over(one)], []) == []
    real_switch.ofctl("mod-group", f"group_id={one.number},type=all")
    assert not held(client)[one.number].does(one)
    client.send(beside.group_mod(one))
    assert held(client)[one.number].does(one)
    assert standing(real_switch) == [over(one).cookie]


def test_a_flow_without_its_group_is_refused_and_goes_with_it(real_switch: RealSwitch, client: Client) -> None:
    one, other = KINDS[:2]
    (refusal, _) = client.change([over(one)], [])
    assert (refusal.type, refusal.code) == (2, 9)
    client.send(beside.group_mod(one) + beside.group_mod(other))
    assert client.change([over(one), over(one, 2), over(other, 3)], []) == []
    client.send(beside.no_group(one.number) + beside.no_group(one.number))
    assert held(client).keys() == {other.number}
    assert standing(real_switch) == [over(other, 3).cookie]


def test_who_asked_for_it_is_told_that_others_change_groups_and_not_of_its_own_doing(
    real_switch: RealSwitch, client: Client
) -> None:
    client.send(beside.settings() + beside.group_mod(KINDS[0]) + beside.groups_request(9))
    assert isinstance(next(client.received()), beside.Report)
    real_switch.ofctl("add-group", "group_id=6,type=all")
    assert isinstance(next(client.received()), beside.Forwarded)
