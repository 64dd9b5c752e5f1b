"""Open vSwitch meets clauses, keeps zones and copies to the controller as the interpreter says that it does."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import Action, copy, goto, output, resubmit, set_field
from controller.flow.fields import Masked
from controller.flow.meters import log_meter
from controller.flow.tracking import NEW, TRK, ct
from controller.southbound import beside, inbound
from controller.southbound.packets import PacketIn
from tests import packets as p
from tests.both import Both, at_wires
from tests.flow.nat_lab import flow
from tests.frames import read, wire
from tests.wires import BRIDGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from controller.flow.flow import Flow, Match
    from tests.packets import Packet
    from tests.real_switch import RealSwitch
    from tests.wires import Wires

pytestmark = pytest.mark.system
HERE, THERE, A, B = "02:00:00:00:00:01", "02:00:00:00:00:02", "10.0.0.1", "10.0.0.2"
GUARD, PEER, PORTS, ZONE, RULE, PUNT = f.REGS[8], f.REGS[7], f.REGS[10], f.REGS[9], f.REGS[6], f.REGS[4]
MACHINE = 1 << 31
SEEN = 3


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[Wires]:
    yield from at_wires(real_switch, range(1, 6))


def udp(ports: tuple[int, int] = (5000, 6000)) -> Packet:
    return p.udp(HERE, THERE, A, B, ports)


def rules(rng: Random) -> Iterator[Flow]:
    """Rules of two stages over few peers and ports, each with a priority of its own as policies have it."""
    peers = (MACHINE | 1, MACHINE | 2, Masked(MACHINE, MACHINE), 0)
    ports = (6000, 6001, Masked(6000, 0xFFFE), Masked(6000, 0xFFF0))
    for guard, priority in product((64, 65), (20, 30, 40)):
        number = guard << 8 | priority
        for peer in rng.sample(peers, rng.randrange(3)):
            yield flow(2, priority, {GUARD: guard, PEER: peer}, act.conjunction(number, 1, 2))
        for port in rng.sample(ports, rng.randrange(3)):
            yield flow(2, priority, {GUARD: guard, PORTS: port}, act.conjunction(number, 2, 2))
        found: list[Action] = [set_field(f.ETH_DST, number), output(SEEN)]
        passes: list[Action] = [set_field(GUARD, 65), resubmit(2)]
        chosen = passes if guard == 64 and rng.randrange(2) else found
        yield flow(2, priority, {GUARD: guard, f.CONJ_ID: number}, *chosen)
        if rng.randrange(3) == 0:
            yield flow(2, priority - 1, {GUARD: guard, PEER: rng.choice(peers)}, set_field(f.ETH_DST, 7), output(SEEN))
        yield flow(2, 1, {GUARD: guard}, set_field(f.ETH_DST, guard), output(SEEN))


def asked() -> Iterator[Flow]:
    """The sender's identity is the port that the packet came in by."""
    for port in (1, 2, 4, 5):
        told: list[Action] = [set_field(GUARD, 64), set_field(PEER, MACHINE | port if port < SEEN else port - 4)]
        yield flow(0, 1, {f.IN_PORT: port, f.IP_PROTO: f.UDP, f.ETH_TYPE: f.ETH_IP}, *told, goto(1))
    yield flow(1, 1, {f.IP_PROTO: f.UDP, f.ETH_TYPE: f.ETH_IP}, copy(f.UDP_DST, PORTS, 16), resubmit(2), output(2))


def one_of_a_slot(flows: Iterator[Flow]) -> list[Flow]:
    return list({one.slot: one for one in flows}.values())


@given(st.randoms(use_true_random=True))
@settings(max_examples=25)
def test_rules_of_clauses_over_several_stages(wires: Wires, rng: Random) -> None:
    both = Both(wires, one_of_a_slot(rules(rng)) + list(asked()))
    for port, target in product((1, 2, 4, 5), (6000, 6001, 6002, 7000)):
        both.send(port, udp((5000, target)))


def test_a_clause_that_is_stated_for_two_rules_is_met_for_both(wires: Wires) -> None:
    peer: Match = {PEER: MACHINE | 1}
    flows = [
        flow(2, 9, peer, act.conjunction(7, 1, 2), act.conjunction(8, 1, 2)),
        flow(2, 9, {PORTS: 6000}, act.conjunction(7, 2, 2)),
        flow(2, 9, {PORTS: 6001}, act.conjunction(8, 2, 2)),
        *(flow(2, 9, {f.CONJ_ID: number}, set_field(f.ETH_DST, number), output(SEEN)) for number in (7, 8)),
    ]
    both = Both(wires, [*flows, *asked()])
    found = [dict(both.send(1, udp((5000, target))))[SEEN][f.ETH_DST] for target in (6000, 6001)]
    assert found == [7, 8]


def judged(protocol: int) -> Iterator[Flow]:
    """What comes in by port 1 may begin, committed where the packet stands; what answers is shown with its mark."""
    packet: Match = {f.ETH_TYPE: f.ETH_IP, f.IP_PROTO: protocol}
    zoned: list[Action] = [set_field(ZONE, 0x7FFF8005), ct(ZONE, table=1)]
    yield flow(0, 1, packet, *zoned)
    begins: Match = {f.IN_PORT: 1, f.CT_STATE: Masked(TRK | NEW, TRK | NEW)}
    remembered = ct(ZONE, commit=True, mark=RULE)
    show: list[Action] = [copy(f.CT_STATE, f.ETH_SRC, 32), copy(f.CT_MARK, f.ETH_DST, 32), output(SEEN)]
    yield flow(1, 2, packet | begins, set_field(RULE, 0xABCD), resubmit(2), remembered, *show, output(4))
    yield flow(1, 1, packet, resubmit(2))
    yield flow(2, 1, packet, *show)


@pytest.mark.parametrize("protocol", [f.TCP, f.UDP, f.SCTP, f.ICMP, 47])
def test_a_connection_is_remembered_where_it_is_allowed_and_the_packet_goes_on_from_there(
    wires: Wires, protocol: int
) -> None:
    made = {
        f.TCP: p.tcp(HERE, THERE, A, B, flags=p.SYN),
        f.UDP: udp(),
        f.SCTP: p.sctp(HERE, THERE, A, B),
        f.ICMP: p.ping(HERE, THERE, A, B),
    }
    packet = made.get(protocol, p.ip(HERE, THERE, A, B, protocol))
    both = Both(wires, list(judged(protocol)))
    begun = both.send(1, packet)
    assert [port for port, _ in begun] == [SEEN, SEEN, 4]
    for port, sent in ((1, packet), (2, p.answer(packet)), (1, packet)):
        assert both.send(port, sent)[0][1][f.ETH_DST] & 0xFFFFFFFF == 0xABCD


def test_protocols_that_conntrack_has_no_ports_of_are_one_connection_between_two_machines(wires: Wires) -> None:
    both = Both(wires, list(judged(f.SCTP)))
    both.send(1, p.sctp(HERE, THERE, A, B, (1, 2)))
    other = both.send(2, p.sctp(THERE, HERE, B, A, (3, 4)))
    assert other[0][1][f.ETH_DST] & 0xFFFFFFFF == 0xABCD


@pytest.mark.parametrize("known", [False, True])
def test_flags_that_no_tcp_sends_are_of_no_connection(wires: Wires, known: bool) -> None:  # noqa: FBT001 - what is compared
    both = Both(wires, list(judged(f.TCP)))
    for flags in range(64):
        if known:
            both.send(1, p.tcp(HERE, THERE, A, B, (1000 + flags, 80), flags=p.SYN))
        if not (known and flags & (p.RST | p.FIN)):
            both.send(1, p.tcp(HERE, THERE, A, B, (1000 + flags, 80), flags=flags))


def test_errors_about_no_connection_are_of_none(wires: Wires) -> None:
    both = Both(wires, [*judged(f.ICMP), *judged(f.UDP)])
    both.send(2, p.icmp_error(THERE, HERE, B, udp()))
    both.send(1, udp())
    both.send(2, p.icmp_error(THERE, HERE, B, udp()))
    both.send(1, p.icmp_error(HERE, THERE, A, p.answer(udp())))


def test_a_copy_to_the_controller_keeps_nothing_of_the_packet_back(wires: Wires) -> None:
    copied: list[Action] = [set_field(PUNT, 12), act.to_controller(log_meter(5)), set_field(PUNT, 0), output(2)]
    both = Both(wires, [flow(0, 1, {}, *copied)])
    assert [port for _ in range(3) for port, _ in both.send(1, udp())] == [2, 2, 2]
    told = both.bridge.walk(udp(), 1).punts
    assert [packet[PUNT] for packet in told] == [12]


def test_a_meter_limits_copies_and_not_the_packets(real_switch: RealSwitch, wires: Wires) -> None:
    """The bell's copy, which no meter limits, comes after all others."""
    number = log_meter(6)
    copied: list[Action] = [set_field(PUNT, 12), set_field(RULE, 0xABCD), act.to_controller(number)]
    bell = flow(0, 9, {f.ETH_TYPE: f.ETH_ARP}, output(act.CONTROLLER_RESERVED), output(2))
    wires.hold([flow(0, 1, {}, *copied, output(2)), bell])
    limited = f"meter={number},pktps,burst,band=type=drop,rate=1,burst_size=3"
    real_switch.ofctl("mod-meter", limited, bridge=BRIDGE)
    client = real_switch.client(BRIDGE)
    client.send(beside.settings())
    sent = [wires.send(1, wire(udp((1000 + n, 80)))) for n in range(30)]
    assert [port for out in sent for port, _ in out] == [2] * 30
    wires.send(1, wire(p.arp_request(HERE, A, B)))
    told = list(until_the_bell(client.received()))
    client.close()
    assert 1 <= len(told) <= 5
    assert {(one.registers[PUNT.number], one.registers[RULE.number]) for one in told} == {(12, 0xABCD)}


def until_the_bell(received: Iterator[inbound.Received]) -> Iterator[PacketIn]:
    """The copies that came before that of an ARP packet."""
    for message in received:
        assert isinstance(message, PacketIn)
        if read(message.frame)[f.ETH_TYPE] == f.ETH_ARP:
            return
        yield message


@pytest.mark.parametrize(("times", "arrives"), [(63, True), (64, False)])
def test_a_packet_is_looked_up_four_thousand_and_ninety_six_times(wires: Wires, times: int, arrives: bool) -> None:  # noqa: FBT001 - what is compared
    flows = [flow(0, 1, {}, *[resubmit(1)] * times, output(2)), flow(1, 1, {}, *[resubmit(2)] * 64), flow(2, 1, {})]
    assert bool(Both(wires, flows).send(1, udp())) == arrives
