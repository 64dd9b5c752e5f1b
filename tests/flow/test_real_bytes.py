"""Every field and action comes back from Open vSwitch byte for byte as it was sent."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.actions import Action, copy, instructions, output, set_field
from controller.flow.cloning import clone
from controller.flow.fields import Masked
from controller.flow.flow import EVERYWHERE, Flow, Match, cookie, encoded_match
from controller.flow.headers import dec_nsh_ttl, decap, encap_ethernet, encap_nsh, pop_vlan, push_vlan
from controller.flow.text import actions_text, match_text
from controller.flow.tracking import FTP, INV, NEW, REL, TRK, UNDO, Nat, ct
from controller.southbound.difference import difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real_switch import RealSwitch

pytestmark = pytest.mark.system
METER = 1 << 24 | 7
V4, V6 = ("192.0.2.10", "192.0.2.13"), ("2001:db8::10", "2001:db8::13")
PORTS = (None, (80, 80), (1024, 65535))
TRACKED = Masked(TRK | NEW, TRK | NEW | INV | REL)
IP: Match = {f.ETH_TYPE: f.ETH_IP}
NSH: Match = {f.NSH_SPI: 77}
HEADER = (copy(f.REGS[2], f.NSH_SPI), copy(f.REGS[10], f.NSH_C2), set_field(f.NSH_C4, 7))
IPV6: Match = {f.ETH_TYPE: f.ETH_IPV6}
TCP: Match = IP | {f.IP_PROTO: f.TCP}
TCP6: Match = IPV6 | {f.IP_PROTO: f.TCP}


def translations(addresses: tuple[str, str]) -> Iterator[Nat]:
    """Every sort of translation to an address, to a range of them, or to none that is named."""
    low, high = addresses
    for kind in ("snat", "dnat"):
        yield Nat(kind)
        yield from (Nat(kind, low, None, ports) for ports in PORTS)
        yield from (Nat(kind, low, high, ports) for ports in PORTS)


def tracking() -> Iterator[tuple[Match, Action]]:
    """``ct`` with every combination of its options."""
    for match, addresses in ((TCP, V4), (TCP6, V6)):
        for zone, table in product((0, 5, 0xFFFF, f.REGS[9]), (None, 7)):
            yield match, ct(zone, table=table)
            yield match, ct(zone, table=table, nat=UNDO)
            for nat in (None, UNDO, *translations(addresses)):
                for mark, alg in product((None, 0, 7, f.REGS[6]), (None, FTP)):
                    yield match, ct(zone, table=table, commit=True, nat=nat, mark=mark, alg=alg)


def others() -> Iterator[tuple[Match, tuple[Action, ...]]]:
    """The other actions, each where it may stand."""
    for match in (IP, IPV6):
        yield match, (act.dec_ttl(), output(3))
        yield match, (set_field(f.IP_TTL, 64), set_field(f.IP_DSCP, 46), output(3))
        for paths, at, bits in ((1, 0, 16), (5, 0, 16), (256, 4, 8)):
            yield match, (act.multipath(paths, f.REGS[6], at, bits), act.goto(9))
    yield {}, (push_vlan(), set_field(f.VLAN, 0x1064), output(3))
    yield {f.VLAN: Masked(0x1000, 0x1000)}, (pop_vlan(), output(3))
    yield {}, (set_field(f.IN_PORT, 0), act.output_field(f.REGS[2]))
    yield {}, (act.meter(METER), output(act.CONTROLLER_RESERVED))
    yield {}, (set_field(f.REGS[10], 12), act.to_controller(METER), act.goto(9))
    yield {}, (act.conjunction(0xFFFFFFFF, 1, 2),)
    yield IP, (clone(ct(f.REGS[9], commit=True, mark=f.REGS[6])), act.goto(9))
    yield IPV6, (clone(ct(5, commit=True)), clone(act.dec_ttl(), set_field(f.ETH_SRC, 5), output(3)), output(4))
    yield {}, (act.conjunction(7, 2, 2), act.conjunction(8, 1, 2), act.conjunction(9, 64, 64))
    yield {}, (set_field(f.TUN_METADATA0, 1 << 31 | 7), copy(f.REGS[11], f.TUN_METADATA0), output(3))
    yield {}, (copy(f.TUN_METADATA0, f.REGS[11]), act.goto(9))
    yield IP | {f.IP_PROTO: f.SCTP}, (set_field(f.SCTP_SRC, 5), copy(f.SCTP_DST, f.REGS[10], 16), act.goto(9))
    yield {}, (act.multipath(256, f.REGS[10], 0, 8, modulo=True), encap_nsh(), *HEADER, encap_ethernet(), act.goto(9))
    yield NSH, (copy(f.NSH_C1, f.REGS[0]), dec_nsh_ttl(), decap(), decap(), act.goto(9))
    yield NSH, (set_field(f.NSH_SPI, 0xFFFFFF), set_field(f.NSH_C2, Masked(1, 3)), output(3))
    for size, bit in ((1514, 0), (0xFFFF, 31)):
        yield {}, (act.check_larger(size, f.REGS[6], bit), act.goto(9))
    yield IP | {f.IP_PROTO: f.ICMP}, (set_field(f.ICMP_TYPE, 0), set_field(f.ICMP_CODE, 0), output(3))
    yield IP, (copy(f.IPV4_DST, f.REGS[15]), copy(f.REGS[15], f.IPV4_DST), output(3))
    for register in f.XXREGS:
        yield IPV6, (copy(f.IPV6_DST, register), copy(register, f.IPV6_SRC), act.goto(9))
        yield {}, (set_field(register, "0x20010db8000000000000000000000001"), act.goto(9))
        yield {}, (set_field(register, Masked(1 << 64, 3 << 64)), act.goto(9))
    for register in f.XREGS:
        yield {}, (copy(f.ETH_SRC, register), copy(register, f.ETH_DST), set_field(register, Masked(5, 7)), act.goto(9))


def matches() -> Iterator[Match]:
    """The fields that later features brought, alone and in company."""
    everything: Match = dict.fromkeys(f.REGS, 3)
    everything |= {f.CT_STATE: TRACKED, f.CT_ZONE: 5, f.CT_MARK: Masked(1, 7), f.IN_PORT: 2, f.VLAN: 0x1064}
    everything |= {f.ETH_SRC: 1 << 41, f.ETH_DST: 1 << 42, f.IP_FRAG: 0, f.IP_DSCP: 46, f.IP_TTL: 1, f.TUN_ID: 9}
    everything |= {f.IPV4_SRC: "10.0.0.1", f.IPV4_DST: "10.0.0.2", f.TUN_SRC: "192.0.2.1", f.TUN_DST: "192.0.2.2"}
    yield everything | {f.ICMP_TYPE: 3, f.ICMP_CODE: 4}
    yield everything | {f.TCP_SRC: 5, f.TCP_DST: Masked(0x400, 0xFC00)}
    yield everything | {f.UDP_SRC: 68, f.UDP_DST: 67}
    for value in (0, 1, 3, Masked(0, 2), Masked(1, 1)):
        yield IP | {f.IP_FRAG: value}
        yield IPV6 | {f.IP_FRAG: value}
    for state in (TRACKED, TRK | NEW, Masked(0, TRK)):
        yield IP | {f.CT_STATE: state}
        yield IPV6 | {f.CT_STATE: state, f.CT_ZONE: 0xFFFF}
    yield {f.CT_MARK: 7}
    yield {f.CONJ_ID: 7, f.REGS[8]: Masked(0x40, 0xFFFFFFC0)}
    yield everything | {f.TUN_METADATA0: 5, f.CONJ_ID: 0xFFFFFFFF, f.SCTP_SRC: 5, f.SCTP_DST: Masked(0x400, 0xFC00)}
    yield {f.TUN_METADATA0: Masked(1 << 31, 1 << 31)}
    everywhere = everything.keys() & {*f.REGS, f.CT_ZONE, f.CT_MARK, f.IN_PORT, f.VLAN, f.ETH_SRC, f.TUN_ID, f.TUN_SRC}
    header = dict.fromkeys((f.NSH_SPI, f.NSH_TTL, f.NSH_C1, f.NSH_C2, f.NSH_C3, f.NSH_C4), 5)
    yield {of: everything[of] for of in everywhere} | header | {f.TUN_METADATA0: 5, f.CONJ_ID: 7}
    yield {f.NSH_SPI: 1 << 23, f.NSH_C4: Masked(0, 0xF)}
    for ttl in (0, 1, 255):
        yield IPV6 | {f.IP_TTL: ttl}


def flow(number: int, match: Match, actions: tuple[Action, ...]) -> Flow:
    """A flow of table 1 with a priority of its own."""
    oxms, does = encoded_match(match), instructions(actions)
    return Flow(EVERYWHERE, 1, number, oxms, does, cookie(1, number, oxms, does))


def held(switch: RealSwitch, flows: list[Flow]) -> None:
    """Bring the switch to these flows, and see that it tells them as they are."""
    client = switch.client()
    assert client.change(*difference(client.flows(), flows)) == []
    client.close()
    fresh = switch.client()
    assert difference(fresh.flows(), flows) == ((), ())
    fresh.close()


def spoken(one: Flow) -> str:
    """The flow as one would type it."""
    words = [f"cookie={one.cookie},table={one.table},priority={one.priority}", match_text(one.match)]
    return ",".join(filter(None, words)) + f",actions={actions_text(one.instructions)}"


@pytest.fixture
def metered(real_switch: RealSwitch) -> Iterator[RealSwitch]:
    """A switch with the meter that flows of these tests name, and nothing that other tests have left."""
    real_switch.ofctl("del-flows")
    real_switch.ofctl("del-meters")
    real_switch.ofctl("add-meter", f"meter={METER},pktps,burst,band=type=drop,rate=100,burst_size=200")
    yield real_switch
    held(real_switch, [])
    real_switch.ofctl("del-meter", f"meter={METER}")


def test_every_way_to_track_reads_back_as_it_was_sent(metered: RealSwitch) -> None:
    held(metered, [flow(number, match, (action,)) for number, (match, action) in enumerate(tracking(), 1)])


def test_every_action_reads_back_as_it_was_sent(metered: RealSwitch) -> None:
    held(metered, [flow(number, *told) for number, told in enumerate(others(), 1)])


def test_every_match_reads_back_as_it_was_sent(metered: RealSwitch) -> None:
    held(metered, [flow(number, match, ()) for number, match in enumerate(matches(), 1)])


def test_our_text_is_what_ovs_ofctl_takes(metered: RealSwitch) -> None:
    """It makes the same flows of it, but for how much of a packet goes to a port, which is all in any case."""
    told = [*((match, (action,)) for match, action in tracking()), *others(), *((match, ()) for match in matches())]
    flows = [flow(number, match, actions) for number, (match, actions) in enumerate(told, 1)]
    file = metered.directory / "told.flows"
    file.write_text("\n".join(spoken(one) for one in flows))
    metered.ofctl("add-flows", str(file))
    client = metered.client()
    found = {one.priority: (one.match, actions_text(one.instructions)) for one in client.flows()}
    client.close()
    assert found == {one.priority: (one.match, actions_text(one.instructions)) for one in flows}
