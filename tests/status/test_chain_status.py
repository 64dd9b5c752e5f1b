"""A service chain says which middleboxes packets pass, and what is wrong with those that they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from controller.dead_ports import DeadPorts
from controller.entities import Interface, Port
from controller.links import DeadPort, ServiceChain
from controller.southbound.ports import PortDescription
from controller.status.chains import chain_status
from controller.status.ports import port_status
from tests.status.settled import after, conditions, confirmed
from tests.steered_worlds import chain, fabric, place_of
from tests.worlds import with_more

if TYPE_CHECKING:
    from controller.core import Core

GUARDED = chain(["fw", "fw2"], ["dpi"])
WORLD = with_more(fabric(), GUARDED)
FW2, DPI = place_of(WORLD, "fw2-out"), place_of(WORLD, "dpi-in")


@pytest.fixture
def core() -> Core:
    """One that has compiled a chain of two hops, the first of two instances."""
    return confirmed(WORLD.values())


def status(core: Core) -> dict[str, Any]:
    return chain_status(core, GUARDED.key, 0)


def message(core: Core, condition: str) -> str:
    return next(str(each["message"]) for each in status(core)["conditions"] if each["type"] == condition)


def test_a_chain_says_where_its_instances_are(core: Core) -> None:
    found = status(core)
    assert conditions(found) == {
        "Ready": (True, "Confirmed"),
        "Complete": (True, "EveryHop"),
        "InstancesAlive": (True, "AllAlive"),
    }
    first, second = found["hops"]
    assert [(one["in"], one["out"], one["chassis"]) for one in first["instances"]] == [
        ("fw-in", "fw-out", "s4"),
        ("fw2-in", "fw2-out", "s2"),
    ]
    assert (first["alive"], second["alive"]) == (2, 1)
    assert found["chassis"] == ["hv2", "s1", "s2", "s4"]


def test_a_dead_instance_is_told_and_the_chain_goes_on(core: Core) -> None:
    after(core, [DeadPort(FW2)])
    assert conditions(status(core))["Complete"] == (True, "EveryHop")
    assert conditions(status(core))["InstancesAlive"] == (False, "Dead")
    assert message(core, "InstancesAlive").startswith("port acme/fw2-out has no link: interface")
    (alive, dead) = status(core)["hops"][0]["instances"]
    assert (alive["alive"], alive["reason"]) == (True, None)
    assert (dead["alive"], "has no link" in dead["reason"]) == (False, True)


def test_a_hop_without_instances_is_told_with_what_becomes_of_packets(core: Core) -> None:
    after(core, [DeadPort(DPI)])
    assert conditions(status(core))["Complete"] == (False, "Dropped")
    assert message(core, "Complete") == "hop 2 has no instance alive: packets are dropped"
    after(core, [chain(["fw", "fw2"], ["dpi"], on_failure="bypass")])
    assert conditions(status(core))["Complete"] == (False, "Bypassed")


def test_what_is_wrong_with_a_port_is_told(core: Core) -> None:
    (place,) = core.compiler.store.where(Interface, "iface_id", "acme/fw-in")
    after(core, [], (Interface, place))
    assert message(core, "InstancesAlive") == "port acme/fw-in is not plugged in"
    after(core, [], (Port, "acme/fw-in"))
    assert message(core, "InstancesAlive") == "port acme/fw-in does not exist"


def test_a_chain_that_is_not_there_is_not_ready(core: Core) -> None:
    after(core, [], (ServiceChain, GUARDED.key))
    assert conditions(status(core)) == {"Ready": (False, "Incomplete")}


def test_a_middleboxs_port_says_whose_it_is(core: Core) -> None:
    found = port_status(core, "acme/fw-in", 0)
    assert (found["chassis"], found["service_chain"]) == ("s4", "guarded")
    assert conditions(found) == {"Ready": (True, "Confirmed"), "Bound": (True, "Plugged")}


def test_ports_without_a_link_are_dead_until_they_have_one() -> None:
    told: list[tuple[list[str], list[str]]] = []
    ports = DeadPorts(lambda news: told.append(([one.key for one in news.puts], [key for _, key in news.deletes])))
    ports.recall([DeadPort("s2/7")])
    ports.ports("s2", [PortDescription(7, "g", up=False)])
    ports.ports("s1", [PortDescription(1, "a"), PortDescription(2, "b", up=False)])
    ports.ports("s1", [PortDescription(1, "a", up=False), PortDescription(2, "b", up=False)])
    ports.ports("s1", [PortDescription(2, "b")])
    ports.ports("s1", [])
    assert told == [(["s1/2"], []), (["s1/1"], []), ([], ["s1/1", "s1/2"])]
