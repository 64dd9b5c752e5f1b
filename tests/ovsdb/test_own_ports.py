"""What intent needs of a host stands there as ports of ours, and goes with it; nobody else's port is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from controller.derived import HostForward, HostOrder, HostPort
from ovsdb.host_plan import Observed, ObservedBridge, Wanted, plan, usable_mappings
from ovsdb.own_ports import ObservedPort, Pairs, named

TARGET = "tcp:198.18.0.1:6653"
CONFIG = {"disable-in-band": "true", "datapath-id": "00000000000000aa"}
OURS = ObservedBridge("b1", "br-int", "secure", "netdev", "00000000000000aa", CONFIG, frozenset({"OpenFlow15"}), ())
OUTER = replace(OURS, uuid="b2", name="br-ex")
EMPTY = Observed("s", "hv1", True, frozenset({"netdev"}), (OURS, OUTER), (), encap_ip="198.19.0.11")  # noqa: FBT003
WEB = HostPort("nlh0123456789", "acme/web", "02:00:00:00:00:01", ("10.1.0.1/24", "fd00::1/64"), 1400)
ORDER = HostOrder(
    "hv1",
    ports=(WEB,),
    link=True,
    forwards=(HostForward("udp", (53, 53), "fd6e:6574:6c6f::7"), HostForward("tcp", (80, 90), "169.254.64.7")),
    watches=(("gw1", "198.19.0.12"),),
)
MARK: Pairs = (("netloom-physical-network", "outer"),)
LINK_MARKS = {
    "netloom-link": "true",
    "netloom-addresses": "169.254.64.1/18 fd6e:6574:6c6f::1/64",
    "netloom-forwards": "tcp:80-90:169.254.64.7 udp:53:fd6e:6574:6c6f::7",
}


def wanted(order: HostOrder = HostOrder("hv1"), *, known: bool = True) -> Wanted:  # noqa: B008 - a frozen value
    return Wanted(6653, advertise=(), encaps=(), order=order, known=known)


def carried_out(observed: Observed, asked: Wanted) -> Observed:
    """The host after the operations of one plan, as ovsdb-server would do them."""
    ports = {port.port: port for port in observed.ports}
    interfaces: dict[str, dict[str, Any]] = {}
    for operation in plan(observed, asked):
        match operation:
            case {"op": "insert", "table": "Interface", "uuid-name": uuid, "row": row}:
                interfaces[uuid] = row
            case {"op": "insert", "table": "Port", "uuid-name": uuid, "row": row}:
                ports[uuid] = made(uuid, row["interfaces"][1], interfaces[row["interfaces"][1]])
            case {"table": "Bridge", "where": [[_, _, [_, bridge]]], "mutations": [["ports", "insert", [_, uuid]]]}:
                ports[uuid] = replace(ports[uuid], bridge=bridge)
            case {"table": "Bridge", "mutations": [["ports", "delete", [_, uuid]]]}:
                del ports[uuid]
            case {"op": "update", "table": "Interface", "where": [[_, _, [_, uuid]]], "row": row}:
                ports = {key: replace(p, **plain(row)) if p.interface == uuid else p for key, p in ports.items()}
            case {"op": "mutate", "table": "Interface", "where": [[_, _, [_, uuid]]], "mutations": [gone, come]}:
                ports = {
                    key: marked(p, gone[2][1], come[2][1]) if p.interface == uuid else p for key, p in ports.items()
                }
    return replace(observed, ports=tuple(sorted(ports.values(), key=lambda port: port.name)))


def made(port: str, interface: str, row: dict[str, Any]) -> ObservedPort:
    columns = plain(row)
    return ObservedPort(columns.pop("name"), port, interface, "", **columns)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(tuple(p) for p in v[1]) if isinstance(v, list) else v for k, v in row.items()}


def marked(port: ObservedPort, gone: list[str], come: list[list[str]]) -> ObservedPort:
    kept = {key: value for key, value in port.external_ids if key not in gone}
    return replace(port, external_ids=tuple(sorted((kept | dict(come)).items())))  # type: ignore[arg-type]


def by_name(observed: Observed) -> dict[str, ObservedPort]:
    return {port.name: port for port in observed.ports}


def test_what_is_ordered_is_made_once_and_goes_when_it_is_no_longer_ordered() -> None:
    after = carried_out(EMPTY, wanted(ORDER))
    assert sorted(by_name(after)) == ["nl-host", named("nlb", "gw1"), "nlh0123456789"]
    assert plan(after, wanted(ORDER)) == ()
    assert carried_out(after, wanted()).ports == ()


def test_the_hosts_link_says_what_the_host_has_to_do() -> None:
    link = by_name(carried_out(EMPTY, wanted(ORDER)))["nl-host"]
    assert (link.type, link.mac, link.mtu_request) == ("internal", "02:6e:65:74:6c:6f", 1500)
    assert dict(link.external_ids) == LINK_MARKS
    assert link.bridge == "b1"


def test_a_port_on_a_network_has_its_gateways() -> None:
    port = by_name(carried_out(EMPTY, wanted(ORDER)))["nlh0123456789"]
    assert (port.type, port.mac, port.mtu_request) == ("internal", "02:00:00:00:00:01", 1400)
    assert dict(port.external_ids) == {"netloom-addresses": "10.1.0.1/24 fd00::1/64", "netloom-network": "acme/web"}


def test_a_gateway_is_watched_by_a_tunnel_of_its_own() -> None:
    port = by_name(carried_out(EMPTY, wanted(ORDER)))[named("nlb", "gw1")]
    assert dict(port.options) == {"key": "16777214", "local_ip": "198.19.0.11", "remote_ip": "198.19.0.12"}
    assert dict(port.bfd) == {"enable": "true", "min_tx": "100", "min_rx": "100"}
    assert dict(port.external_ids) == {"netloom-peer": "gw1"}


def test_a_host_without_a_tunnel_address_watches_nobody() -> None:
    after = carried_out(replace(EMPTY, encap_ip=None), wanted(ORDER))
    assert sorted(by_name(after)) == ["nl-host", "nlh0123456789"]


def test_a_gateway_that_moves_is_watched_where_it_is() -> None:
    moved = replace(ORDER, watches=(("gw1", "198.19.0.99"),))
    after = carried_out(carried_out(EMPTY, wanted(ORDER)), wanted(moved))
    assert dict(by_name(after)[named("nlb", "gw1")].options)["remote_ip"] == "198.19.0.99"
    assert plan(after, wanted(moved)) == ()


def test_what_the_host_answered_goes_when_it_is_told_something_else() -> None:
    before = carried_out(EMPTY, wanted(ORDER))
    answered = tuple(replace(p, external_ids=(*p.external_ids, ("netloom-state", "ok"))) for p in before.ports)
    before = replace(before, ports=answered)
    assert plan(before, wanted(ORDER)) == ()
    after = carried_out(before, wanted(replace(ORDER, forwards=())))
    link = dict(by_name(after)["nl-host"].external_ids)
    assert link == {key: value for key, value in LINK_MARKS.items() if key != "netloom-forwards"}
    assert dict(by_name(after)["nlh0123456789"].external_ids)["netloom-state"] == "ok"


@pytest.mark.parametrize(
    "change",
    [{"mac": "02:00:00:00:00:99"}, {"mtu_request": None}, {"type": ""}, {"external_ids": ()}],
)
def test_what_somebody_changed_is_mended(change: dict[str, Any]) -> None:
    whole = carried_out(EMPTY, wanted(ORDER))
    bent = replace(whole, ports=tuple(replace(p, **change) if p.name == "nl-host" else p for p in whole.ports))
    assert carried_out(bent, wanted(ORDER)) == whole


def test_what_somebody_added_stays() -> None:
    whole = carried_out(EMPTY, wanted(ORDER))
    more = tuple(replace(p, external_ids=(*p.external_ids, ("note", "mine"))) for p in whole.ports)
    assert plan(replace(whole, ports=more), wanted(ORDER)) == ()


def test_nothing_ordered_is_taken_away_before_orders_are_known() -> None:
    whole = carried_out(EMPTY, wanted(ORDER))
    assert plan(whole, wanted(known=False)) == ()
    assert carried_out(whole, wanted(known=True)).ports == ()


def test_a_port_that_is_only_called_like_ours_is_never_taken_away() -> None:
    names = ("nl-host", "nlh0123456789", "nlb0123456789", "nlp0123456789", "nlq0123456789")
    others = tuple(ObservedPort(name, f"p-{name}", f"i-{name}", "b1", "internal") for name in names)
    assert plan(replace(EMPTY, ports=others), wanted()) == ()


def test_each_mapped_bridge_is_patched_to_ours() -> None:
    mapped = replace(EMPTY, mappings="outer:br-ex")
    after = carried_out(mapped, wanted())
    ends = by_name(after)
    here, there = ends[named("nlp", "outer")], ends[named("nlq", "outer")]
    assert (here.bridge, there.bridge) == ("b1", "b2")
    assert (here.options, there.options) == ((("peer", there.name),), (("peer", here.name),))
    assert (here.type, there.type, here.external_ids, there.external_ids) == ("patch", "patch", MARK, MARK)
    assert plan(after, wanted()) == ()
    assert carried_out(replace(after, mappings=""), wanted(known=False)).ports == ()


def test_a_patch_moves_with_its_mapping() -> None:
    third = replace(OUTER, uuid="b3", name="br-b")
    before = carried_out(replace(EMPTY, bridges=(OURS, OUTER, third), mappings="outer:br-ex"), wanted())
    after = carried_out(replace(before, mappings="outer:br-b"), wanted())
    assert by_name(after)[named("nlq", "outer")].bridge == "b3"
    assert len(after.ports) == 2


@pytest.mark.parametrize(
    ("text", "held", "problem"),
    [
        ("", (), ""),
        ("outer:br-ex", (("outer", "br-ex"),), ""),
        (" outer:br-ex , outer:br-ex,", (("outer", "br-ex"),), ""),
        ("outer:br-ex,other:nowhere", (("outer", "br-ex"),), "there is no such bridge"),
        ("outer:br-int", (), "cannot be mapped to br-int itself"),
        ("outer:br-ex,outer:br-b", (("outer", "br-ex"),), "outer is mapped to br-ex already"),
        ("outer:br-ex,other:br-ex", (("outer", "br-ex"),), "both mapped to br-ex"),
        ("outer", (), "is not like"),
        (":br-ex", (), "is not like"),
        ("outer:", (), "is not like"),
        ("outer:br-k", (), "datapath_type=netdev"),
    ],
)
def test_a_mapping_that_cannot_be_is_told_and_the_others_hold(text: str, held: Pairs, problem: str) -> None:
    bridges = (OURS, OUTER, replace(OUTER, name="br-b"), replace(OUTER, name="br-k", datapath_type=""))
    found = usable_mappings(replace(EMPTY, bridges=bridges, mappings=text), "br-int")
    assert found.held == held
    assert len(found.problems) == bool(problem)
    assert problem in "".join(found.problems)
