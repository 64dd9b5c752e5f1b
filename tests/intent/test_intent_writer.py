"""Changes are whole, happen once, and are told as what they were."""

from __future__ import annotations

import threading

import pytest
from desk import Desk, desk, network, port, project

from controller import entities
from controller.errors import Conflict, NotFound, Stale, Unavailable, UserError
from controller.intent import documents
from controller.intent.allocate import Underlay
from controller.intent.kinds import KINDS
from controller.intent.proposal import Outcome, Put, Request, merged
from controller.intent.state import Intent
from controller.intent.writer import Clock, Writer
from ovsdb.rows import Commit, ResourceChange

V4, V6 = "10.1.0.0/24", "fd00:1::/64"
BASE = (project(), network("web", V4))


def actions(outcome: Outcome) -> dict[str, str]:
    return {result.key[2]: result.action for result in outcome.results}


def test_the_same_body_twice_is_one_revision(office: Desk) -> None:
    documents = (*BASE, port("p", labels={"b": "2", "a": "1"}, mac="02:AA:00:00:00:01", addresses=["10.1.0.7"]))
    first = office.apply(*documents)
    again = office.apply(*documents)
    assert (first.revision, again.revision, office.database.transactions) == (1, 1, 1)
    assert set(actions(again).values()) == {"unchanged"}


def test_what_is_allocated_stays_when_the_rest_changes(office: Desk) -> None:
    office.apply(*BASE, port("p"))
    before = office.allocated("Port", "acme/p")
    office.put("Port", "acme/p", labels={"new": "label"}, spec={"network": "web"})
    assert office.allocated("Port", "acme/p") == before


def test_the_lowest_free_address_is_given(office: Desk) -> None:
    office.apply(*BASE, port("a"), port("b"), port("c", addresses=["10.1.0.2"]), port("d"))
    found = {name: office.allocated("Port", f"acme/{name}")["addresses"] for name in "abcd"}
    assert found == {"a": ["10.1.0.3"], "b": ["10.1.0.4"], "c": ["10.1.0.2"], "d": ["10.1.0.5"]}
    office.delete("Port", "acme/b")
    office.apply(port("e"), port("f"))
    assert office.allocated("Port", "acme/e")["addresses"] == ["10.1.0.4"]
    assert office.allocated("Port", "acme/f")["addresses"] == ["10.1.0.6"]


def test_a_freed_address_rests_before_it_is_given_again() -> None:
    with desk(quarantine=60) as office:
        office.apply(project(), network("web", "10.1.0.0/29"), *(port(name) for name in "abc"))
        office.delete("Port", "acme/a")
        office.apply(port("d"))
        assert office.allocated("Port", "acme/d")["addresses"] == ["10.1.0.5"]
        office.apply(port("e"))
        office.time.now = 59.9
        with pytest.raises(Conflict, match="no free IPv4 address is left in the network; 1 were freed less than 60 s"):
            office.put("Port", "acme/f", spec={"network": "web"})
        office.time.now = 60
        office.apply(port("f"))
        assert office.allocated("Port", "acme/f")["addresses"] == ["10.1.0.2"]


def test_who_asks_for_an_address_by_name_does_not_wait_for_it() -> None:
    with desk(quarantine=60) as office:
        office.apply(*BASE, port("a"))
        office.delete("Port", "acme/a")
        office.apply(port("b", addresses=["10.1.0.2"]))
        office.delete("Port", "acme/b")
        office.time.now = 30
        office.apply(port("c"))
        assert office.allocated("Port", "acme/c")["addresses"] == ["10.1.0.3"]


def test_a_changed_port_keeps_its_address_from_resting() -> None:
    with desk(quarantine=60) as office:
        office.apply(*BASE, port("a"))
        office.apply(port("a", labels={"new": "label"}))
        assert office.intent.claims.quarantine.count("address acme/web") == 0
        assert office.allocated("Port", "acme/a")["addresses"] == ["10.1.0.2"]


def test_each_ip_version_gives_an_address(office: Desk) -> None:
    office.apply(project(), network("web", V4, V6), port("p", mac="02:00:00:00:00:01"), port("none", addresses=[]))
    assert office.allocated("Port", "acme/p")["addresses"] == ["10.1.0.2", "fd00:1::ff:fe00:1"]
    assert office.allocated("Port", "acme/none")["addresses"] == []


def test_a_port_waits_for_its_network(office: Desk) -> None:
    office.apply(project(), port("early"), port("fixed", addresses=["10.1.0.50"]))
    assert office.allocated("Port", "acme/early") == {"mac": None, "addresses": []}
    assert [type(entity) for entity in office.followed[-1][0]] == [entities.Project]
    outcome = office.apply(network("web", V4))
    assert actions(outcome) == {"web": "created", "early": "updated", "fixed": "updated"}
    assert office.allocated("Port", "acme/early")["addresses"] == ["10.1.0.2"]
    assert office.allocated("Port", "acme/fixed")["addresses"] == ["10.1.0.50"]
    assert {type(entity) for entity in office.followed[-1][0]} == {entities.Network, entities.Port}


def test_a_network_cannot_come_that_a_waiting_port_contradicts(office: Desk) -> None:
    office.apply(project(), port("fixed", addresses=["192.0.2.1"]))
    assert "Port acme/fixed: 192.0.2.1 is outside" in office.refused(network("web", V4))["/0/spec"]


def test_a_new_subnet_gives_every_port_its_address(office: Desk) -> None:
    office.apply(*BASE, port("p"), port("fixed", addresses=["10.1.0.50"]))
    outcome = office.apply(network("web", V4, V6))
    assert actions(outcome) == {"web": "updated", "p": "updated"}
    assert len(office.allocated("Port", "acme/p")["addresses"]) == 2


def test_an_address_passes_from_one_port_to_another_in_one_apply(office: Desk) -> None:
    office.apply(*BASE, port("a", addresses=["10.1.0.5"]), port("b", addresses=["10.1.0.6"]))
    office.apply(port("a", addresses=["10.1.0.6"]), port("b", addresses=["10.1.0.5"]))
    assert office.allocated("Port", "acme/a")["addresses"] == ["10.1.0.6"]
    assert office.intent.claims.owner("address acme/web", "10.1.0.5") == ("Port", "acme", "b")


def test_a_dry_run_commits_nothing(office: Desk) -> None:
    outcome = office.apply(*BASE, port("p"), dry_run=True)
    assert (outcome.revision, office.database.revision) == (0, 0)
    assert set(actions(outcome).values()) == {"created"}


def test_if_match_holds_off_who_read_something_older(office: Desk) -> None:
    office.apply(*BASE)
    office.put("Network", "acme/web", if_match=1, spec={"vni": 9})
    with pytest.raises(Stale):
        office.put("Network", "acme/web", if_match=1, spec={"vni": 10})
    with pytest.raises(Stale):
        office.delete("Network", "acme/web", if_match=1)
    with pytest.raises(Stale):
        office.put("Network", "acme/new", if_match=1)
    with pytest.raises(NotFound):
        office.delete("Network", "acme/new", if_match=1)


def test_a_patch_changes_what_it_names(office: Desk) -> None:
    office.apply(*BASE, port("p", labels={"a": "1", "b": "2"}, mac="02:00:00:00:00:01"))
    office.patch("Port", "acme/p", {"labels": {"a": None}, "spec": {"admin_up": False, "mac": None}})
    resource = office.intent.resource(("Port", "acme", "p"))
    assert resource is not None
    assert resource.row.labels == (("b", "2"),)
    assert (resource.spec.admin_up, resource.spec.mac, resource.allocated.mac) == (False, None, "02:00:00:00:00:01")
    with pytest.raises(UserError, match="/name: is p by the path"):
        office.patch("Port", "acme/p", {"name": "q"})
    with pytest.raises(UserError, match="/spec/network"):
        office.patch("Port", "acme/p", {"spec": {"network": None}})


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_are_those_of_rfc_7396(target: object, patch: object, result: object) -> None:
    assert merged(target, patch) == result


def test_prune_deletes_what_the_document_lacks(office: Desk) -> None:
    old = {"app": "web"}
    office.apply(*BASE, port("keep", labels=old), port("drop", labels=old), port("other", labels={"app": "db"}))
    outcome = office.apply(port("keep", labels=old), prune="app=web")
    assert actions(outcome) == {"keep": "unchanged", "drop": "deleted"}
    assert office.intent.resource(("Port", "acme", "drop")) is None


def test_a_network_can_go_with_its_ports(office: Desk) -> None:
    office.apply(
        {**project(), "labels": {"t": "x"}}, {**network("web", V4), "labels": {"t": "x"}}, port("p", labels={"t": "x"})
    )
    office.apply(prune="t=x")
    assert office.database.rows == {}
    gone = {(entities.Project, "acme"), (entities.Network, "acme/web"), (entities.Port, "acme/p")}
    assert set(office.followed[-1][1]) == gone


def late_writer(office: Desk, lag: float) -> Writer:
    """A second daemon's writer, which has seen what stands now and follows on its own."""
    intent = Intent(lambda *_: None)
    rows = tuple(office.database.rows.values())
    intent.follow(Commit(office.database.revision, tuple(ResourceChange(None, row) for row in rows), initial=True), 0)
    writer = Writer(office.database, intent, Underlay(), Clock(follow=lag))
    writer.start()
    return writer


def test_another_daemon_s_commit_is_judged_again(office: Desk) -> None:
    office.apply(*BASE)
    late = late_writer(office, 5)
    office.apply(port("theirs", addresses=["10.1.0.6"]))
    missed = Commit(2, (ResourceChange(None, office.database.rows["Port", "acme", "theirs"]),))
    threading.Timer(0.05, late.intent.follow, (missed, 0)).start()
    asked = documents.one({"spec": {"network": "web", "addresses": ["10.1.0.6"]}}, KINDS["Port"], "acme", "ours")
    with pytest.raises(Conflict, match="taken by Port acme/theirs"):
        late.submit(Request((Put(asked),), "late"))
    late.stop()


def test_a_monitor_that_tells_nothing_is_told(office: Desk) -> None:
    late = late_writer(office, 0.05)
    office.apply(project())
    asked = documents.one({}, KINDS["Project"], "", "globex")
    with pytest.raises(Unavailable, match="told nothing of it"):
        late.submit(Request((Put(asked),), "late"))
    late.stop()


def test_uids_and_times_stay_with_their_resource(office: Desk) -> None:
    office.apply(*BASE)
    before = office.database.rows["Network", "acme", "web"]
    office.put("Network", "acme/web", spec={"vni": 77})
    after = office.database.rows["Network", "acme", "web"]
    assert (after.uid, after.created_at) == (before.uid, before.created_at)
    assert (before.revision, after.revision, after.author) == (1, 2, "tester")


def test_nothing_is_judged_while_the_last_commit_is_in_doubt(office: Desk) -> None:
    office.apply(*BASE)
    office.database.certain = False
    with pytest.raises(Unavailable, match="out of reach"):
        office.delete("Port", "acme/perhaps-committed")
    office.database.certain = True
    with pytest.raises(NotFound):
        office.delete("Port", "acme/perhaps-committed")
