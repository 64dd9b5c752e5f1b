"""What a host answered is told of the networks that it serves, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.host_states import LINK, HostStates
from ovsdb.rows import InterfaceRow, Watch

ROW = InterfaceRow("nlh0123456789", 5, "internal", None, None, serves="acme/own", state="ok")
SHARED = InterfaceRow("nl-host", 6, "internal", None, None, serves=LINK, state="ok")
TAP = InterfaceRow("tap1", 7, "", "acme/web-1", None)


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
