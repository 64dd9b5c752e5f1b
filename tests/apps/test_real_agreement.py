"""Open vSwitch takes our flows byte for byte, and does with a packet what our interpreter says it does."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from apps.fabric_tables import FABRIC
from controller.entities import Chassis, Interface
from controller.flow import actions as act
from controller.flow import fields as f
from controller.southbound.beside import group_mod, meter_mod
from controller.southbound.difference import difference
from controller.southbound.metering import meters_used
from controller.southbound.xids import Concern
from tests.compiled import compiled
from tests.fabric_worlds import over_links
from tests.guarded_worlds import guarded_world
from tests.interpreter import DataPlane
from tests.random_packets import Machine, any_packet
from tests.random_worlds import worlds
from tests.routed_worlds import routed_world
from tests.steered_worlds import chain, overlay, whole
from tests.worlds import small_world, with_more

if TYPE_CHECKING:
    from random import Random

    from controller.flow.flow import Flow
    from tests.interpreter import Walk
    from tests.packets import Packet
    from tests.real_switch import RealSwitch
    from tests.worlds import World

pytestmark = pytest.mark.system
PACKETS = 16
STEP = re.compile(r"^ *(\d+)\. (?:.*cookie (0x[0-9a-f]+)|No match)", re.MULTILINE)
OUTPUT = re.compile(r"^ *(?:output:(\d+)|-> output port is (\d+)|(IN_PORT))\n *(.*)", re.MULTILINE)
FINAL = re.compile(r"^Final flow: (.*)$", re.MULTILINE)
SHOWN = {field.name: field for field in f.ALL} | {"icmp_type": f.ICMPV6_TYPE}
NAMED = {f.VLAN: "vlan_tci"}


def hold(switch: RealSwitch, flows: list[Flow]) -> None:
    """Bring the bridge from whatever it holds to these flows, and see that it holds them byte for byte."""
    client = switch.client()
    held = client.flows()
    limits = {number for flow in flows for number in meters_used(flow.instructions)}
    client.send(b"".join(meter_mod(Concern.METER_ADD, number) for number in limits))
    groups = {group.number: group for flow in flows for group in flow.groups}
    client.send(b"".join(group_mod(group) for group in groups.values()))
    assert client.change(*difference(held, flows)) == []
    client.close()
    fresh = switch.client()
    assert difference(fresh.flows(), flows) == ((), ())
    fresh.close()


def spoken(packet: Packet) -> str:
    """A packet as ofproto/trace takes it."""
    words = [
        f"{NAMED.get(field, field)}={field.show(value)}" for field, value in sorted(packet.items(), key=rank) if value
    ]
    return ",".join(words)


def rank(item: tuple[f.Field, int]) -> int:
    return item[0].rank


def outputs(trace: str) -> list[int]:
    """The ports a trace sends the packet to."""
    found = []
    for number, told, back, after in OUTPUT.findall(trace):
        if "skipping output to input port" not in after:
            found.append(act.IN_PORT_RESERVED if back else int(number or told))
    return found


def compare(switch: RealSwitch, walk: Walk) -> None:
    """The switch goes through the same flows, to the same ports, and leaves the same packet."""
    trace = switch.trace(spoken(walk.came))
    steps = [(int(table), int(cookie, 16) if cookie else None) for table, cookie in STEP.findall(trace)]
    assert steps == walk.steps, trace
    came = walk.came[f.IN_PORT]
    assert outputs(trace) == [act.IN_PORT_RESERVED if port == came else port for port, _ in walk.outputs], trace
    final = FINAL.search(trace)
    shown = dict(word.split("=") for word in final[1].split(",") if "=" in word) if final else {}
    told = {SHOWN[name]: SHOWN[name].parse(value) for name, value in shown.items() if name in SHOWN}
    if final and final[1] != "unchanged":
        assert {field: walk.packet.get(field, 0) for field in told} == told, trace
        registers = {field for field in f.REGS if walk.packet.get(field)}
        assert registers <= told.keys(), trace


@pytest.mark.parametrize("host", ["hv1", "hv2"])
@pytest.mark.parametrize(
    "world",
    [small_world(), routed_world(), guarded_world(), whole(), with_more(overlay(), chain(["fw", "fw2"], ["dpi"]))],
    ids=["small", "routed", "guarded", "steered", "chained"],
)
def test_every_flow_reads_back_as_it_was_sent(real_switch: RealSwitch, world: World, host: str) -> None:
    hold(real_switch, list(compiled(world).catalogue.flows(host)))
    hold(real_switch, [])


@given(worlds(), st.randoms(use_true_random=True))
@settings(max_examples=30)
def test_the_switch_does_what_the_interpreter_says(real_switch: RealSwitch, world: World, rng: Random) -> None:
    plane = DataPlane(world)
    catalogue = plane.compiler.catalogue
    interfaces = [one for one in world.values() if isinstance(one, Interface)]
    walks: list[tuple[str, Walk]] = []
    for interface in rng.choices(interfaces, k=PACKETS):
        number = int((interface.iface_id or "-1").rpartition("-")[2])
        walks += plane.sent_from(interface.chassis, interface.ofport, any_packet(Machine(rng, number))).walks
    for host in (one.key for one in world.values() if isinstance(one, Chassis)):
        hold(real_switch, list(catalogue.flows(host)))
        for chassis, walk in walks:
            if chassis == host:
                compare(real_switch, walk)


@given(worlds().map(partial(over_links, ways=1)), st.randoms(use_true_random=True))
@settings(max_examples=20)
def test_the_switch_does_what_the_interpreter_says_where_frames_get_headers(
    real_switch: RealSwitch, world: World, rng: Random
) -> None:
    """Where packets enter, and each has one way."""
    plane = DataPlane(world)
    catalogue = plane.compiler.catalogue
    interfaces = [one for one in world.values() if isinstance(one, Interface) and one.iface_id]
    for host in (one.key for one in world.values() if isinstance(one, Chassis)):
        flows = list(catalogue.flows(host))
        hold(real_switch, flows)
        for interface in [one for one in interfaces if one.chassis == host]:
            packet = any_packet(Machine(rng, int(str(interface.iface_id).rpartition("-")[2])))
            _, walk = plane.sent_from(host, interface.ofport, packet).walks[0]
            event("a header" if FABRIC.number in dict(walk.steps) else "none")
            compare(real_switch, walk)
