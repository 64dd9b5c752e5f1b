"""No packet of a port goes on, and none reaches one, without having been asked about."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from apps import registers as r
from apps.fabric_tables import PATHS, STEER
from apps.pipeline import CLASSIFY, DELIVER, DESTINATION, ROUTER_IN, TABLE_NAMES
from apps.policy_tables import EGRESS, INGRESS, INGRESS_STATE, INGRESS_VERDICT, RULES
from controller.courses import Middlebox
from controller.derived import HOST_LINK, Endpoint
from controller.entities import Chassis, Interface
from controller.flow import actions as act
from controller.flow import fields as f
from controller.flow.codec import flow_actions
from controller.flow.flow import Flow, Here
from controller.policy.derived import Standing
from tests.apps.reading import OUTPUT, clashes, goes, terms
from tests.compiled import Watched, compiled
from tests.guarded_worlds import guarded_world
from tests.random_worlds import worlds
from tests.routed_worlds import routed_world
from tests.steered_worlds import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.worlds import World

KNOWN = (guarded_world(), routed_world(), whole())
ASKING = {INGRESS.name, INGRESS_STATE.name, INGRESS_VERDICT.name}


def written(flow: Flow, register: f.Field) -> set[int]:
    """What a flow writes into a register."""
    actions = flow_actions(flow.instructions)
    return {one.value for one in actions if isinstance(one, act.SetField) and one.field is register}


def unasked(flows: Iterable[Flow], in_port: int) -> set[str]:
    """The tables where a packet that came in by this port may leave without ever having been in EGRESS."""
    tables: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        came = terms(flow).get(f.IN_PORT)
        if came is None or came.value == in_port:
            tables[TABLE_NAMES[flow.table]].append(flow)
    found: set[str] = set()
    seen: set[tuple[str, int]] = set()
    ahead = [(CLASSIFY.name, r.DELIVERY)]
    while ahead:
        place = table, lookup = ahead.pop()
        if place in seen or table == EGRESS.name:
            continue
        seen.add(place)
        for flow in met(tables[table], lookup):
            then = max(written(flow, r.LOOKUP), default=lookup)
            found |= {table} if OUTPUT in goes(flow) else set()
            ahead += [(there, then) for there in goes(flow) - {OUTPUT}]
    return found


def met(flows: Iterable[Flow], lookup: int) -> Iterator[Flow]:
    """The flows of a table that packets with this LOOKUP may meet: none below one that takes them all."""
    for flow in sorted(flows, key=lambda one: -one.priority):
        asked = terms(flow).get(r.LOOKUP)
        if asked is None or asked.value == lookup:
            yield flow
            if terms(flow).keys() <= {r.LOOKUP, f.IN_PORT}:
                return


def endpoints(compiler: Watched) -> list[Endpoint]:
    """Whatever is plugged in."""
    found = (compiler.store.get(Endpoint, key) for key in compiler.store.keys(Endpoint))
    return [one for one in found if one is not None]


def sent_on(world: World) -> None:
    """What a port sends before it is asked about are answers to it, and copies for the daemon."""
    compiler = compiled(world)
    for endpoint in endpoints(compiler):
        assert unasked(compiler.catalogue.flows(endpoint.chassis), endpoint.ofport) <= {"REPLY", "PUNT"}


def given_unasked(world: World) -> list[Flow]:
    """The flows that give a machine something without asking about it."""
    compiler = compiled(world)
    plugged = {(one.chassis, one.ofport): one for one in endpoints(compiler)}
    found = []
    for host in compiler.store.keys(Chassis):
        for flow in compiler.catalogue.flows(host):
            straight = [plugged[host, at] for at in outputs(flow) if (host, at) in plugged]
            if any((host, at) in plugged for at in written(flow, r.OUT_PORT)):
                wrong = goes(flow) - {OUTPUT} not in ({INGRESS.name}, {STEER.name})
            else:
                wrong = local(flow) and not to_no_machine(compiler, host, flow)
            if wrong or any(guards(compiler, endpoint, flow) for endpoint in straight):
                found.append(flow)
    return found


def local(flow: Flow) -> bool:
    """Whether a flow has DELIVER look for a port here; below the flow that asks about all such packets none does."""
    asked = TABLE_NAMES[flow.table] in ASKING
    below = flow.table == PATHS.number and flow.priority < PATHS.priorities["local"]
    return DELIVER.name in goes(flow) and not asked and not below and not (written(flow, r.VIA) - {r.LOCALLY})


def to_no_machine(compiler: Watched, host: str, flow: Flow) -> bool:
    """Whether a flow gives something to the host itself, by its link to nat networks, or to a middlebox."""
    link = compiler.store.get(Interface, f"{host}/{HOST_LINK}")
    boxes = [compiler.store.get(Middlebox, key) for key in compiler.store.keys(Middlebox)]
    others = {box.ofport for box in boxes if box is not None and box.chassis == host}
    return written(flow, r.OUT_PORT) <= others | ({link.ofport} if link else set()) and bool(written(flow, r.OUT_PORT))


def test_what_is_steered_and_stays_here_is_asked_about() -> None:
    compiler = compiled(whole())
    for host in compiler.store.keys(Chassis):
        flows = list(compiler.catalogue.flows(host))
        assert {place for flow in flows if flow.table == STEER.number for place in goes(flow)} == {PATHS.name}
        stays = (PATHS.number, PATHS.priorities["local"])
        (here,) = [flow for flow in flows if (flow.table, flow.priority) == stays]
        assert terms(here).keys() == {r.VIA}
        assert goes(here) == {INGRESS.name}


def outputs(flow: Flow) -> list[int]:
    return [one.port for one in flow_actions(flow.instructions) if isinstance(one, act.Output)]


def guards(compiler: Watched, endpoint: Endpoint, flow: Flow) -> bool:
    """Whether a port's guard would have had to be asked about what a flow gives it."""
    standing = compiler.store.get(Standing, endpoint.key)
    kind = terms(flow).get(f.ETH_TYPE)
    return bool(standing and standing.ingress) and (kind is None or kind.value != f.ETH_ARP)


@pytest.mark.parametrize("world", KNOWN, ids=["guarded", "routed", "steered"])
def test_no_way_leads_on_from_a_port_or_to_one_that_avoids_the_stages(world: World) -> None:
    sent_on(world)
    assert given_unasked(world) == []


@given(worlds())
@settings(max_examples=15)
def test_no_way_does_so_in_any_world(world: World) -> None:
    sent_on(world)
    assert given_unasked(world) == []


def test_ways_round_the_stages_would_be_found() -> None:
    here = Here("hv1")
    compiler = compiled(guarded_world())
    straight = CLASSIFY.flow(here, "port", {f.IN_PORT: 1, f.VLAN: 0}, [ROUTER_IN.goto])
    assert "DELIVER" in unasked([*compiler.catalogue.flows("hv1"), straight], 1)
    past = DESTINATION.flow(here, "local", {f.ETH_DST: 1}, [act.set_field(r.OUT_PORT, 1), DELIVER.goto])
    assert local(past)
    assert not to_no_machine(compiler, "hv1", past)


def test_under_policies_too_no_packet_has_two_fates() -> None:
    compiler = compiled(guarded_world())
    flows = compiler.catalogue.flows("hv1")
    deciding = [
        flow for flow in flows if not any(isinstance(one, act.Conjunction) for one in flow_actions(flow.instructions))
    ]
    assert deciding
    assert clashes(deciding) == []


def test_clauses_are_of_one_stage_and_have_a_verdict_there() -> None:
    compiler = compiled(guarded_world())
    stated: set[tuple[int, int, int]] = set()
    decided: set[tuple[int, int, int]] = set()
    for flow in compiler.catalogue.flows("hv1"):
        if flow.table == RULES.number:
            found, stage = terms(flow), terms(flow)[r.GUARD].value
            clauses = [one for one in flow_actions(flow.instructions) if isinstance(one, act.Conjunction)]
            stated |= {(stage, flow.priority, one.number) for one in clauses}
            decided |= {(stage, flow.priority, found[f.CONJ_ID].value)} if f.CONJ_ID in found else set()
    assert stated == decided != set()
