"""The pipeline is what its page says: forward only, and no way round the checks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from apps import fabric_tables, nat_tables, pipeline, pipeline_page, policy_tables, registers
from apps import registers as r
from apps.pipeline import CLASSIFY, NEIGHBOUR, SOURCE, TABLE_NAMES, TABLES
from apps.policy_tables import POLICY_TABLES
from controller.derived import Endpoint
from controller.entities import AllowedPair, Chassis, Port
from controller.flow import fields as f
from controller.flow.actions import Conjunction
from controller.flow.codec import flow_actions
from controller.flow.flow import Flow, Here, Hosts, Slot
from controller.policy.numbers import MOST_STAGES
from tests.apps.reading import OUTPUT, clashes, goes, terms
from tests.compiled import compiled
from tests.fabric_worlds import fabric_world, steered_world
from tests.guarded_worlds import guarded_world
from tests.outward_worlds import led_outside
from tests.random_worlds import worlds
from tests.routed_worlds import routed_world
from tests.steered_worlds import whole
from tests.worlds import World, changed, chassis, mac, small_world, with_more

if TYPE_CHECKING:
    from collections.abc import Iterable

ASKED_OF_GUARDS = ("REHEARSAL", "RULES", "REHEARSED", "TALLY")
_BY_GUARD, _BY_COURSE = frozenset({r.GUARD}), frozenset({r.COURSE})
OWNERS = dict.fromkeys(ASKED_OF_GUARDS, _BY_GUARD) | dict.fromkeys(("RETURN", "PATHS"), _BY_COURSE)
PAGE = Path(__file__).parents[2] / "docs" / "pipeline.md"
V6_TUNNELS = [replace(chassis(number), encap_ip=f"2001:db8::{number}") for number in (1, 2)]
SHARED = changed(small_world(), Port, "acme/web-2", allowed_pairs=(AllowedPair(mac(0x99), "10.0.0.99"),))
V6_MIXED = with_more(fabric_world(), *V6_TUNNELS)
KNOWN = (
    *(small_world(), with_more(small_world(), *V6_TUNNELS), SHARED, routed_world(), guarded_world()),
    *(steered_world(), V6_MIXED, whole(), led_outside()),
)


def flows(world: World) -> list[Flow]:
    """Every flow of every chassis."""
    compiler = compiled(world)
    return [flow for host in compiler.store.keys(Chassis) for flow in compiler.catalogue.flows(host)]


@pytest.fixture(scope="module")
def known() -> list[Flow]:
    return [flow for world in KNOWN for flow in flows(world)]


def test_the_page_is_what_the_pipeline_is(update_golden: bool) -> None:  # noqa: FBT001 - a fixture
    if update_golden:
        PAGE.write_text(pipeline_page.page())
    assert PAGE.read_text() == pipeline_page.page()


def test_tables_stand_in_the_order_in_which_packets_meet_them() -> None:
    assert [table.number for table in TABLES] == list(range(len(TABLES)))
    assert len({table.name for table in TABLES}) == len(TABLES)
    named = vars(pipeline) | vars(nat_tables) | vars(policy_tables) | vars(fabric_tables)
    assert {table.name: table for table in TABLES} == {name: table for name, table in named.items() if table in TABLES}


def test_packets_only_ever_move_forward() -> None:
    numbers = {table.name: table.number for table in TABLES}
    for table in TABLES:
        assert all(numbers[then] > table.number for then in {*table.leads_to} - {*([table.name] * table.again)}), table


def test_the_priorities_of_a_table_are_distinct_and_all_in_use(known: list[Flow]) -> None:
    used = {(flow.table, flow.priority) for flow in known}
    for table in TABLES:
        levels = list(table.priorities.values())
        assert len(set(levels)) == len(levels), table
        named = {level for name, level in table.priorities.items() if not name.startswith(pipeline_page.PREFIX)}
        assert {(table.number, level) for level in named} <= used, table


def test_tables_lead_where_they_say_and_nowhere_else(known: list[Flow]) -> None:
    led: dict[str, set[str]] = {table.name: set() for table in TABLES}
    for flow in known:
        led[TABLE_NAMES[flow.table]] |= goes(flow)
    assert led == {
        table.name: {*table.leads_to, *map(str, table.returns_to), *([OUTPUT] if table.outputs else [])}
        for table in TABLES
    }


def taken(names: Iterable[str]) -> list[str]:
    """The 32-bit registers that registers of these names take."""
    found: list[f.Field] = []
    for register in (registers.REGISTERS[name] for name in names):
        at = int(register.name.lstrip("xreg")) * register.bits // 32
        found += f.REGS[at : at + register.bits // 32]
    return sorted(map(str, found))


OF_POLICY = ("GUARD", "ZONE", "REALM", "PEER", "PORTS", "SOURCE_PORT", "PEER_ADDRESS6")
LIKE_OTHERS = {"PEER_ADDRESS", "NEXT_HOP", "RULE", "HOP"}
"""IPv4 ends IPv6 addresses; where a rule is written, the realm has been read; what has a hop answers no question."""
OF_STEERING = ("TOWARDS", "AIM", "COURSE", "HANDOVER", "ENTROPY")
"""Behind DESTINATION, or before translation: what is handed on has no port here, and is not judged any more."""


def test_registers_do_not_share_bits_but_those_of_policy_routing_and_steering_with_each_other() -> None:
    of_routing = [name for name in registers.REGISTERS if name not in {*OF_POLICY, *LIKE_OTHERS, *OF_STEERING}]
    of_packet = ["NETWORK", "ORIGIN", "VIA", "LOOKUP", "SENDER"]
    for names in (of_routing, [*OF_POLICY, "SENDER"], [*OF_STEERING, *of_packet]):
        assert len(set(taken(names))) == len(taken(names))


def test_policy_leaves_alone_what_is_read_behind_it() -> None:
    kept = {r.NETWORK, r.ORIGIN, r.OUT_PORT, r.VIA, r.LOOKUP, r.SENDER, f.ETH_DST, f.IN_PORT}
    for table in POLICY_TABLES:
        assert not kept.intersection(table.sets), table
    assert not {*taken(OF_POLICY)}.intersection(map(str, kept))


def unchecked_outputs(world: Iterable[Flow], in_port: int) -> set[str]:
    """The tables where a packet that came in by this port may leave without ever having been in SOURCE.

    But for what bridges say to find each other, which goes to the daemon alone, whoever says it.
    """
    tables: dict[str, list[Flow]] = defaultdict(list)
    probe = (CLASSIFY.number, CLASSIFY.priorities["probe"])
    for flow in world:
        came = terms(flow).get(f.IN_PORT)
        if (came is None or came.value == in_port) and (flow.table, flow.priority) != probe:
            tables[TABLE_NAMES[flow.table]].append(flow)
    leaks, seen, ahead = set(), {SOURCE.name}, [CLASSIFY.name]
    while ahead:
        table = ahead.pop()
        if table in seen:
            continue
        seen.add(table)
        leads = set().union(*(goes(flow) for flow in tables[table]))
        leaks |= {table} if OUTPUT in leads else set()
        ahead += leads - {OUTPUT}
    return leaks


def secured(world: World) -> list[tuple[Endpoint, list[Flow]]]:
    """The plugged ports with port security, each with the flows of its chassis."""
    compiler = compiled(world)
    endpoints = (compiler.store.get(Endpoint, key) for key in compiler.store.keys(Endpoint))
    return [(one, list(compiler.catalogue.flows(one.chassis))) for one in endpoints if one and one.port_security]


@given(worlds())
@settings(max_examples=25)
def test_no_way_leads_out_from_a_port_that_avoids_the_check_of_its_source(world: World) -> None:
    for endpoint, standing in secured(world):
        assert unchecked_outputs(standing, endpoint.ofport) == set()


def test_a_way_round_the_check_would_be_found() -> None:
    endpoint, standing = secured(small_world())[0]
    around = CLASSIFY.flow(Here(endpoint.chassis), "port", {f.IN_PORT: endpoint.ofport}, [NEIGHBOUR.goto])
    assert unchecked_outputs([*standing, around], endpoint.ofport) == {
        "DELIVER",
        "FLOOD_HERE",
        "PUNT",
        "REPLY",
    }


@given(worlds())
@settings(max_examples=25)
def test_no_packet_has_two_fates(world: World) -> None:
    compiler = compiled(world)
    assert compiler.bugs == []
    for host in compiler.store.keys(Chassis):
        assert clashes(compiler.catalogue.flows(host)) == []


def test_no_place_is_asked_for_by_flows_for_different_sets_of_chassis(known: list[Flow]) -> None:
    kinds: dict[Slot, set[type]] = defaultdict(set)
    for flow in known:
        kinds[flow.slot].add(type(flow.scope))
    assert all(len(kind) == 1 for kind in kinds.values())


def of_conjunction(flow: Flow) -> bool:
    """Whether it is a clause, or what is done where all clauses are met."""
    return f.CONJ_ID in terms(flow) or any(isinstance(one, Conjunction) for one in flow_actions(flow.instructions))


def test_what_stands_for_some_chassis_matches_what_they_are_told_by(known: list[Flow]) -> None:
    """A network, a router or a realm of theirs, or a guard or a course, of which the low bits say how far it is.

    Clauses of a conjunction are that only together: one of them names the machines.
    """
    for flow in known:
        if isinstance(flow.scope, Hosts) and not of_conjunction(flow):
            found = terms(flow)
            owners = OWNERS.get(TABLE_NAMES[flow.table], {r.NETWORK, r.ROUTER, r.REALM})
            owner = next(found[of] for of in owners if of in found)
            free = {r.GUARD: MOST_STAGES - 1, r.COURSE: owner.field.all_ones & ~r.ANY_STEP}.get(owner.field, 0)
            assert owner.mask | free == owner.field.all_ones
