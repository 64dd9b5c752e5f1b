"""The graph shows what is, after any history of what came and went."""

from __future__ import annotations

import networkx as nx
from hypothesis import given, settings

from controller.derived import Endpoint, Presence
from controller.entities import Chassis
from controller.links import Link
from tests.compiled import Watched, compiled
from tests.histories import History, after, histories, parted
from tests.worlds import World, plugged, small_world, with_more
from topology.graph import Topology

SHOWN = (Chassis, Presence, Endpoint)


def graph(world: World) -> Topology:
    """The topology of a world, made at once."""
    made, store = Topology(), compiled(world).store
    for kind in SHOWN:
        for key in list(store.keys(kind)):
            entity = store.get(kind, key)
            assert entity is not None
            made.put(entity)
    return made


def links() -> list[dict[str, object]]:
    """A tunnel, a wire that is down, and a link of which only something was said."""
    tunnel = {"name": "hv1-hv2", "kind": "tunnel", "between": ["hv1", "hv2"], "state": "up", "cost": 10}
    load = {"latency_ms": 0.2, "load_mbps": [1.5, 0.5], "capacity_mbps": None, "labels": {"row": "a"}}
    wire = {"name": "hv1-hv3", "kind": "wire", "between": ["hv1", "hv3"], "state": "down", "cost": 5, **load}
    return [tunnel, wire, {"name": "a-b", "kind": None, "between": None, "state": "absent"}]


def test_it_shows_who_is_where_and_which_hosts_share_networks() -> None:
    shown = graph(small_world())
    assert shown.tunnels() == [("hv1", "hv2", ("acme/db", "acme/web", "beta/web"))]
    assert ("port", "acme/web-1") in shown.graph["chassis", "hv1"]
    assert set(shown.graph["network", "acme/web"]) == {("chassis", "hv1"), ("chassis", "hv2")}


def test_json_says_it_in_words() -> None:
    told = graph(small_world()).as_json(links(), {"hv1": {"labels": {"row": "a"}, "flows": 9}})
    nodes, ways = told["nodes"], told["links"]
    assert isinstance(nodes, list)
    assert isinstance(ways, list)
    hv1 = {"kind": "chassis", "name": "hv1", "encap_ip": "192.0.2.1", "dpid": "00000000000000a1"}
    assert {**hv1, "labels": {"row": "a"}} in nodes
    assert {"kind": "plugged", "between": ["chassis/hv1", "port/acme/web-1"], "role": "host"} in ways
    assert {"kind": "present", "between": ["chassis/hv2", "network/beta/web"]} in ways
    assert [way for way in ways if way["kind"] in ("wire", "tunnel", None)] == [
        {**link, "role": "link"} for link in links() if link["kind"]
    ]


def test_graphml_is_what_other_tools_read() -> None:
    shown = graph(small_world())
    text = shown.as_graphml(links(), {"hv1": {"labels": {"row": "a"}, "maintenance": True}})
    read = nx.parse_graphml(text)
    assert set(read) == {":".join(node) for node in shown.graph} | {"chassis:hv3"}
    assert (read.nodes["chassis:hv3"]["kind"], read.nodes["port:acme/web-1"]["name"]) == ("chassis", "acme/web-1")
    assert read.edges["chassis:hv1", "port:acme/web-1"]["kind"] == "plugged"
    assert (read.nodes["chassis:hv1"]["labels"], read.nodes["chassis:hv1"]["maintenance"]) == ("row=a", True)
    wire = read.edges["chassis:hv1", "chassis:hv3"]
    assert (wire["name"], wire["cost"], wire["state"], wire["labels"]) == ("hv1-hv3", 5, "down", "row=a")
    assert (wire["load_there_mbps"], wire["load_back_mbps"], "capacity_mbps" in wire) == (1.5, 0.5, False)


def test_dot_draws_tunnels_dashed_and_what_is_down_red() -> None:
    shown = graph(small_world())
    dot = shown.as_dot(links(), {"hv1": {"labels": {"row": "a"}, "maintenance": True}}).splitlines()
    assert (dot[0], dot[-1]) == ("graph netloom {", "}")
    assert len(dot) == 2 + len(shown.graph) + 1 + shown.graph.number_of_edges() + 2
    drawn = {line.partition(" [")[0].strip(): line.partition(" [")[2].rstrip("];").split(", ") for line in dot[1:-1]}
    assert drawn['"chassis:hv1" -- "chassis:hv2"'][:2] == ['label="cost 10"', 'style="dashed"']
    down = '  "chassis:hv1" -- "chassis:hv3" [label="cost 5, 0.2 ms", color="red", '
    assert [line for line in dot if line.startswith(down) and 'labels="row=a"' in line]
    assert {'kind="chassis"', 'labels="row=a"', 'maintenance="true"'} <= set(drawn['"chassis:hv1"'])
    assert drawn['"chassis:hv1" -- "port:acme/web-1"'][-1] == 'kind="plugged"'


def test_dot_takes_whatever_a_host_calls_itself() -> None:
    dot = graph(with_more(small_world(), Chassis('a"] -- "\\', 0xA9))).as_dot((), {})
    assert '"chassis:a\\"] -- \\"\\\\" [' in dot


def test_a_link_is_an_edge_until_it_goes() -> None:
    shown = graph(small_world())
    shown.put(Link("hv2-hv1", ("hv2", "hv1"), ((1, 2),)))
    assert shown.graph.has_edge(("chassis", "hv1"), ("chassis", "hv2"))
    shown.delete(Link, "hv2-hv1")
    assert not shown.graph.has_edge(("chassis", "hv1"), ("chassis", "hv2"))


def test_bridges_without_an_address_have_no_tunnels() -> None:
    bare = Chassis("hv2", 0xA2)
    assert graph(with_more(small_world(), bare)).tunnels() == []


def test_a_port_that_moves_is_in_one_place() -> None:
    shown = graph(with_more(small_world(), plugged("acme/web-1", "hv2", 9, seen=1)))
    assert list(shown.graph["port", "acme/web-1"]) == [("chassis", "hv2")]


@given(histories())
@settings(max_examples=25)
def test_after_any_history_it_is_what_it_would_be_made_at_once(history: History) -> None:
    world, watched, shown = small_world(), Watched(), graph(small_world())
    watched.turn(world.values())
    for turn in history:
        world = after(world, [turn])
        for read in watched.run(*parted(turn)).changed:
            if read[0] != "get" or read[1] not in SHOWN:
                continue
            entity = watched.store.get(read[1], read[2])
            if entity is None:
                shown.delete(read[1], read[2])
            else:
                shown.put(entity)
    assert shown.as_json((), {}) == graph(world).as_json((), {})
