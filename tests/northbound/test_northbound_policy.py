"""What policy would come to, and comes to: told before it is so, refused where it must not be, listed pair by pair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from policy_front import policy_front

if TYPE_CHECKING:
    from front import Front

Document = dict[str, Any]


@pytest.fixture
def office() -> Iterator[Front]:
    with policy_front() as made:
        found = made.call("POST", "/v1/apply", ground())
        assert found.status_code == 200, found.json
        yield made


def resource(kind: str, name: str, spec: Document, project: str | None = "acme", **more: Any) -> Document:
    scope = {"project": project} if project else {}
    return {"kind": kind, **scope, "name": name, "spec": spec, **more}


def ground() -> list[Document]:
    """Two web machines, a database and one in the dmz; another tenant's network of its own."""
    machines = (("web-1", "web"), ("web-2", "web"), ("db-1", "db"), ("dmz-1", "dmz"))
    subnets = [{"name": "a", "cidr": "10.1.0.0/24"}]
    found = [resource("Project", name, {}, project=None) for name in ("acme", "beta")]
    found += [resource("Network", "net", {"subnets": subnets}, project) for project in ("acme", "beta")]
    found += [resource("Port", name, {"network": "net"}, labels={"app": app}) for name, app in machines]
    return [*found, *(resource("Port", name, {"network": "net"}, "beta") for name in ("one", "two"))]


def policy(peers: str = "web", ports: int = 5432, **more: Any) -> Document:
    rule = {"name": "pg", "action": "allow", "from": [{"labels": {"app": peers}}], "protocol": "tcp", "ports": [ports]}
    return resource("Policy", "db", {"applied_to": {"labels": {"app": "db"}}, "ingress": [rule], **more})


INVARIANT = resource("Invariant", "db-safe", {"from": [{"labels": {"app": "dmz"}}], "to": [{"labels": {"app": "db"}}]})


def outlined(rows: list[Document]) -> list[tuple[Any, ...]]:
    """Rows by how many ports they are about."""
    return [(row["from"]["ports"], row["to"]["ports"], row["services"]) for row in rows]


def test_a_dry_run_says_who_could_newly_talk_to_whom_and_who_no_longer(office: Front) -> None:
    plan = office.call("POST", "/v1/apply?dry_run=true", [policy()]).json["reachability"]
    assert plan["allowed"]["rows"] == []
    everything_but = [{"protocol": "any", "but": ["tcp"]}, {"protocol": "tcp", "ports": ["0-5431", "5433-65535"]}]
    assert outlined(plan["denied"]["rows"]) == [(2, 1, everything_but), (1, 1, [{"protocol": "any"}])]
    office.call("POST", "/v1/apply", [policy()])
    plan = office.call("POST", "/v1/apply?dry_run=true", [policy(ports=5433)]).json["reachability"]
    assert outlined(plan["allowed"]["rows"]) == [(2, 1, [{"protocol": "tcp", "ports": [5433]}])]
    assert outlined(plan["denied"]["rows"]) == [(2, 1, [{"protocol": "tcp", "ports": [5432]}])]
    assert plan["allowed"]["rows"][0]["from"]["labels"] == {"app": "web"}
    assert plan["allowed"]["rows"][0]["to"]["names"] == ["acme/db-1"]


def test_a_dry_run_says_so_of_labels_too(office: Front) -> None:
    office.call("POST", "/v1/apply", [policy()])
    moved = resource("Port", "dmz-1", {"network": "net"}, labels={"app": "web"})
    plan = office.call("POST", "/v1/apply?dry_run=true", [moved]).json["reachability"]
    assert outlined(plan["allowed"]["rows"]) == [(1, 1, [{"protocol": "tcp", "ports": [5432]}])]
    assert plan["denied"]["rows"] == []


def test_what_changes_over_one_ip_only_is_told_with_its_name(office: Front) -> None:
    both = [{"name": "a", "cidr": "10.1.0.0/24"}, {"name": "b", "cidr": "2001:db8::/64"}]
    office.call("POST", "/v1/apply", [resource("Network", "net", {"subnets": both})])
    machines = (("web-1", 11, "web"), ("db-1", 12, "db"))
    dual = [
        resource(
            "Port", name, {"network": "net", "addresses": [f"10.1.0.{at}", f"2001:db8::{at}"]}, labels={"app": app}
        )
        for name, at, app in machines
    ]
    assert office.call("POST", "/v1/apply", dual).status_code == 200
    rule = {"name": "no-four", "action": "deny", "from": [{"cidr": "10.0.0.0/8"}]}
    kept = {"name": "else", "action": "allow"}
    denied = resource("Policy", "four", {"applied_to": {"labels": {"app": "db"}}, "ingress": [rule, kept]})
    rows = office.call("POST", "/v1/apply?dry_run=true", [denied]).json["reachability"]["denied"]["rows"]
    assert {("web-1" in str(row["from"]), row.get("family")) for row in rows} >= {(True, "IPv4")}
    office.call("POST", "/v1/apply", [denied])
    rows = office.call("GET", "/v1/reachability?project=acme").json["items"]
    found = [row for row in rows if "acme/web-1" in row["from"].get("names", ()) and "db" in str(row["to"])]
    assert [(row["services"], row["family"]) for row in found] == [([{"protocol": "any"}], "IPv6")]


@pytest.mark.parametrize("limit", ["controller.preview.STEPS", "controller.reachability.HURRIED"])
def test_a_change_that_is_compiled_aside_is_told_and_refused_alike(
    office: Front, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    office.call("POST", "/v1/apply", [policy(), INVARIANT])
    tried = office.call("POST", "/v1/apply?dry_run=true", [policy(ports=5433)]).json
    monkeypatch.setattr(limit, 0)
    assert office.call("POST", "/v1/apply?dry_run=true", [policy(ports=5433)]).json == tried
    assert office.call("POST", "/v1/apply", [policy("dmz")]).status_code == 409


@pytest.mark.parametrize("limit", ["controller.preview.STEPS", "controller.reachability.HURRIED"])
def test_what_is_compiled_aside_knows_of_middleboxes_too(
    office: Front, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    spec = {"match": {"to": {"labels": {"app": "db"}}}, "hops": [{"in": "web-2", "out": "dmz-1"}]}
    office.call("POST", "/v1/apply", [resource("ServiceChain", "wall", spec, labels={"old": "yes"})])
    gone = ("POST", "/v1/apply?dry_run=true&prune=old%3Dyes", [])
    tried = office.call(*gone).json
    assert tried["reachability"]["allowed"]["rows"]
    monkeypatch.setattr(limit, 0)
    assert office.call(*gone).json == tried


def test_what_too_many_are_concerned_by_is_told_in_part_and_not_done(
    office: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.call("POST", "/v1/apply", [policy(), INVARIANT])
    monkeypatch.setattr("controller.reachability.HURRIED", 0)
    monkeypatch.setattr("controller.reachability.PATIENT", 0)
    asked = office.call("POST", "/v1/apply", [policy(ports=5433)])
    assert (asked.status_code, "smaller parts" in asked.json["detail"]) == (503, True)
    assert office.call("DELETE", "/v1/projects/acme/invariants/db-safe").status_code == 204
    plan = office.call("POST", "/v1/apply?dry_run=true", [policy(ports=5433)]).json["reachability"]
    assert not plan["complete"]


def test_what_breaks_an_invariant_is_refused_with_a_packet(office: Front) -> None:
    office.call("POST", "/v1/apply", [policy(), INVARIANT])
    for change in ([policy("dmz")], [resource("Port", "dmz-1", {"network": "net"}, labels={"app": "dmz", "x": "y"})]):
        found = office.call("POST", "/v1/apply", change)
        assert found.status_code == (409 if change[0]["kind"] == "Policy" else 200), found.json
    refused = office.call("POST", "/v1/apply", [policy("dmz")]).json
    (broken,) = refused["broken"]
    assert broken["invariant"] == "acme/db-safe"
    assert broken["packet"] | {"source": "", "target": ""} == {
        "protocol": "tcp",
        "source": "",
        "target": "",
        "from": "acme/dmz-1",
        "to": "acme/db-1",
        "source_port": 49152,
        "target_port": 5432,
    }
    assert office.call("DELETE", "/v1/projects/acme/policies/db").status_code == 409
    assert office.call("POST", "/v1/apply?dry_run=true", [policy("dmz")]).status_code == 409
    standing = office.call("GET", "/v1/projects/acme/policies/db").json
    assert standing["spec"]["ingress"][0]["from"] == [{"labels": {"app": "web"}}]


def test_an_invariant_that_does_not_hold_is_not_taken(office: Front) -> None:
    refused = office.call("POST", "/v1/apply", [INVARIANT])
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (409, "/0/spec")
    assert office.call("POST", "/v1/apply", [policy(), INVARIANT]).status_code == 200


def test_labels_that_would_break_an_invariant_are_refused(office: Front) -> None:
    office.call("POST", "/v1/apply", [policy(), INVARIANT])
    moved = resource("Port", "web-1", {"network": "net"}, labels={"app": "web", "tier": "x"})
    assert office.call("POST", "/v1/apply", [moved]).status_code == 200
    exposed = resource("Port", "web-1", {"network": "net"}, labels={"app": "dmz"})
    assert office.call("POST", "/v1/apply", [exposed]).status_code == 200
    reachable = resource(
        "Invariant",
        "web-works",
        {
            **INVARIANT["spec"],
            "from": [{"labels": {"app": "web"}}],
            "protocol": "tcp",
            "ports": [5432],
            "expect": "reachable",
        },
    )
    assert office.call("POST", "/v1/apply", [reachable]).status_code == 200
    assert office.call("POST", "/v1/apply", [policy(ports=5433)]).json["broken"][0]["passes"] is False


def test_the_matrix_is_paged_and_has_every_pair_once(office: Front) -> None:
    office.call("POST", "/v1/apply", [policy()])
    whole = office.call("GET", "/v1/reachability?project=acme").json
    assert whole["next"] is None
    rows, cursor = [], ""
    for _ in range(100):
        page = office.call("GET", f"/v1/reachability?project=acme&limit=1{cursor}").json
        rows += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert rows == whole["items"]
    pairs = {(row["from"]["labels"]["app"], row["to"]["labels"]["app"]): row["services"] for row in rows}
    assert pairs["web", "db"] == [{"protocol": "tcp", "ports": [5432]}]
    assert ("dmz", "db") not in pairs
    assert pairs["web", "web"] == [{"protocol": "any"}]
    assert ("db", "db") not in pairs


def test_members_see_what_is_about_their_projects(office: Front) -> None:
    token = office.token("member", "beta")
    rows = office.call("GET", "/v1/reachability", token=token).json["items"]
    assert {row["from"]["project"] for row in rows} == {"beta"}
    assert office.call("GET", "/v1/reachability?project=acme", token=token).status_code == 404
    assert office.call("POST", "/v1/policies:lint?project=acme", token=token).status_code == 404
    assert office.call("POST", "/v1/policies:lint", token=token).json == {"items": [], "policies": 0}


def test_lint_says_what_is_odd(office: Front) -> None:
    office.call("POST", "/v1/apply", [policy("nobody")])
    (found,) = office.call("POST", "/v1/policies:lint?project=acme").json["items"]
    assert found == {
        "kind": "Policy",
        "project": "acme",
        "name": "db",
        "rule": "pg",
        "pointer": "/spec/ingress/0",
        "check": "unreachable-selector",
        "severity": "warning",
        "message": "its peers are nobody",
        "advice": "give a port what the rule asks of its peers, or delete the rule",
    }


def test_a_cursor_that_no_page_gave_is_refused(office: Front) -> None:
    assert office.call("GET", "/v1/reachability?cursor=bm9uZQ==").status_code == 400
