"""Open vSwitch does with packets, one after the other, what the interpreter says that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import goto, output, set_field
from controller.flow.cloning import clone
from controller.flow.headers import pop_vlan, push_vlan
from controller.flow.tracking import EST, RPL, SNAT, TRK, Nat, ct
from tests import packets as p
from tests.both import Both, at_wires
from tests.flow import nat_lab as lab
from tests.flow.nat_lab import flow
from tests.frames import read, wire
from tests.walk import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from controller.flow.flow import Flow, Match
    from tests.packets import Packet
    from tests.real_switch import RealSwitch
    from tests.wires import Wires

pytestmark = pytest.mark.system
HERE, THERE, A, B = "02:00:00:00:00:01", "02:00:00:00:00:02", "10.0.0.1", "10.0.0.2"


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[Wires]:
    yield from at_wires(real_switch, range(1, 6))


@given(st.randoms(use_true_random=True))
@settings(max_examples=40)
def test_conversations_through_two_zones_of_conntrack(wires: Wires, rng: Random) -> None:
    both = Both(wires, list(lab.flows()))
    seen: list[Packet] = []
    for _ in range(20):
        port, packet = lab.reaction(rng, rng.choice(seen)) if seen and rng.randrange(2) else lab.question(rng)
        seen += [out for _, out in both.send(port, packet)]


def udp(source: str = A, destination: str = B, ports: tuple[int, int] = (5000, 6000)) -> Packet:
    return p.udp(HERE, THERE, source, destination, ports)


def test_the_length_of_a_frame_counts_with_the_tag_that_it_has_just_then(wires: Wires) -> None:
    larger = act.check_larger(100, f.REGS[6], 3)
    tagged: Match = {f.IN_PORT: 2, f.VLAN: p.TAG_PRESENT | 5}
    tag = (push_vlan(), set_field(f.VLAN, p.TAG_PRESENT | 7))
    flows = [
        flow(0, 1, {f.IN_PORT: 1}, larger, goto(1)),
        flow(0, 1, tagged, pop_vlan(), larger, goto(1)),
        flow(0, 1, {f.IN_PORT: 3}, *tag, larger, goto(1)),
        flow(1, 1, {f.REGS[6]: 8}, output(4)),
        flow(1, 1, {f.REGS[6]: 0}, output(5)),
    ]
    both = Both(wires, flows)
    for length in (96, 97, 100, 101):
        for port in (1, 3):
            assert both.send(port, p.sized(udp(), length))
        assert both.send(2, p.sized(p.tagged(udp(), 5), length + 4))


@pytest.mark.parametrize("ttl", [0, 1, 2, 64])
def test_a_packet_at_its_last_hop_ends_the_table_that_counts_and_not_the_one_before(wires: Wires, ttl: int) -> None:
    counts = [flow(0, 1, {f.ETH_TYPE: f.ETH_IP}, output(2), act.resubmit(1), output(3))]
    counts.append(flow(1, 1, {f.ETH_TYPE: f.ETH_IP}, act.dec_ttl(), output(4)))
    assert [port for port, _ in Both(wires, counts).send(1, p.aged(udp(), ttl))] == ([2, 3, 4] if ttl > 1 else [2, 3])


@pytest.mark.parametrize(("ttl", "copies"), [(64, 64), (65, 65), (66, 0)])
def test_a_packet_that_goes_back_too_often_comes_to_nothing(wires: Wires, ttl: int, copies: int) -> None:
    back = [flow(0, 1, {f.ETH_TYPE: f.ETH_IP, f.IP_TTL: 1}, output(2))]
    back.append(flow(0, 0, {f.ETH_TYPE: f.ETH_IP}, output(3), act.dec_ttl(), act.resubmit(0)))
    assert len(Both(wires, back).send(1, p.aged(udp(), ttl))) == copies


@pytest.mark.parametrize(("back", "arrives"), [(63, True), (64, False)])
def test_going_on_counts_where_a_packet_went_back_often(wires: Wires, back: int, arrives: bool) -> None:  # noqa: FBT001 - what is compared
    flows = [flow(0, 1, {f.ETH_TYPE: f.ETH_IP, f.IP_TTL: 1}, goto(1)), flow(1, 1, {}, output(2))]
    flows.append(flow(0, 0, {f.ETH_TYPE: f.ETH_IP}, act.dec_ttl(), act.resubmit(0)))
    assert bool(Both(wires, flows).send(1, p.aged(udp(), back + 1))) == arrives


@pytest.mark.parametrize(("rounds", "arrives"), [(6, True), (7, False)])
def test_a_packet_goes_through_conntrack_six_times(wires: Wires, rounds: int, arrives: bool) -> None:  # noqa: FBT001 - what is compared
    flows = [flow(n, 1, {f.ETH_TYPE: f.ETH_IP}, ct(n, table=n + 1)) for n in range(rounds)]
    assert bool(Both(wires, [*flows, flow(rounds, 1, {}, output(2))]).send(1, udp())) == arrives


def test_a_packet_goes_back_to_where_it_came_from_only_when_told_so(wires: Wires) -> None:
    both = Both(wires, [flow(0, 1, {}, output(1), output(act.IN_PORT_RESERVED), set_field(f.IN_PORT, 0), output(1))])
    assert [port for port, _ in both.send(1, udp())] == [1, 1]


def test_what_is_done_to_a_copy_is_forgotten_but_by_conntrack(wires: Wires) -> None:
    """Who answers is of the connection that the copy began, with its mark; the packet itself was never tracked."""
    begin = clone(set_field(f.ETH_SRC, 5), set_field(f.REGS[6], 8), output(4), ct(3, commit=True, mark=f.REGS[6]))
    tell = (act.copy(f.CT_STATE, f.ETH_SRC, 32), act.copy(f.CT_MARK, f.ETH_DST, 32), output(3))
    flows = [
        flow(0, 1, {f.IN_PORT: 1, f.ETH_TYPE: f.ETH_IP}, set_field(f.REGS[6], 1), begin, goto(1)),
        flow(0, 1, {f.IN_PORT: 2, f.ETH_TYPE: f.ETH_IP}, ct(3, table=2)),
        flow(1, 1, {f.REGS[6]: 1, f.CT_STATE: 0}, output(2)),
        flow(2, 1, {}, *tell),
    ]
    both = Both(wires, flows)
    assert [port for port, _ in both.send(1, udp())] == [2, 4]
    ((_, answer),) = both.send(2, udp(B, A, (6000, 5000)))
    assert (answer[f.ETH_SRC] & 0xFFFFFFFF, answer[f.ETH_DST] & 0xFFFFFFFF) == (EST | RPL | TRK, 8)


def test_wide_registers_are_the_single_ones_of_which_they_are_made(wires: Wires) -> None:
    set_all = [set_field(f.XXREGS[3], 1 << 96 | 2 << 64 | 3 << 32 | 4), set_field(f.XREGS[0], 5 << 32 | 6)]
    singles: Match = {f.REGS[12]: 1, f.REGS[13]: 2, f.REGS[14]: 3, f.REGS[15]: 4, f.REGS[0]: 5, f.REGS[1]: 6}
    assert Both(wires, [flow(0, 1, {}, *set_all, goto(1)), flow(1, 1, singles, output(2))]).send(1, udp())


def shared(ports: tuple[int, int]) -> list[Flow]:
    """Everything from port 1 leaves by port 2 behind one address and these ports, with what conntrack said."""
    nat = Nat("snat", "192.0.2.10", None, ports)
    flows = [flow(0, 1, {f.IN_PORT: 1, f.ETH_TYPE: f.ETH_IP}, ct(5, table=1, commit=True, nat=nat))]
    return [*flows, flow(1, 1, {}, act.copy(f.CT_STATE, f.ETH_SRC, 32), output(2))]


def test_where_no_port_is_left_a_packet_goes_on_as_it_is(wires: Wires) -> None:
    """Which port of several a connection gets is chance, so the switch is not asked for the interpreter's."""
    wires.hold(shared((5000, 5002)))
    bridge = Bridge(shared((5000, 5002)))
    for ways in (
        [read(wires.send(1, wire(udp(ports=(4000 + n, 80))))[0][1]) for n in range(4)],
        [bridge.walk(udp(ports=(4000 + n, 80)), 1).outputs[0][1] for n in range(4)],
    ):
        assert {way[f.UDP_SRC] for way in ways[:3]} == {5000, 5001, 5002}
        assert {f.ipv4_text(way[f.IPV4_SRC]) for way in ways[:3]} == {"192.0.2.10"}
        assert (f.ipv4_text(ways[3][f.IPV4_SRC]), ways[3][f.UDP_SRC]) == (A, 4003)
        assert [bool(way[f.ETH_SRC] & SNAT) for way in ways] == [True, True, True, False]


def test_a_connection_keeps_to_its_path_in_both_directions_and_several_share_all_paths(wires: Wires) -> None:
    """Which path is the switch's own affair."""
    choose = flow(0, 1, {f.ETH_TYPE: f.ETH_IP}, act.multipath(3, f.REGS[6], 4, 8), goto(1))
    flows = [choose, *(flow(1, 1, {f.REGS[6]: one << 4}, output(2 + one)) for one in range(3))]
    wires.hold(flows)
    bridge, there = Bridge(flows), [udp(ports=(5000 + n, 80)) for n in range(40)]
    back = [udp(B, A, (80, 5000 + n)) for n in range(40)]
    for ways, answers in (
        [[wires.send(1, wire(one))[0][0] for one in packets] for packets in (there, back)],
        [[bridge.walk(one, 1).outputs[0][0] for one in packets] for packets in (there, back)],
    ):
        assert ways == answers
        assert set(ways) == {2, 3, 4}
