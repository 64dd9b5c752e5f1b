"""Policies that cannot be meant are refused, each with the field that is wrong; nothing has changed then."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, address_group, allowing, policy, project, security_group, tier
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.intent.kinds.label_terms import ExpressionSpec, requirements, term_faults
from controller.intent.kinds.services import ServiceSpec, service_faults, services
from controller.policy.values import Operator, Requirement

FROM, RULE = "/0/spec/ingress/0/from", "/0/spec/ingress/0"
IN, OUT = {"direction": "ingress"}, {"direction": "egress"}


def terms(*expressions: tuple[Any, ...], **labels: str) -> dict[str, Any]:
    """A selector; an expression is key, operator, values."""
    found = [{"key": key, "operator": word, **({"values": more} if more else {})} for key, word, *more in expressions]
    return {"labels": labels, "expressions": found}


@pytest.mark.parametrize(
    ("document", "pointer", "message"),
    [
        # Words that are none.
        (allowing(action="alow"), f"{RULE}/action", "'allow', 'deny', 'reject' or 'pass'"),
        (policy(ingress=[{"from": "any"}]), f"{RULE}/action", "is required"),
        (allowing(port=80), f"{RULE}/port", "unknown field"),
        (allowing(to="any"), f"{RULE}/to", "unknown field"),
        (policy(egress=[{"action": "allow", "from": "any"}]), "/0/spec/egress/0/from", "unknown field"),
        (allowing(peers={"label": {"a": "b"}}), f"{FROM}/label", "unknown field"),
        (allowing(peers=[{"labels": {"a": "b"}}, {"cdir": "10.0.0.0/8"}]), f"{FROM}/1/cdir", "unknown field"),
        (allowing(peers="anybody"), FROM, "'any'"),
        (allowing(peers=["any", "all"]), f"{FROM}/1", "'any'"),
        (policy(applied_to={"cidr": "10.0.0.0/8"}), "/0/spec/applied_to/cidr", "unknown field"),
        (policy(mode="enforced"), "/0/spec/mode", "'enforce' or 'audit'"),
        (policy(established="drop"), "/0/spec/established", "'keep' or 'cut'"),
        (policy(rules=[]), "/0/spec/rules", "unknown field"),
        ({"kind": "Policy", "project": "acme", "name": "p", "spec": {}}, "/0/spec/applied_to", "is required"),
        (policy(priority=1001), "/0/spec/priority", "1000"),
        (policy(priority="high"), "/0/spec/priority", "integer"),
        (allowing(log="yes"), f"{RULE}/log", "boolean"),
        (security_group("g", {"direction": "in"}), "/0/spec/rules/0/direction", "'ingress' or 'egress'"),
        (security_group("g", {"direction": "egress", "from": "any"}), "/0/spec/rules/0/from", "an egress rule has to"),
        (security_group("g", {"direction": "ingress", "to": "any"}), "/0/spec/rules/0/to", "an ingress rule has from"),
        (security_group("g", {"direction": "ingress", "action": "deny"}), "/0/spec/rules/0/action", "unknown field"),
        # Services that are none.
        (allowing(protocol="tcp", ports=[70000]), f"{RULE}/ports/0", "there is no port 70000"),
        (allowing(protocol="tcp", ports=[80, 0]), f"{RULE}/ports/1", "there is no port 0"),
        (allowing(protocol="tcp", ports=["8100-8000"]), f"{RULE}/ports/0", "backwards; did you mean 8000-8100?"),
        (allowing(protocol="tcp", ports=["80-70000"]), f"{RULE}/ports/0", "there is no port 70000"),
        (allowing(protocol="tcp", ports=["80"]), f"{RULE}/ports/0", "range of ports"),
        (allowing(protocol="tcp", ports=["Web"]), f"{RULE}/ports/0", "range of ports"),
        (allowing(protocol="tcp", ports=[True]), f"{RULE}/ports/0", "must be a port"),
        (allowing(protocol="tcp", ports=[]), f"{RULE}/ports", "give at least one, or leave it out"),
        (allowing(protocol="tcp", source_ports=["web"]), f"{RULE}/source_ports/0", "range of ports"),
        (allowing(ports=[80]), f"{RULE}/ports", "the protocol is any"),
        (allowing(protocol="icmp", ports=[80]), f"{RULE}/ports", "the protocol is icmp"),
        (allowing(protocol=47, source_ports=[80]), f"{RULE}/source_ports", "the protocol is 47"),
        (allowing(protocol="tcp", types=[8]), f"{RULE}/types", "the protocol is tcp"),
        (allowing(protocol="icmp", types=[256]), f"{RULE}/types/0", "255"),
        (allowing(protocol="icmp", types=[{"type": 3, "code": 256}]), f"{RULE}/types/0/code", "255"),
        (allowing(protocol="icmp", types=[{"type": 3, "kind": 3}]), f"{RULE}/types/0/kind", "unknown field"),
        (allowing(protocol="tpc"), f"{RULE}/protocol", "tcp, udp, sctp, icmp, icmpv6, any"),
        (allowing(protocol=256), f"{RULE}/protocol", "1 to 255"),
        # Peers that are nobody, or two things at once.
        (allowing(peers=[]), FROM, "give at least one, or leave it out"),
        (allowing(peers={}), FROM, "says nothing"),
        (allowing(peers=[{"labels": {}}]), f"{FROM}/0", "says nothing"),
        (allowing(peers={"networks": []}), f"{FROM}/networks", "give at least one"),
        (allowing(peers={"any": False}), f"{FROM}/any", "True"),
        (allowing(peers={"any": True, "labels": {"a": "b"}}), f"{FROM}/labels", "with any"),
        (allowing(peers={"any": True, "cidr": "10.0.0.0/8"}), f"{FROM}/cidr", "with any"),
        (allowing(peers={"cidr": "10.0.0.0/8", "group": "g"}), f"{FROM}/group", "with cidr"),
        (allowing(peers={"cidr": "10.0.0.0/8", "project": "b"}), f"{FROM}/project", "with cidr"),
        (allowing(peers={"project": "b", "projects": {}}), f"{FROM}/projects", "not both"),
        (allowing(peers={"projects": {}, "network": "n"}), f"{FROM}/network", "give project, not projects"),
        (allowing(peers={"group": "g", "except": ["10.0.0.0/8"]}), f"{FROM}/except", "there is none"),
        (allowing(peers={"cidr": "10.0.0.1/8"}), f"{FROM}/cidr", "did you mean 10.0.0.0/8?"),
        (allowing(peers={"cidr": "10.0.0.1"}), f"{FROM}/cidr", "prefix length"),
        (allowing(peers={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}), f"{FROM}/except/0", "outside 10.0.0.0/8"),
        (allowing(peers={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/7"]}), f"{FROM}/except/0", "outside 10.0.0.0/8"),
        (allowing(peers={"cidr": "10.0.0.0/8", "except": ["fd00::/8"]}), f"{FROM}/except/0", "outside 10.0.0.0/8"),
        (
            allowing(peers={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9", "10.128.0.0/9"]}),
            f"{FROM}/except",
            "nothing can match",
        ),
        (allowing(peers={"cidr": "fd00::/8"}, protocol="icmp"), f"{FROM}/cidr", "icmp is of IPv4"),
        (allowing(peers={"cidr": "10.0.0.0/8"}, protocol=58), f"{FROM}/cidr", "icmpv6 is of IPv6"),
        # Conditions on labels that nothing meets.
        (allowing(peers=terms(("app", "In"))), f"{FROM}/expressions/0/values", "In needs values"),
        (allowing(peers=terms(("app", "NotIn"))), f"{FROM}/expressions/0/values", "NotIn needs values"),
        (allowing(peers=terms(("app", "Exists", "a"))), f"{FROM}/expressions/0/values", "Exists takes no values"),
        (allowing(peers=terms(("app", "in", "a"))), f"{FROM}/expressions/0/operator", "'In', 'NotIn'"),
        (allowing(peers=terms(("app", "NotIn", "web"), app="web")), f"{FROM}/expressions/0", "nothing can match"),
        (allowing(peers=terms(("app", "DoesNotExist"), app="web")), f"{FROM}/expressions/0", "nothing can match"),
        (allowing(peers=terms(("app", "In", "b"), app="web")), f"{FROM}/expressions/0", "no label app"),
        (
            policy(applied_to=[terms(("a", "Exists"), ("b", "Exists"), ("a", "DoesNotExist"))]),
            "/0/spec/applied_to/0/expressions/2",
            "no label a",
        ),
        (
            allowing(peers={"projects": terms(("a", "Exists"), ("a", "DoesNotExist"))}),
            f"{FROM}/projects/expressions/1",
            "no label a",
        ),
        (policy(applied_to={}), "/0/spec/applied_to", "chooses nothing"),
        (policy(applied_to=[]), "/0/spec/applied_to", "give at least one"),
        (policy(applied_to={"any": True, "port": "p"}), "/0/spec/applied_to/port", "with any"),
        # Names and tiers.
        (policy(ingress=[{"action": "deny", "name": "1"}, {"action": "deny"}]), "/0/spec/ingress/1", "is named 1"),
        (policy(egress=[{"action": "deny", "name": "a"}] * 2), "/0/spec/egress/1/name", "is named a"),
        (policy(ingress=[{"action": "deny", "name": "A"}]), f"{RULE}/name", "must be 1 to 63"),
        (security_group("g", OUT, {**IN, "name": "a"}, {**IN, "name": "a"}), "/0/spec/rules/2/name", "is named a"),
        (security_group("g", OUT, IN, {**IN, "name": "1"}), "/0/spec/rules/2/name", "is named 1"),
        (policy(tier="none"), "/0/spec/tier", "there is no tier none"),
        (policy(tier="network-policy"), "/0/spec/tier", "from resources of other kinds"),
        (tier("t", 500), "/0/spec/order", "500 is the order of the built-in tier application"),
        (tier("t", 1000), "/0/spec/order", "999"),
        (tier("application", 5), "/0/name", "is built in"),
        (tier("t", 5, default="allow"), "/0/spec/default", "'pass' or 'deny'"),
        (tier("t", 7), "/0/spec/order", "order 7 is taken by Tier seven"),
        (address_group("a", "10.0.0.0/33"), "/0/spec/cidrs/0", "not an IPv4 or IPv6 block"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_field_that_is_wrong(
    office: Desk, document: dict[str, Any], pointer: str, message: str
) -> None:
    office.apply(project(), tier("seven", 7))
    errors = office.refused(document)
    assert list(errors) == [pointer], errors
    assert message in errors[pointer]


def test_all_that_is_wrong_is_told_together(office: Desk) -> None:
    office.apply(project())
    rules = [{"action": "alow"}, {"action": "allow", "protocol": "tcp", "ports": [70000, "9-3"]}]
    wrong = policy(ingress=rules, egress=[{"action": "deny", "from": "any"}], tire="application")
    assert set(office.refused(wrong)) == {
        "/0/spec/ingress/0/action",
        "/0/spec/ingress/1/ports/0",
        "/0/spec/ingress/1/ports/1",
        "/0/spec/egress/0/from",
        "/0/spec/tire",
    }


def test_there_can_be_as_many_tiers_as_a_guard_has_stages_for(office: Desk) -> None:
    office.apply(*(tier(f"t{order}", order) for order in range(25)))
    assert office.refused(tier("more", 26)) == {"/0/name": "there can be 25 tiers beside those that are built in"}


Condition = st.tuples(
    st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]), st.sets(st.sampled_from("abc"), min_size=1)
)


def holds(requirement: Requirement, value: str | None) -> bool:
    """Kubernetes' own words on set-based requirements."""
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None


@given(st.lists(Condition, max_size=5))
def test_conditions_are_refused_exactly_where_no_label_meets_them(found: list[tuple[Operator, set[str]]]) -> None:
    expressions = tuple(
        ExpressionSpec(key="k", operator=word, values=tuple(values) if word in ("In", "NotIn") else ())
        for word, values in found
    )
    meant = requirements({}, expressions)
    met = any(all(holds(each, value) for each in meant) for value in (*"abcd", None))
    assert (not list(term_faults({}, expressions, ""))) == met


Ports = st.lists(
    st.integers(1, 65535) | st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(sorted),
    min_size=1,
    max_size=8,
)


@given(Ports)
def test_ports_are_as_many_as_were_written_each_once(written: list[int | list[int]]) -> None:
    asked = [each if isinstance(each, int) else f"{each[0]}-{each[1]}" for each in written]
    spec = ServiceSpec.model_validate({"protocol": "tcp", "ports": asked})
    assert not list(service_faults(spec, ""))
    (service,) = services(spec)
    expected = set[int]()
    for each in written:
        expected.update({each} if isinstance(each, int) else range(each[0], each[1] + 1))
    assert {port for low, high in service.ports for port in range(low, high + 1)} == expected
    assert all(later[0] > before[1] + 1 for before, later in zip(service.ports, service.ports[1:], strict=False))


@given(st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=12), st.integers(), st.binary(max_size=4)))
def test_whatever_stands_for_a_port_is_a_port_or_refused(value: object) -> None:
    try:
        spec = ServiceSpec.model_validate({"protocol": "udp", "ports": [value]})
    except ValidationError:
        return
    (service,) = services(spec)
    assert service.names or all(1 <= low <= high <= 65535 for low, high in service.ports)
