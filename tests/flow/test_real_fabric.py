"""Open vSwitch does with frames behind network service headers, and by groups, what the interpreter says it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import copy, goto, output, resubmit, set_field
from controller.flow.cloning import clone
from controller.flow.groups import Bucket, failover, group, select
from controller.flow.headers import FIRST_TTL, dec_nsh_ttl, decap, encap_ethernet, encap_nsh
from tests import packets as p
from tests.both import Both, at_wires
from tests.flow.nat_lab import flow
from tests.frames import read, wire
from tests.walk import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controller.flow.actions import Action
    from tests.packets import Packet
    from tests.real_switch import RealSwitch
    from tests.wires import Wires

pytestmark = pytest.mark.system
HERE, THERE, A, B = "02:00:00:00:00:01", "02:00:00:00:00:02", "10.0.0.1", "10.0.0.2"
NSH = {f.ETH_TYPE: f.ETH_NSH}


@pytest.fixture(scope="module")
def wires(real_switch: RealSwitch) -> Iterator[Wires]:
    yield from at_wires(real_switch, range(1, 6))


@pytest.fixture(autouse=True)
def _whole(wires: Wires) -> Iterator[None]:
    yield
    wires.cut()


def udp(number: int = 0) -> Packet:
    return p.udp(HERE, THERE, A, B, (5000 + number, 6000))


def enclosing(path: int, network: int = 5) -> tuple[Action, ...]:
    """A frame gets a header for this service path, with its network and a number of its connection."""
    telling = (set_field(f.NSH_SPI, path), set_field(f.NSH_C1, network), copy(f.REGS[10], f.NSH_C2))
    return (encap_nsh(), *telling, encap_ethernet(), set_field(f.ETH_DST, THERE), set_field(f.ETH_SRC, HERE))


def enclosed(wires: Wires, packet: Packet, path: int = 77, ttl: int = FIRST_TTL) -> Packet:
    """What is between bridges of a packet; the switch and the interpreter agree on that."""
    ((_, between),) = Both(wires, [flow(0, 1, {}, *enclosing(path), output(2))]).send(1, packet)
    return between | {f.NSH_TTL: ttl}


@pytest.mark.parametrize(
    "packet",
    [
        udp(),
        p.tagged(udp(), 5),
        p.sized(udp(), 900),
        p.arp_request(HERE, A, B),
        p.ping(HERE, THERE, "fd00::1", "fd00::2"),
    ],
)
def test_a_frame_comes_out_of_its_header_as_it_went_in(wires: Wires, packet: Packet) -> None:
    between = enclosed(wires, packet)
    out = (copy(f.NSH_C1, f.REGS[0]), decap(), decap(), goto(1))
    both = Both(wires, [flow(0, 1, {f.NSH_SPI: 77}, *out), flow(1, 1, {f.REGS[0]: 5}, output(3))])
    assert both.send(2, between) == [(3, read(wire(packet)))]


def test_what_is_enclosed_is_matched_by_its_header_and_then_by_itself(wires: Wires) -> None:
    """In the pass that puts the header on nothing else can be seen, nor in the one that takes it off."""
    inner = {f.ETH_TYPE: f.ETH_IP, f.UDP_DST: 6000, f.IP_PROTO: f.UDP}
    flows = [
        flow(0, 1, {f.IN_PORT: 1}, *enclosing(77), goto(1)),
        flow(0, 1, {f.IN_PORT: 2}, decap(), decap(), goto(1)),
        flow(1, 2, inner, output(3)),
        flow(1, 1, {f.NSH_SPI: 77, f.NSH_C1: 5, f.NSH_TTL: FIRST_TTL}, output(4)),
    ]
    both = Both(wires, flows)
    ((port, between),) = both.send(1, udp())
    assert port == 4
    assert [port for port, _ in both.send(2, between)] == [3]


@pytest.mark.parametrize("ttl", [0, 1, 2, 63])
def test_a_header_without_a_hop_left_ends_there(wires: Wires, ttl: int) -> None:
    between = enclosed(wires, udp(), ttl=ttl)
    both = Both(wires, [flow(0, 1, NSH, output(3), dec_nsh_ttl(), output(4))])
    assert [port for port, _ in both.send(2, between)] == ([3, 4] if ttl > 1 else [3])


@pytest.mark.parametrize("dead", [(), (3,), (3, 4), (3, 4, 5)])
def test_the_first_way_that_is_alive_is_taken(wires: Wires, dead: tuple[int, ...]) -> None:
    """The second is another service path, by which the same table goes on."""
    between = enclosed(wires, udp())
    round_it = Bucket(4, (set_field(f.NSH_SPI, 78), resubmit(1)))
    ways = failover((Bucket(3, (output(3),)), round_it, Bucket(5, (output(5),))))
    flows = [
        flow(0, 1, NSH, dec_nsh_ttl(), goto(1)),
        flow(1, 1, {f.NSH_SPI: 77}, group(ways)),
        flow(1, 1, {f.NSH_SPI: 78}, output(4)),
    ]
    both = Both(wires, flows)
    wires.cut(*dead)
    both.bridge.dead = set(dead)
    expected = {(): [(3, 77)], (3,): [(4, 78)], (3, 4): [(5, 77)], (3, 4, 5): []}[dead]
    assert [(port, out[f.NSH_SPI]) for port, out in both.send(2, between)] == expected


def test_what_a_bucket_writes_is_forgotten_after_it(wires: Wires) -> None:
    between = enclosed(wires, udp())
    ways = failover((Bucket(3, (set_field(f.NSH_SPI, 78), output(3))),))
    both = Both(wires, [flow(0, 1, NSH, group(ways), output(4))])
    assert [(port, out[f.NSH_SPI]) for port, out in both.send(2, between)] == [(3, 78), (4, 77)]


def shared_out(wires: Wires, ways: tuple[int, ...], dead: tuple[int, ...] = (), seed: int = 0) -> list[int]:
    """The port by which each of 256 sorts of frames leaves; the switch's and the interpreter's are equally many."""
    over = group(select(tuple(Bucket(way, (output(way),)) for way in ways), seed))
    flows = [flow(0, 1, NSH, over)]
    wires.hold(flows)
    wires.cut(*dead)
    bridge, between = Bridge(flows), enclosed_by_hand(udp())
    bridge.dead = set(dead)
    sorts = [between | {f.NSH_C2: number} for number in range(256)]
    modelled = [bridge.walk(one, 2).outputs[0][0] for one in sorts]
    found = [wires.send(2, wire(one))[0][0] for one in sorts]
    assert set(found) == set(modelled) == set(ways) - set(dead)
    return found


def enclosed_by_hand(packet: Packet) -> Packet:
    """A frame between bridges, by the interpreter alone."""
    (out,) = Bridge([flow(0, 1, {}, *enclosing(77), output(2))]).walk(packet, 1).outputs
    return out[1]


def test_frames_are_shared_out_and_one_way_less_moves_only_its_own(wires: Wires) -> None:
    before = shared_out(wires, (3, 4, 5))
    assert all(before.count(port) > 256 / 6 for port in (3, 4, 5))
    assert before == shared_out(wires, (3, 4, 5))
    for after in (shared_out(wires, (3, 5)), shared_out(wires, (3, 4, 5), (4,))):
        assert [new for old, new in zip(before, after, strict=True) if old != 4] == [one for one in before if one != 4]


def test_bridges_of_other_seeds_part_again_what_one_has_parted(wires: Wires) -> None:
    first, second = shared_out(wires, (3, 4), seed=1), shared_out(wires, (3, 4), seed=2)
    together = {pair: list(zip(first, second, strict=True)).count(pair) for pair in zip(first, second, strict=True)}
    assert len(together) == 4
    assert min(together.values()) > 256 / 8


def test_the_number_of_a_connection_is_the_same_in_both_directions_and_spread(wires: Wires) -> None:
    number = (act.multipath(256, f.REGS[10], 0, 8, modulo=True), copy(f.REGS[10], f.ETH_SRC, 32), output(3))
    flows = [flow(0, 1, {f.ETH_TYPE: f.ETH_IP}, *number)]
    wires.hold(flows)
    bridge = Bridge(flows)
    for told in (
        [read(wires.send(1, wire(one))[0][1]) for n in range(40) for one in (udp(n), p.answer(udp(n)))],
        [bridge.walk(one, 1).outputs[0][1] for n in range(40) for one in (udp(n), p.answer(udp(n)))],
    ):
        numbers = [one[f.ETH_SRC] & 0xFFFFFFFF for one in told]
        assert numbers[::2] == numbers[1::2]
        assert len(set(numbers)) > 20
        assert max(numbers) < 256


def test_a_copy_whose_header_is_taken_off_again_leaves_none_to_the_next(wires: Wires) -> None:
    """Open vSwitch 3.1 ends over one that is left: the interpreter refuses that in its place."""
    nowhere, there = (*enclosing(5), resubmit(9)), clone(*enclosing(7), output(3))
    both = Both(wires, [flow(0, 1, {}, clone(*nowhere, decap()), there, output(4))])
    assert [(port, out.get(f.NSH_SPI)) for port, out in both.send(1, udp())] == [(3, 7), (4, None)]
    for after in (there, output(4)):
        with pytest.raises(AssertionError, match="a copy that came to nothing"):
            Bridge([flow(0, 1, {}, clone(*nowhere), after)]).walk(udp(), 1)
