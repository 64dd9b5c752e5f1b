"""Links, bridges, path policies and service chains: what they ask for, and what contradicts itself, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, address_group, network, port, project, security_group

from controller.errors import Conflict, UserError
from controller.intent.kinds.link import same_link
from controller.links import BridgeSettings, Instance, LinkSettings, PathPolicy, ServiceChain, Traffic, Wanted
from controller.policy.values import UDP, Block, Machines, Requirement, Service

CAMERAS = {"from": {"labels": {"app": "cam"}}, "to": {"labels": {"app": "nvr"}}, "protocol": "udp", "ports": [5004]}


def path_policy(name: str = "video", **spec: Any) -> dict[str, Any]:
    """A path policy's document, for cameras unless told otherwise."""
    return {"kind": "PathPolicy", "project": "acme", "name": name, "spec": {"match": CAMERAS, **spec}}


def chain(*hops: Any, name: str = "wall", **spec: Any) -> dict[str, Any]:
    """A service chain's document; a hop that is a pair is a middlebox."""
    said = [{"in": hop[0], "out": hop[1]} if isinstance(hop, tuple) else hop for hop in hops]
    asked = {"match": CAMERAS, "hops": said, **spec}
    return {"kind": "ServiceChain", "project": "acme", "name": name, "spec": asked}


def link(name: str = "s1-s2", **spec: Any) -> dict[str, Any]:
    """A link's document."""
    return {"kind": "Link", "name": name, "spec": spec}


SPEC = "/0/spec"
PATH_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    # Words and numbers that are none.
    ({"objective": "speed"}, "/objective", "'hops', 'latency', 'load' or 'cost'"),
    ({"protection": "path"}, "/protection", "'none', 'link' or 'node'"),
    ({"on_no_path": "bypass"}, "/on_no_path", "'fallback' or 'drop'"),
    ({"constraints": {"max_hops": 0}}, "/constraints/max_hops", "greater than or equal to 1"),
    ({"constraints": {"max_latency_ms": 0}}, "/constraints/max_latency_ms", "greater than 0"),
    ({"constraints": {"max_latency_ms": "low"}}, "/constraints/max_latency_ms", "number"),
    ({"constraints": {"min_bandwidth_mbps": -5}}, "/constraints/min_bandwidth_mbps", "greater than 0"),
    ({"constraints": {"min_latency_ms": 1}}, "/constraints/min_latency_ms", "unknown field"),
    ({"demand_mbps": 0}, "/demand_mbps", "greater than 0"),
    ({"demand_mbps": True}, "/demand_mbps", "number"),
    ({"priority": 1001}, "/priority", "1000"),
    ({"via": "s3"}, "/via", "must be a list"),
    ({"via": [f"s{number}" for number in range(17)]}, "/via", "give at most 16"),
    ({"constraints": None}, "/constraints", "must be an object"),
    ({"avoid": {"labels": ["x"]}}, "/avoid/labels", "must be an object"),
    ({"via": ["s 3"]}, "/via/0", "begin with a letter or a digit"),
    ({"avoid": {"links": ["s1"]}}, "/avoid/links/0", "two bridges with '-' between them"),
    ({"avoid": {"hosts": ["s1"]}}, "/avoid/hosts", "unknown field"),
    # Contradictions.
    ({"avoid": {"links": ["s1-s2", "s3-s3"]}}, "/avoid/links/1", "s3 stands at both ends"),
    ({"via": ["s3", "s4", "s3"]}, "/via/2", "s3 is given twice"),
    ({"via": ["s3"], "avoid": {"bridges": ["s9", "s3"]}}, "/avoid/bridges/1", "s3 is to be passed, by via"),
    ({"via": ["a", "b", "c", "d"], "constraints": {"max_hops": 2}}, "/constraints/max_hops", "it is 3 hops at least"),
    # The match.
    ({"match": {**CAMERAS, "protocol": "any"}}, "/match/ports", "tcp, udp and sctp have ports"),
    ({"match": {**CAMERAS, "protocol": "icmp"}}, "/match/ports", "tcp, udp and sctp have ports"),
    ({"match": {**CAMERAS, "ports": ["9000-8000"]}}, "/match/ports/0", "backwards; did you mean 8000-9000?"),
    ({"match": {**CAMERAS, "ports": [70000]}}, "/match/ports/0", "there is no port 70000"),
    ({"match": {**CAMERAS, "form": {}}}, "/match/form", "unknown field"),
    ({"match": {"from": {}}}, "/match/from", "says nothing"),
    ({"match": {"to": {"project": "globex"}}}, "/match/to/project", "other projects can be named in policies"),
    ({"match": {"from": {"cidr": "10.1.0.1/24"}}}, "/match/from/cidr", "did you mean 10.1.0.0/24?"),
]


@pytest.mark.parametrize(("spec", "pointer", "message"), PATH_FAULTS, ids=[pointer for _, pointer, _ in PATH_FAULTS])
def test_path_policies_that_cannot_be_meant_are_refused(
    office: Desk, spec: dict[str, Any], pointer: str, message: str
) -> None:
    office.apply(project())
    found = office.refused(path_policy(**spec))
    assert list(found) == [SPEC + pointer]
    assert message in found[SPEC + pointer]


def test_all_that_is_wrong_is_told_at_once(office: Desk) -> None:
    office.apply(project())
    wrong = path_policy(via=["a", "a"], avoid={"bridges": ["a"]}, match={"ports": [80]})
    assert set(office.refused(wrong)) == {f"{SPEC}/match/ports", f"{SPEC}/via/1", f"{SPEC}/avoid/bridges/0"}


def test_a_link_between_two_waypoints_may_be_avoided(office: Desk) -> None:
    office.apply(project(), path_policy(via=["s1", "s2"], avoid={"links": ["s2-s1"]}))


def test_a_path_policy_is_told_with_all_that_it_asks(office: Desk) -> None:
    asked = path_policy(
        via=["s3"],
        avoid={"bridges": ["s4"], "links": ["s1-s2"], "labels": {"region": "x", "area": "y"}},
        constraints={"max_latency_ms": 10, "min_bandwidth_mbps": 100, "max_hops": 5},
        objective="latency",
        protection="link",
        on_no_path="drop",
        priority=7,
        demand_mbps=2.5,
    )
    office.apply(project(), asked)
    told = office.told("PathPolicy", "acme/video")
    assert isinstance(told, PathPolicy)
    assert told.traffic == Traffic(
        (Machines(("acme",), labels=(Requirement("app", "In", ("cam",)),)),),
        (Machines(("acme",), labels=(Requirement("app", "In", ("nvr",)),)),),
        (Service(UDP, ((5004, 5004),)),),
    )
    assert told.wanted == Wanted(
        ("s3",), ("s4",), ("s1-s2",), (("area", "y"), ("region", "x")), 10, 100, 5, "latency", "link"
    )
    assert (told.key, told.on_no_path, told.priority, told.demand) == ("acme/video", "drop", 7, 2.5)


def test_what_is_left_out_asks_for_nothing_and_stays_in_the_project(office: Desk) -> None:
    office.apply(project(), path_policy(match={}), path_policy("known", match={"from": "any", "to": {"cidr": "::/0"}}))
    own = (Machines(("acme",)),)
    told = office.told("PathPolicy", "acme/video")
    assert (told.traffic, told.wanted, told.on_no_path) == (Traffic(own, own), Wanted(), "fallback")
    assert office.told("PathPolicy", "acme/known").traffic == Traffic(own, (Block("::/0"),))


def test_what_a_match_names_is_referred_to(office: Desk) -> None:
    office.apply(project(), network(), port("p"), address_group("a"), security_group("g"))
    office.apply(path_policy(match={"from": {"port": "p"}, "to": {"group": "a"}}))
    assert office.intent.referrers(("Port", "acme", "p")) == (("PathPolicy", "acme", "video"),)
    with pytest.raises(Conflict, match="still used by PathPolicy acme/video"):
        office.delete("AddressGroup", "acme/a")


CHAIN_FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (chain(), "/hops", "give at least one"),
    (chain({"in": "a"}), "/hops/0/out", "is required, or give instances"),
    (chain({}, ("a", "b")), "/hops/0/in", "is required, or give instances"),
    (chain({"instances": []}), "/hops/0/instances", "give at least one"),
    (chain({"instances": [{"in": "a"}]}), "/hops/0/instances/0/out", "is required"),
    (chain({"in": "a", "instances": [{"in": "b", "out": "c"}]}), "/hops/0/in", "or instances, not both"),
    (chain(("a", "a")), "/hops/0/out", "port a is in this chain already"),
    (chain(("a", "b"), ("c", "b")), "/hops/1/out", "port b is in this chain already"),
    (
        chain({"instances": [{"in": "a", "out": "b"}, {"in": "b", "out": "c"}]}),
        "/hops/0/instances/1/in",
        "port b is in this chain already",
    ),
    (chain(("a", "b"), on_failure="fallback"), "/on_failure", "'bypass' or 'drop'"),
    (chain(("a", "b"), symmetric="yes"), "/symmetric", "boolean"),
    (chain(("A", "b")), "/hops/0/in", "must be 1 to 63"),
    (chain(("a", "b"), match={"ports": [80]}), "/match/ports", "tcp, udp and sctp have ports"),
]


@pytest.mark.parametrize(("document", "pointer", "message"), CHAIN_FAULTS)
def test_service_chains_that_cannot_be_meant_are_refused(
    office: Desk, document: dict[str, Any], pointer: str, message: str
) -> None:
    office.apply(project())
    found = office.refused(document)
    assert message in found[SPEC + pointer]


def test_a_service_chain_is_told_step_by_step(office: Desk) -> None:
    several = {"instances": [{"in": "c", "out": "d"}, {"in": "e", "out": "f"}]}
    office.apply(project(), chain(("a", "b"), several, on_failure="bypass", symmetric=False, priority=3))
    told = office.told("ServiceChain", "acme/wall")
    assert isinstance(told, ServiceChain)
    assert told.steps == (
        (Instance("acme/a", "acme/b"),),
        (Instance("acme/c", "acme/d"), Instance("acme/e", "acme/f")),
    )
    assert (told.symmetric, told.on_failure, told.priority) == (False, "bypass", 3)


def test_a_middlebox_is_of_one_chain_alone(office: Desk) -> None:
    office.apply(project(), project("globex"), chain(("a", "b")))
    found = office.refused(chain(("c", "d"), ("b", "e"), name="other"))
    assert found == {"/0/spec/hops/1/in": "port b is taken by ServiceChain acme/wall"}
    office.apply({**chain(("a", "b")), "project": "globex"})
    office.delete("ServiceChain", "acme/wall")
    office.apply(chain(("c", "d"), ("b", "e"), name="other"))


def test_a_middlebox_may_change_chains_in_one_change(office: Desk) -> None:
    office.apply(project(), chain(("a", "b")), chain(("c", "d"), name="other"))
    office.apply(chain(("c", "d")), chain(("a", "b"), name="other"))


def test_path_policies_and_service_chains_count_against_quotas(office: Desk) -> None:
    office.apply(project(quotas={"pathpolicies": 1, "servicechains": 1}), path_policy(), chain(("a", "b")))
    many = "the quota of project acme is 1 {}; this would make 2"
    assert office.refused(path_policy("voice")) == {"/0": many.format("pathpolicies")}
    assert office.refused(chain(("c", "d"), name="other")) == {"/0": many.format("servicechains")}
    office.apply(path_policy(objective="latency"), chain(("c", "d")))
    office.delete("PathPolicy", "acme/video")
    office.apply(path_policy("voice"))


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        (link("s1"), "/0/name", "two bridges with '-' between them, like s1-s2"),
        (link("s1-s1"), "/0/name", "s1 stands at both ends"),
        (link("leaf-1-leaf-1"), "/0/name", "leaf-1 stands at both ends"),
        (link(cost=0), "/0/spec/cost", "greater than or equal to 1"),
        (link(cost=2.5), "/0/spec/cost", "integer"),
        (link(bandwidth_mbps=0), "/0/spec/bandwidth_mbps", "greater than 0"),
        (link(latency_ms=-1), "/0/spec/latency_ms", "greater than 0"),
        (link(maintenance="yes"), "/0/spec/maintenance", "boolean"),
        (link(weight=1), "/0/spec/weight", "unknown field"),
        ({"kind": "Link", "name": "s1-s2", "cost": 5}, "/0/cost", "unknown field"),
        ({"kind": "Bridge", "name": "s/1"}, "/0/name", "must be 1 to 128"),
        ({"kind": "Bridge", "name": "s1", "spec": {"cost": 5}}, "/0/spec/cost", "unknown field"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    office: Desk, document: dict[str, Any], pointer: str, message: str
) -> None:
    found = office.refused(document)
    assert list(found) == [pointer]
    assert message in found[pointer]


def test_settings_are_told_with_their_labels_before_there_is_such_a_link(office: Desk) -> None:
    said = {**link("S2-s1.lab", cost=5, bandwidth_mbps=1000, latency_ms=0.5, maintenance=True), "labels": {"b": "2"}}
    office.apply(said, {"kind": "Link", "name": "s1-s3"}, {"kind": "Bridge", "name": "hv_1", "labels": {"a": "1"}})
    assert office.told("Link", "S2-s1.lab") == LinkSettings("S2-s1.lab", 5, 1000, 0.5, (("b", "2"),), maintenance=True)
    assert office.told("Link", "s1-s3") == LinkSettings("s1-s3")
    assert office.told("Bridge", "hv_1") == BridgeSettings("hv_1", (("a", "1"),), maintenance=False)


def test_one_link_has_one_name_at_a_time(office: Desk) -> None:
    office.apply(link("leaf-1-spine-2", cost=5))
    with pytest.raises(UserError, match="taken by Link leaf-1-spine-2"):
        office.apply(link("spine-2-leaf-1"))
    office.delete("Link", "leaf-1-spine-2")
    office.apply(link("spine-2-leaf-1"))


def test_only_links_with_the_same_ends_are_the_same() -> None:
    assert same_link("s1-s2") == same_link("s2-s1")
    assert same_link("leaf-1-spine-2") == same_link("spine-2-leaf-1")
    assert same_link("leaf-1-spine-2") != same_link("leaf-2-spine-1")
    assert len({same_link(name) for name in ("s1-s2", "s1-s3", "s2-s3", "s3-s1-s2")}) == 4
