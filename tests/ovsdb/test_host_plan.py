"""A host that is as wanted gets no operation; what is wrong is mended, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ovsdb.host_plan import Observed, ObservedBridge, ObservedController, Wanted, plan
from ovsdb.own_ports import ObservedPort

TARGET = "tcp:198.18.0.1:6653"
WANTED = Wanted(openflow_port=6653, advertise=(TARGET,), encaps=("vxlan", "gre"))
CONTROLLER = ObservedController("c1", TARGET, "out-of-band", 1000, 5000)
FLOW = (("key", "flow"), ("local_ip", "flow"), ("remote_ip", "flow"))
VXLAN = ObservedPort("nl-vxlan", "p1", "i1", "b1", "vxlan", FLOW, 65001)
GRE = ObservedPort("nl-gre", "p3", "i3", "b1", "gre", FLOW, 65003)
BRIDGE = ObservedBridge(
    uuid="b1",
    name="br-int",
    fail_mode="secure",
    datapath_type="system",
    datapath_id="00000000000000aa",
    other_config={"disable-in-band": "true", "datapath-id": "00000000000000aa", "somebody": "else's"},
    protocols=frozenset({"OpenFlow13", "OpenFlow15"}),
    controllers=(CONTROLLER,),
)
OTHER = replace(BRIDGE, uuid="b2", name="s1", fail_mode=None, other_config={}, controllers=())
RIGHT = Observed("s", "hv1", True, frozenset({"system", "netdev"}), (BRIDGE, OTHER), (VXLAN, GRE))  # noqa: FBT003
NEXT = {"op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]]}
B1 = [["_uuid", "==", ["uuid", "b1"]]]


def with_bridge(**changes: Any) -> Observed:
    return replace(RIGHT, bridges=(replace(BRIDGE, **changes), OTHER))


def rows_of(observed: Observed, table: str) -> list[dict[str, Any]]:
    return [
        operation["row"] for operation in plan(observed, WANTED) if operation["table"] == table and "row" in operation
    ]


def test_nothing_is_sent_where_all_is_right() -> None:
    assert plan(RIGHT, WANTED) == ()


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({"fail_mode": None}, {"fail_mode": "secure"}),
        ({"fail_mode": "standalone"}, {"fail_mode": "secure"}),
        (
            {"other_config": {"datapath-id": "1", "x": "y"}},
            {"other_config": ["map", [["datapath-id", "1"], ["disable-in-band", "true"], ["x", "y"]]]},
        ),
        (
            {"other_config": {"disable-in-band": "true"}},
            {"other_config": ["map", [["datapath-id", "00000000000000aa"], ["disable-in-band", "true"]]]},
        ),
    ],
)
def test_one_wrong_column_is_the_only_one_written(changes: dict[str, Any], row: dict[str, Any]) -> None:
    update = {"op": "update", "table": "Bridge", "where": B1, "row": row}
    assert plan(with_bridge(**changes), WANTED) == (update, NEXT)


def test_protocols_are_added_to_those_that_somebody_wanted() -> None:
    (row,) = rows_of(with_bridge(protocols=frozenset({"OpenFlow13"})), "Bridge")
    assert "OpenFlow15" in row["protocols"][1]
    assert "OpenFlow13" in row["protocols"][1]


def test_a_right_controller_is_kept_while_others_go_and_come() -> None:
    twin = replace(CONTROLLER, uuid="c2")
    stranger = replace(CONTROLLER, uuid="c3", target="tcp:192.0.2.1:6633")
    second = replace(WANTED, advertise=(TARGET, "tcp:198.18.0.2:6653"))
    operations = plan(with_bridge(controllers=(CONTROLLER, twin, stranger)), second)
    mutations = [operation["mutations"][0] for operation in operations if operation["table"] == "Bridge"]
    assert mutations == [
        ["controller", "delete", ["uuid", "c2"]],
        ["controller", "delete", ["uuid", "c3"]],
        ["controller", "insert", ["named-uuid", "controller1"]],
    ]


def test_a_controller_with_wrong_timing_is_mended_in_place() -> None:
    slow = replace(CONTROLLER, max_backoff=8000)
    where = [["_uuid", "==", ["uuid", "c1"]]]
    update = {"op": "update", "table": "Controller", "where": where, "row": {"max_backoff": 1000}}
    assert plan(with_bridge(controllers=(slow,)), WANTED) == (update, NEXT)


def test_a_new_bridge_has_its_controllers_from_the_first_moment() -> None:
    operations = plan(replace(RIGHT, bridges=(OTHER,), ports=()), WANTED)
    inserted = {operation["table"]: operation["row"] for operation in operations if operation["op"] == "insert"}
    assert inserted["Bridge"]["controller"] == ["set", [["named-uuid", "controller0"]]]
    assert inserted["Bridge"]["ports"] == [
        "set",
        [["named-uuid", name] for name in ("local", "port_nl_vxlan", "port_nl_gre")],
    ]
    assert inserted["Bridge"]["fail_mode"] == "secure"
    assert [operation["table"] for operation in operations if operation["op"] == "mutate"] == ["Open_vSwitch"] * 2


@pytest.mark.parametrize(
    ("others", "types", "chosen"),
    [
        ((), ("system", "netdev"), "system"),
        ((), (), "system"),
        ((), ("netdev",), "netdev"),
        ((replace(OTHER, datapath_type="netdev"),), ("system", "netdev"), "netdev"),
        ((replace(OTHER, datapath_type=""),), ("system", "netdev"), "system"),
        ((replace(OTHER, datapath_type="netdev", datapath_id=None),), ("system", "netdev"), "system"),
    ],
)
def test_the_datapath_is_chosen_by_what_works_here(
    others: tuple[ObservedBridge, ...], types: tuple[str, ...], chosen: str
) -> None:
    observed = replace(RIGHT, bridges=others, datapath_types=frozenset(types), ports=())
    (row,) = rows_of(observed, "Bridge")
    assert row["datapath_type"] == chosen


def test_userspace_is_taken_only_after_the_kernel_was_tried() -> None:
    untried = with_bridge(datapath_id=None)
    assert rows_of(replace(untried, settled=False), "Bridge") == []
    assert rows_of(untried, "Bridge") == [{"datapath_type": "netdev"}]
    assert "datapath_type" not in rows_of(with_bridge(datapath_id=None, fail_mode=None), "Bridge")[0]
    assert plan(with_bridge(datapath_id=None, datapath_type="netdev"), WANTED) == ()


def test_tunnels_are_made_mended_and_removed() -> None:
    made = plan(replace(RIGHT, ports=(VXLAN,)), WANTED)
    assert [operation["row"]["name"] for operation in made if operation["op"] == "insert"] == ["nl-gre", "nl-gre"]
    wrong = replace(GRE, ofport_request=None, options=(("remote_ip", "192.0.2.1"),))
    (row,) = rows_of(replace(RIGHT, ports=(VXLAN, wrong)), "Interface")
    assert row["ofport_request"] == 65003
    removed = plan(RIGHT, replace(WANTED, encaps=("vxlan",)))
    assert removed[0]["mutations"] == [["ports", "delete", ["uuid", "p3"]]]


def test_a_port_of_our_name_on_another_bridge_is_left_alone() -> None:
    taken = replace(RIGHT, ports=(VXLAN, replace(GRE, bridge="b2", type="system")))
    assert plan(taken, WANTED) == ()
    assert plan(taken, replace(WANTED, encaps=("vxlan",))) == ()
    assert "gre" not in str(plan(replace(taken, bridges=(OTHER,)), WANTED))


@pytest.mark.parametrize(
    ("protocols", "controllers", "raised"),
    [
        ({"OpenFlow13"}, (CONTROLLER,), True),
        ({"OpenFlow13"}, (), False),
        ({"OpenFlow13", "OpenFlow15"}, (CONTROLLER,), False),
        (set(), (CONTROLLER,), False),
    ],
)
def test_other_bridges_are_raised_only_where_they_ask_for_us(
    protocols: set[str],
    controllers: tuple[ObservedController, ...],
    raised: bool,  # noqa: FBT001 - a row of the table
) -> None:
    other = replace(OTHER, protocols=frozenset(protocols), controllers=controllers)
    operations = plan(replace(RIGHT, bridges=(BRIDGE, other)), WANTED)
    assert bool(operations) == raised
    if raised:
        assert operations[0]["mutations"] == [["protocols", "insert", "OpenFlow15"]]
