"""Nothing gets past a policy by looking like something else; and what looks odd but is allowed passes."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import pytest

from mininet_scenarios import exchange, policies, rest
from mininet_scenarios.command import until
from mininet_scenarios.forgery import target as addressee
from mininet_scenarios.isolation import gather, volley
from mininet_scenarios.lan import Lan, Place, settle
from mininet_scenarios.policies import labelled, rule
from mininet_scenarios.probe import ping
from mininet_scenarios.wire import Wire
from tests.system import evasions
from tests.system.pieces import lone, overlapping, pieces
from tests.system.way import OPEN, SHUT, Way, signed

if TYPE_CHECKING:
    from mininet_scenarios.lab import Lab
    from mininet_scenarios.vm import Vm

pytestmark = pytest.mark.system
TENANT = "evasion"
LAN = Lan(TENANT, "net", 65)
MACHINES = {"foe": 0, "friend": 0, "near": 0, "caged": 0, "wild": 0, "far": 1, "plain": 1}
"""By the number of their host. near and far let friend in at one port, caged lets out to friend at that port.

wild is free of port security: what it sends is not even looked at for being IP.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was sent, by who it was for, and what of it arrived there."""

    sent: dict[str, set[str]]
    arrived: dict[str, set[str]]

    def missing(self, target: str) -> list[str]:
        """What was sent to a machine and did not arrive."""
        return sorted(self.sent[target] - self.arrived[target])

    def found(self, target: str) -> list[str]:
        """What was sent to a machine and did."""
        return sorted(self.sent[target] & self.arrived[target])


@pytest.fixture(scope="session")
def vms(lab: Lab) -> dict[str, Vm]:
    """They stay as long as the lab: a worker may come back to this module."""
    hosts = list(lab.hypervisors.values())
    places = [
        Place(LAN, name, hosts[host], 11 + at, {"port_security": name != "wild"}, labels=labels(name))
        for at, (name, host) in enumerate(MACHINES.items())
    ]
    made = settle(lab, (rest.project(TENANT), LAN.resource, *asked_for()), *places)
    found = dict(zip(MACHINES, made, strict=True))
    assert ping(found["foe"], found["plain"].ipv4)  # Open vSwitch itself drops what asks first for a tunnel's neighbour
    return found


def labels(name: str) -> dict[str, str]:
    return {"name": name, "guarded": str(name in ("near", "far")).lower()}


def asked_for() -> list[dict[str, object]]:
    friend = labelled("name", "friend")
    kinds = ("tcp", "udp", "sctp")
    let_in = [rule("allow", friend, OPEN, protocol=protocol) for protocol in kinds]
    let_out = [rule("allow", friend, OPEN, protocol=protocol, way="to") for protocol in kinds]
    return [
        policies.policy(TENANT, "in", labelled("guarded", "true"), {"ingress": let_in}),
        policies.policy(TENANT, "out", labelled("name", "caged"), {"egress": let_out}),
    ]


def fired(vms: dict[str, Vm], frames: list[tuple[str, bytes]]) -> Seen:
    with ExitStack() as watched:
        arrived = volley([watched.enter_context(Wire(vm)) for vm in vms.values()], frames)
    names = {vm.name: name for name, vm in vms.items()}
    sent: dict[str, set[str]] = {name: set() for name in vms}
    for words, _ in frames:
        sent[names[addressee(words)]].add(words)
    return Seen(sent, {names[vm]: found for vm, found in arrived.items()})


def way(vms: dict[str, Vm], source: str, target: str, port: int = OPEN, first: int = 20_000) -> Way:
    return Way(vms[source], vms[target], port, first)


@pytest.mark.parametrize(("source", "target"), [("foe", "near"), ("foe", "far"), ("caged", "plain")])
def test_nothing_that_is_not_allowed_arrives_whatever_it_looks_like(
    vms: dict[str, Vm], source: str, target: str
) -> None:
    frames = list(evasions.evil(way(vms, source, target), vms["friend"]))
    seen = fired(vms, frames)
    assert len(seen.sent[target]) > 90
    assert seen.found(target) == []


@pytest.mark.parametrize(("source", "target"), [("friend", "near"), ("friend", "far"), ("caged", "friend")])
def test_what_is_allowed_arrives_in_all_its_forms(vms: dict[str, Vm], source: str, target: str) -> None:
    seen = fired(vms, list(evasions.good(way(vms, source, target))))
    assert seen.missing(target) == []


@pytest.mark.parametrize("target", ["near", "far"])
def test_what_is_said_to_all_is_heard_by_those_who_may(vms: dict[str, Vm], target: str) -> None:
    """Of a machine that may send to one other only, nobody hears it."""
    friend, caged = way(vms, "friend", target), way(vms, "caged", target)
    frames = [one for each in (friend, caged) for one in signed(each, evasions.to_all(each)).items()]
    assert fired(vms, frames).found(target) == sorted(signed(friend, evasions.to_all(friend)))


@pytest.mark.parametrize("target", ["near", "far"])
def test_who_is_let_in_at_one_port_comes_to_no_other(vms: dict[str, Vm], target: str) -> None:
    """Overlapping pieces and impossible segments for the open port, everything for another one."""
    shut, open_ = way(vms, "friend", target, SHUT, 30_000), way(vms, "friend", target, OPEN, 31_000)
    frames = [(words, frame) for words, frame in evasions.evil(shut, vms["friend"]) if "friend's" not in words]
    frames += signed(open_, evasions.impossible(open_)).items()
    frames += signed(open_, overlapping(open_)).items()
    assert [words for words in fired(vms, frames).found(target) if "honest" not in words] == []


@pytest.mark.parametrize(("source", "target"), [("foe", "plain"), ("plain", "foe"), ("foe", "friend")])
def test_between_machines_without_policy_nothing_is_asked(vms: dict[str, Vm], source: str, target: str) -> None:
    between = way(vms, source, target, first=32_000)
    families = (evasions.plain, evasions.tunnels, evasions.flags, evasions.to_all)
    frames = [one for family in families for one in signed(between, family(between)).items()]
    assert fired(vms, frames).missing(target) == []


@pytest.mark.parametrize("target", ["near", "far", "plain"])
def test_what_is_no_ip_passes_only_between_machines_without_policy(vms: dict[str, Vm], target: str) -> None:
    between = way(vms, "wild", target, first=33_000)
    frames = list(signed(between, evasions.ethertypes(between)).items())
    seen = fired(vms, frames)
    assert len(seen.found(target)) == (len(frames) if target == "plain" else 0)


@pytest.mark.parametrize("target", ["near", "far"])
def test_an_allowed_conversation_goes_both_ways(vms: dict[str, Vm], target: str) -> None:
    friend, guarded = vms["friend"], vms[target]
    for address in guarded.addresses:
        assert exchange.tcp(friend, guarded, address, 2)
        assert exchange.udp(friend, guarded, address, 2)


@pytest.mark.parametrize("target", ["near", "far"])
def test_an_error_about_a_connection_of_ones_own_comes_back(vms: dict[str, Vm], target: str) -> None:
    """Foe refuses what the guarded machine asks of a port at which nobody listens, and its refusal quotes the words."""
    asked = way(vms, target, "foe", 9, 34_000)
    frames = signed(asked, {"asked of nobody": asked.ethernet() / asked.ipv4() / asked.udp(0)})
    seen = fired(vms, list(frames.items()))
    assert frames.keys() <= seen.arrived["foe"]
    assert frames.keys() <= seen.arrived[target]


@pytest.mark.parametrize(("source", "target"), [("friend", "near"), ("friend", "far"), ("caged", "friend")])
def test_one_datagram_in_pieces_follows_another_though_nobody_answers(
    vms: dict[str, Vm], source: str, target: str
) -> None:
    for number in (30, 34):
        between = way(vms, source, target, first=35_000 - number)
        assert fired(vms, list(signed(between, pieces(between, number)).items())).missing(target) == []


def test_pieces_of_what_is_never_completed_come_with_nothing_that_others_send(lab: Lab, vms: dict[str, Vm]) -> None:
    """Open vSwitch lets go of them after 15 s, with whatever it tracks just then."""
    lonely = lone(way(vms, "foe", "near"), 50)
    talk = [way(vms, *ends) for ends in (("foe", "friend"), ("friend", "near"), ("caged", "friend"))]
    seen: dict[str, set[str]] = {vm.name: set() for vm in vms.values()}
    ports, before = count(1024, 2), let_go(lab)
    with ExitStack() as watched:
        wires = {vm.name: watched.enter_context(Wire(vm)) for vm in vms.values()}
        for piece in lonely.values():
            wires[vms["foe"].name].send(piece)
        until(
            lambda: said(talk, next(ports), wires, seen) and let_go(lab) - before >= len(lonely),
            30,
            "pieces are let go",
        )
        gather(seen, list(wires.values()), quiet=0.4)
    assert all(seen[one.victim.name] for one in talk)
    assert [words for name in seen for words in seen[name] & lonely.keys()] == []


def said(talk: list[Way], first: int, wires: dict[str, Wire], seen: dict[str, set[str]]) -> bool:
    """Begin connections from this port each way and take what arrives."""
    for one in talk:
        fresh = replace(one, first=first)
        for frame in signed(fresh, evasions.plain(fresh)).values():
            wires[one.source.name].send(frame)
    gather(seen, list(wires.values()), quiet=0.02)
    return True


def let_go(lab: Lab) -> int:
    """How many pieces the first host's switch has let go of because the others did not come."""
    told = lab.hypervisors["hv1"].ovs.appctl("dpctl/ipf-get-status")
    return sum(int(number) for number in re.findall(r"frags expired: (\d+)", told))
