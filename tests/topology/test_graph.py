"""The graph shows what is, after any history of what came and went."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings

from controller.derived import Endpoint, Presence
from controller.entities import Chassis
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


def test_it_shows_who_is_where_and_which_hosts_share_networks() -> None:
    shown = graph(small_world())
    assert shown.tunnels() == [("hv1", "hv2", ("acme/db", "acme/web", "beta/web"))]
    assert ("port", "acme/web-1") in shown.graph["chassis", "hv1"]
    assert set(shown.graph["network", "acme/web"]) == {("chassis", "hv1"), ("chassis", "hv2")}


def test_json_says_it_in_words() -> None:
    told = graph(small_world()).as_json()
    nodes, links = told["nodes"], told["links"]
    assert isinstance(nodes, list)
    assert isinstance(links, list)
    assert {"kind": "chassis", "name": "hv1", "encap_ip": "192.0.2.1", "dpid": "00000000000000a1"} in nodes
    assert {"kind": "plugged", "between": ["chassis/hv1", "port/acme/web-1"]} in links
    assert {"kind": "present", "between": ["chassis/hv2", "network/beta/web"]} in links
    assert {"kind": "tunnel", "between": ["hv1", "hv2"], "networks": ["acme/db", "acme/web", "beta/web"]} in links


def test_graphml_and_dot_are_what_other_tools_read() -> None:
    shown = graph(small_world())
    nodes = ET.fromstring(shown.as_graphml()).iter("{http://graphml.graphdrawing.org/xmlns}node")  # noqa: S314 - our own
    assert {node.get("id") for node in nodes} == {":".join(node) for node in shown.graph}
    dot = shown.as_dot().splitlines()
    assert (dot[0], dot[-1]) == ("graph netloom {", "}")
    assert len(dot) == 2 + len(shown.graph) + shown.graph.number_of_edges()


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
    assert shown.as_json() == graph(world).as_json()
