"""What the southbound takes for granted of a switch, Open vSwitch itself does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.flow.actions import instructions, output
from controller.flow.fields import REGS
from controller.flow.flow import EVERYWHERE, Flow, encoded_match
from controller.southbound import beside, flow_counts, options, wire
from controller.southbound.difference import as_flow
from controller.southbound.wire import FlowReport
from controller.southbound.xids import OPTION, Concern, concern
from tests.real_switch import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real_switch import Client, RealSwitch

pytestmark = pytest.mark.system
GOOD = Flow(EVERYWHERE, 20, 1, b"", b"", 0xA)
OTHER = Flow(EVERYWHERE, 21, 1, b"", instructions((output(7),)), 0xB)
UNKNOWN_ACTION = Flow(EVERYWHERE, 22, 1, b"", bytes.fromhex("0004001000000000 0063000800000000".replace(" ", "")), 0xC)
MISSING_GROUP = Flow(EVERYWHERE, 22, 1, b"", bytes.fromhex("0004001000000000 001600080000004d".replace(" ", "")), 0xD)


@pytest.fixture
def client(real_switch: RealSwitch) -> Iterator[Client]:
    """A session with an empty bridge."""
    session = real_switch.client()
    session.change([], [as_flow("", event) for event in session.flows()])
    yield session
    session.close()


def held(switch: RealSwitch) -> set[int]:
    """The cookies of what the bridge holds."""
    session = switch.client()
    cookies = {event.cookie for event in session.flows()}
    session.close()
    return cookies


def test_a_bundle_is_taken_without_a_flow_that_cannot_be_understood(real_switch: RealSwitch, client: Client) -> None:
    (refusal,) = client.change([GOOD, UNKNOWN_ACTION, OTHER], [])
    assert refusal.xid == 0x102
    assert held(real_switch) == {GOOD.cookie, OTHER.cookie}


def test_a_bundle_with_a_flow_that_cannot_be_done_is_not_taken(real_switch: RealSwitch, client: Client) -> None:
    refusals = client.change([GOOD, MISSING_GROUP], [])
    assert [refusal.xid for refusal in refusals] == [0x102, 0x103]
    assert held(real_switch) == set()


def test_a_put_replaces_what_stands_in_its_slot(real_switch: RealSwitch, client: Client) -> None:
    assert client.change([GOOD], []) == []
    assert client.change([replace(GOOD, cookie=0xE, instructions=OTHER.instructions)], []) == []
    assert held(real_switch) == {0xE}


def test_a_delete_takes_the_flow_it_names_and_no_other(real_switch: RealSwitch, client: Client) -> None:
    assert client.change([GOOD, OTHER], []) == []
    assert client.change([], [replace(GOOD, cookie=0xE), OTHER]) == []
    assert held(real_switch) == {GOOD.cookie}
    assert client.change([], [replace(GOOD, cookie=wire.ANY_COOKIE)]) == []
    assert held(real_switch) == set()


def test_the_monitor_tells_what_others_do_and_not_what_we_do(real_switch: RealSwitch, client: Client) -> None:
    watcher = real_switch.client()
    assert watcher.flows() == ()
    assert watcher.change([GOOD], []) == []
    assert client.change([OTHER], [GOOD]) == []
    told = watcher.received()
    events: list[tuple[int, int]] = []
    while len(events) < 2:
        report = next(told)
        assert isinstance(report, FlowReport)
        assert report.xid == 0
        events += [(event.kind, event.cookie) for event in report.events]
    assert sorted(events) == [(wire.EVENT_ADDED, OTHER.cookie), (wire.EVENT_REMOVED, GOOD.cookie)]
    watcher.close()


def test_flows_say_what_they_have_counted(client: Client) -> None:
    named = replace(GOOD, cookie=0x4E << 56 | 1, match=encoded_match({REGS[6]: 7}))
    assert client.change([named, OTHER, replace(GOOD, priority=2, match=encoded_match({REGS[6]: 8}))], []) == []
    client.send(flow_counts.counts_request(9, GOOD.table, encoded_match({REGS[6]: 7})))
    report = next(client.received())
    assert isinstance(report, flow_counts.CountsReport)
    (found,) = report.counts
    assert (found.table, found.priority, found.match, found.cookie) == (20, 1, named.match, named.cookie)
    assert (found.packets, found.octets) == (0, 0)
    assert 0 <= found.idle <= found.age < 60


def test_the_option_that_carries_identities_is_mapped_once(real_switch: RealSwitch, client: Client) -> None:
    real_switch.ofctl("del-tlv-map", IDENTITY)
    client.send(options.identity_mapping() + options.options_request(9))
    assert next(client.received()) == beside.Report(9, (options.IDENTITY,), more=False)
    client.send(options.identity_mapping())
    refused = next(client.received())
    assert isinstance(refused, wire.Refusal)
    assert concern(refused.xid) == (Concern.SETTINGS, OPTION)


def test_a_flow_with_a_timeout_is_told_as_one(real_switch: RealSwitch, client: Client) -> None:
    real_switch.ofctl("add-flow", "table=20,priority=1,cookie=0xa,hard_timeout=60,actions=drop")
    (event,) = client.flows()
    assert (event.cookie, event.hard_timeout, event.holds(GOOD)) == (GOOD.cookie, 60, False)
