"""What a host answered is told of the networks that it serves, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from apps.registry import INDEXES
from controller.derived import Endpoint
from controller.entities import Network
from controller.host_states import LINK, HostStates
from controller.status.hosts import with_hosts
from controller.store import Store
from ovsdb.rows import InterfaceRow, Watch

ROW = InterfaceRow("nlh0123456789", 5, "internal", None, None, serves="acme/own", state="ok")
SHARED = InterfaceRow("nl-host", 6, "internal", None, None, serves=LINK, state="ok")
TAP = InterfaceRow("tap1", 7, "", "acme/web-1", None)
NAT = Network("acme/lan", "u", "acme", "lan", "nat", 9, "vxlan", 1450, ())


def endpoint(key: str, chassis: str) -> Endpoint:
    mac, addresses = "02:00:00:00:00:01", ("10.1.0.2",)
    place = ("acme/lan", "acme/lan", "nat", 9, "vxlan", chassis, "tap1", 5)
    return Endpoint(key, *place, mac, addresses, (), (), port_security=True)  # type: ignore[arg-type]


def told(*rows: InterfaceRow, whole: bool = True) -> HostStates:
    states = HostStates()
    states.heard("hv1", rows, (), whole=whole)
    return states


def test_a_host_that_answered_ok_has_no_trouble() -> None:
    assert told(ROW, SHARED, TAP).trouble("hv1", "acme/own") is None
    assert told(ROW, SHARED, TAP).trouble("hv1", LINK) is None


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        (replace(ROW, state=None), "no netloom agent has answered"),
        (replace(ROW, state="nft is not installed"), "nft is not installed"),
        (replace(ROW, error="could not open network device"), "could not open"),
        (replace(ROW, serves="acme/else"), "not made yet"),
    ],
)
def test_what_is_missing_is_said(row: InterfaceRow, trouble: str) -> None:
    assert trouble in str(told(row).trouble("hv1", "acme/own"))
    assert "not made yet" in str(told(row).trouble("hv2", "acme/own"))


def test_a_network_is_not_served_before_every_host_that_has_it_has_answered() -> None:
    store = Store(INDEXES)
    for key, chassis in (("acme/a", "hv1"), ("acme/b", "hv2")):
        store.put(endpoint(key, chassis), set())
    store.put(NAT, set())
    core = SimpleNamespace(
        compiler=SimpleNamespace(store=store), readiness=SimpleNamespace(since=lambda _subject, started: started)
    )
    states = told(SHARED)
    status = with_hosts({"conditions": []}, core, states, "acme/lan", 0.0)  # type: ignore[arg-type]
    (condition,) = cast("list[dict[str, object]]", status["conditions"])
    assert (condition["type"], condition["status"], condition["reason"]) == ("HostsReady", False, "Waiting")
    assert condition["message"] == "chassis hv2: its port for the host is not made yet"
    states.heard("hv2", (SHARED,), (), whole=True)
    status = with_hosts({"conditions": []}, core, states, "acme/lan", 0.0)  # type: ignore[arg-type]
    (condition,) = cast("list[dict[str, object]]", status["conditions"])
    assert (condition["status"], condition["reason"]) == (True, "Done")
    store.put(replace(NAT, mode="overlay"), set())
    assert with_hosts({"conditions": []}, core, states, "acme/lan", 0.0) == {"conditions": []}  # type: ignore[arg-type]


def test_whom_a_host_watches_is_told() -> None:
    watching = InterfaceRow("nlb0123456789", 8, "vxlan", None, None, watch=Watch("gw1", "up"))
    assert told(ROW, watching).watches("hv1") == {"gw1": "up"}
    assert told(ROW).watches("hv1") == {}


def test_answers_are_those_of_the_last_report() -> None:
    states = told(replace(ROW, state=None), SHARED)
    states.heard("hv1", (ROW,), (), whole=False)
    states.left("hv1")
    assert states.trouble("hv1", "acme/own") is None
    states.heard("hv1", (), ("nlh0123456789",), whole=False)
    assert states.trouble("hv1", "acme/own") is not None
    assert states.trouble("hv1", LINK) is None
    states.heard("hv1", (ROW,), (), whole=True)
    assert states.trouble("hv1", LINK) is not None
