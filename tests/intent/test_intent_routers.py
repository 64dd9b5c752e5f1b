"""A router that cannot be is refused with the field that is wrong, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, bridged, network, project, router

A, B = "10.1.0.0/24", "10.2.0.0/24"
OUT = "192.0.2.0/24"
BASE = (project(), network("a", A), network("b", B), bridged("public", OUT))
PUBLIC = {"network": "public"}


def to(block: str, *via: str) -> dict[str, Any]:
    """A router's static route."""
    return {"routes": [{"to": block, "via": list(via)}]}


@pytest.mark.parametrize(
    ("document", "pointer", "words"),
    [
        (router("r", "a", "a"), "/spec/interfaces/1/network", "network a is given twice"),
        (router("r", "public", external=PUBLIC), "/spec/external/network", "one of the interfaces already"),
        (router("r", "internal"), "/spec/interfaces/0/network", "is internal; routers join networks that are overlay"),
        (router("r", "public"), "/spec/interfaces/0/network", "network public is bridged"),
        (router("r", "natted"), "/spec/interfaces/0/network", "network natted is nat"),
        (router("r", external={"network": "a"}), "/spec/external/network", "network a is overlay; routers leave by"),
        (router("r", external={"network": "hosts"}), "/spec/external/network", "network hosts is host-only"),
        (router("r", ("a", "10.2.0.9")), "/spec/interfaces/0/address", "outside the network's subnets (10.1.0.0/24)"),
        (router("r", ("a", "10.1.0.255")), "/spec/interfaces/0/address", "network or the broadcast"),
        (router("r", ("hosts", "10.8.0.1")), "/spec/interfaces/0/address", "the hosts' own on host-only network"),
        (router("r", external=PUBLIC | {"address": "10.1.0.9"}), "/spec/external/address", "outside the network's"),
        (
            router("r", external=PUBLIC | {"address": "192.0.2.1"}),
            "/spec/external/address",
            "address 192.0.2.1 is the gateway of Network acme/public",
        ),
        (router("r", external={"network": "natted", "address": "10.7.0.9"}), "/spec/external/address", "nat network"),
        (router("r", "a", "wide"), "/spec/interfaces/1/network", "10.1.0.0/16 of network wide overlaps 10.1.0.0/24"),
        (router("r", "wide", "b", "a"), "/spec/interfaces/2/network", "of network a overlaps 10.1.0.0/16"),
        (router("r", "twin", external=PUBLIC), "/spec/external/network", "192.0.2.0/24 of network public overlaps"),
        (router("r", external=PUBLIC | {"port_range": "2000-1000"}), "/spec/external/port_range", "backwards"),
        (router("r", external=PUBLIC | {"port_range": "0-1000"}), "/spec/external/port_range", "no port 0;"),
        (router("r", external=PUBLIC | {"port_range": "1024-65536"}), "/spec/external/port_range", "no port 65536"),
        (router("r", external=PUBLIC | {"port_range": "1024-67890"}), "/spec/external/port_range", "no port 67890"),
        (router("r", external=PUBLIC | {"port_range": 1024}), "/spec/external/port_range", "range of ports like"),
        (router("r", "a", **to("10.9.0.0/16", "10.3.0.1")), "/spec/routes/0/via/0", "outside every subnet"),
        (router("r", "a", **to("10.9.0.0/16", "10.1.0.255")), "/spec/routes/0/via/0", "outside every subnet"),
        (router("r", "a", **to("10.9.0.0/16", "10.1.0.1")), "/spec/routes/0/via/0", "the router's own address"),
        (router("r", "a", **to("10.9.0.0/16", "fd00::1")), "/spec/routes/0/via/0", "it is not IPv4"),
        (router("r", "a", **to("10.9.0.0/16", "10.1.0.5", "10.1.0.5")), "/spec/routes/0/via/1", "given twice"),
        (router("r", "a", **to("10.9.0.0/16")), "/spec/routes/0/via", "at least 1"),
        (router("r", "a", **to("10.1.0.0/24", "10.1.0.5")), "/spec/routes/0/to", "which the router is connected to"),
        (router("r", "a", **to("10.1.0.128/25", "10.1.0.5")), "/spec/routes/0/to", "in subnet 10.1.0.0/24"),
        (router("r", "a", **to("10.9.0.1/16", "10.1.0.5")), "/spec/routes/0/to", "did you mean 10.9.0.0/16?"),
        (router("r", "a", **to("224.0.0.0/4", "10.1.0.5")), "/spec/routes/0/to", "multicast"),
        (
            router("r", "a", external=PUBLIC, **to("0.0.0.0/0", "10.1.0.5")),
            "/spec/routes/0/to",
            "leads out by the external network's gateway already",
        ),
        (
            router("r", "a", external={"network": "natted"}, **to("::/0", "fd00::5")),
            "/spec/routes/0/to",
            "leads out by the external network's gateway already",
        ),
        (
            router("r", "a", routes=[{"to": "10.9.0.0/16", "via": ["10.1.0.5"]}] * 2),
            "/spec/routes/1/to",
            "10.9.0.0/16 is given twice",
        ),
        (router("r", helpers=["sip"]), "/spec/helpers/0", "'ftp'"),
        (router("r", helpers=["ftp", "ftp"]), "/spec/helpers", "at most 1"),
        (router("r", colour="red"), "/spec/colour", "unknown field"),
    ],
)
def test_a_contradiction_names_its_field(office: Desk, document: dict[str, Any], pointer: str, words: str) -> None:
    office.apply(
        *BASE,
        network("internal", mode="internal"),
        network("natted", "10.7.0.0/24", mode="nat"),
        network("hosts", "10.8.0.0/24", mode="host-only"),
        network("wide", "10.1.0.0/16"),
        network("twin", "192.0.2.128/25"),
    )
    errors = office.refused(document)
    assert words in errors[f"/0{pointer}"], errors


@pytest.mark.parametrize(
    ("arrival", "words"),
    [
        (network("b", "10.1.0.128/25"), "10.1.0.128/25 of network b overlaps 10.1.0.0/24 of network a"),
        (network("b", "10.3.0.0/24"), "10.2.0.9 is outside the network's subnets"),
        (network("b", B, mode="internal"), "network b is internal"),
    ],
)
def test_a_network_cannot_come_that_a_waiting_router_contradicts(
    office: Desk, arrival: dict[str, Any], words: str
) -> None:
    office.apply(project(), network("a", A), router("r", "a", ("b", "10.2.0.9")))
    found = [error for error in office.refused(arrival).values() if words in error]
    assert found
    assert found[0].startswith("Router acme/r: ")


def test_a_next_hop_is_judged_when_all_networks_are_there(office: Desk) -> None:
    asked = router("r", "a", "b", routes=[{"to": "10.9.0.0/16", "via": ["10.3.0.7"]}])
    office.apply(project(), network("a", A), asked)
    assert "next hop 10.3.0.7 is outside every subnet" in office.refused(network("b", B))["/0/spec"]
    office.apply(network("b", "10.3.0.0/24"))
