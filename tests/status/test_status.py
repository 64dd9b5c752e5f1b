"""A status names the chassis that carry a thing, or the first thing that is in its way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.entities import Chassis, FloatingIp, Interface, Network, Port, PortForward, Router, Seat
from controller.links import Heading
from controller.status.networks import network_status
from controller.status.ports import port_status
from controller.status.routers import router_status
from controller.status.translations import floating_status, forward_status
from tests.fabric_worlds import fabric_world
from tests.routed_worlds import routed_world
from tests.status.settled import after, conditions, confirmed, entity, reason

if TYPE_CHECKING:
    from controller.core import Core

EDGE, FLOAT, HTTP, INSIDE = "acme/edge", "acme/float", "acme/http", "acme/inside"


@pytest.fixture
def core() -> Core:
    """One that has compiled the routed world."""
    return confirmed(routed_world().values())


def test_a_router_says_who_routes_and_who_leads_out(core: Core) -> None:
    status = router_status(core, EDGE, 0)
    assert (status["chassis"], status["seat"]) == (["hv1", "hv2"], "hv2")
    assert conditions(status) == {"Ready": (True, "Confirmed"), "Seated": (True, "Elected")}
    assert conditions(router_status(core, "acme/inner", 0)) == {"Ready": (True, "Confirmed")}


def test_a_router_without_a_seat_says_why(core: Core) -> None:
    after(core, [], (Seat, EDGE))
    status: Any = router_status(core, EDGE, 0)
    assert (status["seat"], conditions(status)["Seated"]) == (None, (False, "NoneInReach"))
    assert status["conditions"][1]["message"] == "none of hv1, hv2 is in reach"
    after(core, [replace(entity(core, Chassis, name), segments=()) for name in ("hv1", "hv2")])
    status = router_status(core, EDGE, 0)
    assert conditions(status)["Seated"] == (False, "NoSegment")
    assert "physical network p1" in status["conditions"][1]["message"]
    assert conditions(router_status(after(core, [], (Network, "acme/public")), EDGE, 0))["Seated"] == (
        False,
        "NetworkMissing",
    )


def test_a_router_that_leaves_by_a_nat_network_leaves_by_every_host(core: Core) -> None:
    edge = entity(core, Router, EDGE)
    after(core, [replace(edge, external=replace(edge.external, network="acme/natted"))], (Seat, EDGE))
    assert conditions(router_status(core, EDGE, 0))["Seated"] == (True, "EveryHost")


def test_a_router_that_joins_nothing_is_not_ready(core: Core) -> None:
    after(core, [replace(entity(core, Router, EDGE), interfaces=())])
    assert conditions(router_status(core, EDGE, 0))["Ready"] == (False, "NetworkMissing")


@pytest.mark.parametrize("kind", ["router", "floating", "forward", "port", "network"])
def test_what_a_chassis_has_not_confirmed_is_not_ready(core: Core, kind: str) -> None:
    hv2: Any = core.bridges["hv2"]
    hv2.away = True
    port = entity(core, Port, "acme/web-1")
    after(core, [replace(port, mac="02:00:00:00:0f:01"), replace(entity(core, Router, EDGE), mac="02:00:00:00:0f:02")])
    after(core, [replace(entity(core, FloatingIp, FLOAT), mac="02:00:00:00:0f:03")])
    after(
        core, [replace(entity(core, PortForward, HTTP), target=81), replace(entity(core, Network, "acme/web"), vni=9)]
    )
    status: Any = {
        "router": lambda: router_status(core, EDGE, 0),
        "floating": lambda: floating_status(core, FLOAT, 0),
        "forward": lambda: forward_status(core, HTTP, 0),
        "port": lambda: port_status(core, "acme/web-1", 0),
        "network": lambda: network_status(core, "acme/web", 0),
    }[kind]()
    assert conditions(status)["Ready"] == (False, "Programming")
    assert status["conditions"][0]["message"] == "chassis hv2 is not connected"
    hv2.away = False
    core.settle()


def test_a_floating_ip_says_who_translates(core: Core) -> None:
    status = floating_status(core, FLOAT, 0)
    assert (status["chassis"], status["router"]) == ("hv1", EDGE)
    assert conditions(status) == {"Ready": (True, "Confirmed")}


def test_what_is_in_a_floating_ip_s_way_is_told_first_things_first(core: Core) -> None:
    after(core, [replace(entity(core, FloatingIp, FLOAT), private_address="10.0.0.1")], (Seat, EDGE))
    bare = [replace(entity(core, Chassis, name), segments=()) for name in ("hv1", "hv2")]
    after(core, bare)
    assert reason(floating_status(core, FLOAT, 0)) == "NoSegment"
    after(core, [], (Router, EDGE))
    assert reason(floating_status(core, FLOAT, 0)) == "NoRouter"
    after(core, [replace(entity(core, FloatingIp, FLOAT), private_address=None)])
    assert reason(floating_status(core, FLOAT, 0)) == "NoAddress"
    after(core, [], (Interface, "hv1/tap-acme-web-1"))
    assert reason(floating_status(core, FLOAT, 0)) == "NotPlugged"
    after(core, [], (Port, "acme/web-1"))
    assert reason(floating_status(core, FLOAT, 0)) == "PortMissing"
    after(core, [], (FloatingIp, FLOAT))
    assert reason(floating_status(core, FLOAT, 0)) == "Incomplete"


def test_a_forward_says_where_its_port_is(core: Core) -> None:
    for key, chassis in ((HTTP, "hv2"), (INSIDE, "hv1")):
        status = forward_status(core, key, 0)
        assert (status["chassis"], conditions(status)) == (chassis, {"Ready": (True, "Confirmed")})


def test_what_is_in_a_forward_s_way_is_told_first_things_first(core: Core) -> None:
    after(core, [replace(entity(core, Port, "acme/web-2"), addresses=())])
    assert reason(forward_status(core, HTTP, 0)) == "NoAddress"
    after(core, [replace(entity(core, PortForward, HTTP), port="acme/nat-1")])
    assert reason(forward_status(core, HTTP, 0)) == "NotJoined"
    after(core, [], (Interface, "hv1/tap-acme-nat-1"))
    assert reason(forward_status(core, HTTP, 0)) == "NotPlugged"
    after(core, [], (Port, "acme/nat-1"))
    assert reason(forward_status(core, HTTP, 0)) == "PortMissing"
    after(core, [replace(entity(core, Router, EDGE), external=None)])
    assert reason(forward_status(core, HTTP, 0)) == "NoWayOut"
    after(core, [], (PortForward, HTTP))
    assert reason(forward_status(core, HTTP, 0)) == "Incomplete"


def test_a_network_is_where_its_ports_are(core: Core) -> None:
    assert network_status(core, "acme/web", 0)["chassis"] == ["hv1", "hv2"]
    assert network_status(core, "acme/natted", 0)["chassis"] == ["hv1"]


def test_the_flows_of_a_nat_network_s_door_are_the_network_s_own(core: Core) -> None:
    owners = {
        subject
        for flow in core.compiler.catalogue.flows("hv1")
        for node in core.compiler.catalogue.owners(flow)
        for subject in core.compiler.subjects(node)
    }
    assert {("Network", "acme/natted"), ("Router", EDGE), ("FloatingIP", FLOAT), ("PortForward", INSIDE)} <= owners
    assert not [owner for owner in owners if owner and (":" in owner[1] or "|" in owner[1] or "@" in owner[1])]


@pytest.mark.parametrize(("key", "way"), [("acme/web-1", "links"), ("acme/web-4", "tunnel")])
def test_a_port_says_by_what_others_reach_it(key: str, way: str) -> None:
    core = confirmed(fabric_world().values())
    status: Any = port_status(core, key, 0)
    assert (status["hops"][-1]["hop"], status["hops"][-1]["holds"]) == (way, True)


def test_a_bridge_that_no_link_leads_to_has_a_port_that_others_do_not_reach() -> None:
    core = after(confirmed(fabric_world().values()), [], (Heading, "s1"))
    status: Any = port_status(core, "acme/web-1", 0)
    assert (status["hops"][-1]["hop"], status["hops"][-1]["holds"]) == ("tunnel", False)
