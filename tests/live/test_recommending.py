"""What is recommended allows what was seen and no more, in the words that users write policies in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from house import DB, WEB, Entry, House

from controller.entities import Port
from controller.intent import documents
from controller.intent.kinds import KINDS
from controller.intent.pacer import Pacer
from controller.intent.resource import NoAllocation, Resource
from controller.live import recommending
from controller.live.observed import MOST_SAMPLES, Observation, Samples
from controller.live.proving import Proof, prove
from controller.policy.values import Machines, Policy, Rule
from controller.policy.verdict import Conversation
from controller.preview import Change
from ovsdb.rows import ResourceRow
from tests.worlds import port

if TYPE_CHECKING:
    from controller.live.observed import Observation as Seen


@pytest.fixture
def house() -> House:
    house = House()
    house.tracked = {"hv1": [Entry(1, 4000, 5432), Entry(1, 7, 0, 0, 1)], "hv2": [Entry(2, 4000, 5432)]}
    return house


def seen(house: House) -> list[Seen]:
    return house.live.recommender.see("acme", lambda _: True)[1]


def recommended(house: House, *, reads: bool = True) -> list[dict[str, Any]]:
    ports, found, _ = house.live.recommender.see("acme", lambda _: True)
    return recommending.documents(house.built.store, "acme", ports, found, lambda _: reads)


def entity(document: dict[str, Any]) -> Policy:
    """The policy that a document means, checked as the API does."""
    (asked,) = documents.many([document], Pacer())
    kind = KINDS["Policy"]
    row = ResourceRow(*asked.key, "u", (), "{}", "{}", 1, "", "", "")
    found = kind.entity(Resource(row, asked.spec, NoAllocation()))
    assert isinstance(found, Policy)
    return found


def proof(house: House, *policies: Policy) -> Proof:
    """How policies would do; those that are recommended where none are given."""
    puts = policies or tuple(map(entity, recommended(house)))
    found = seen(house)
    return house.tried(Change(puts, ()), lambda glimpse: prove(glimpse, found, [one.key for one in puts]))


def test_machines_are_named_by_their_labels_and_services_by_their_ports(house: House) -> None:
    web, database = sorted(recommended(house), key=lambda one: str(one["name"]), reverse=True)
    assert database["name"] == "recommended-db"
    assert database["spec"] == {
        "applied_to": {"labels": {"app": "db"}},
        "ingress": [
            {
                "name": "icmp-1",
                "action": "allow",
                "from": [{"labels": {"app": "web"}}],
                "protocol": "icmp",
                "types": [{"type": 8, "code": 0}],
            },
            {
                "name": "tcp-2",
                "action": "allow",
                "from": [{"labels": {"app": "web"}}],
                "protocol": "tcp",
                "ports": [5432],
            },
        ],
        "egress": [{"name": "nothing-else", "action": "deny", "to": "any"}],
    }
    ping, postgres = web["spec"]["egress"]
    assert (ping["protocol"], ping["types"]) == ("icmp", [{"type": 8, "code": 0}])
    assert postgres["to"] == [{"labels": {"app": "db"}}]


def test_all_that_was_seen_goes_on_and_what_else_is_opened_is_counted(house: House) -> None:
    found = proof(house)
    assert (found.coverage, found.total, found.over) == (1.0, 3, 0)
    house.put(port("acme/web-9", "acme/net", 9, labels=(("app", "web"), ("tier", "x"))))
    chosen = [one for one in recommended(house) if one["name"] != "recommended-web-x"]
    found = proof(house, *map(entity, chosen))
    assert (found.coverage, found.over) == (1.0, 2), "it may ping and ask the database as well, and was not seen to"


def test_what_other_policies_forbid_is_told_before_it_is_offered(house: House) -> None:
    database = (Machines(("acme",), ports=(DB,)),)
    no = (Rule("no", "deny", None),)
    forbids = Policy("Policy:acme/no", "u", "Policy", "acme", "no", "application", 1, database, no, None)
    found = proof(house, forbids, *map(entity, recommended(house)))
    assert {one.said.target_port for one in found.refused} == {5432, 2048}
    assert found.coverage == 0.0


def test_strangers_are_addresses_and_many_of_them_everybody(house: House) -> None:
    house.delete(Port, DB)
    (web,) = recommended(house)
    assert web["spec"]["egress"][0]["to"] == [{"cidr": "10.0.0.2/32"}]
    for number in range(recommending.MOST_BLOCKS):
        _sample(house, f"192.0.{2 * number}.1")
    (web,) = recommended(house)
    assert {"cidr": "0.0.0.0/0"} in web["spec"]["egress"][-1]["to"]


def _sample(house: House, target: str) -> None:
    said = Conversation(WEB, None, "10.0.0.1", target, 6, 1, 5432)
    house.live.samples.add([Observation(WEB, "egress", said)])


def test_machines_of_projects_that_the_caller_does_not_read_are_addresses(house: House) -> None:
    (database,) = [one for one in recommended(house, reads=False) if one["name"] == "recommended-db"]
    assert database["spec"]["ingress"][0]["from"] == [{"cidr": "10.0.0.1/32"}]


def test_what_was_seen_once_counts_though_it_is_over(house: House) -> None:
    assert len(seen(house)) == 3
    house.tracked = {"hv1": [], "hv2": []}
    assert len(seen(house)) == 3


def test_labels_that_only_name_a_machine_make_no_policy_of_its_own(house: House) -> None:
    for number in (5, 6, 7):
        labels = (("app", "web"), ("id", f"web-{number}"))
        house.put(port(f"acme/web-{number}", "acme/net", number, labels=labels))
    assert sorted(str(one["name"]) for one in recommended(house)) == ["recommended-db", "recommended-web"]


def test_who_was_not_answered_was_not_talking(house: House) -> None:
    house.tracked = {"hv1": [Entry(1, 4000, 22, state="SYN_SENT")], "hv2": []}
    assert seen(house) == []


def test_samples_are_bounded_and_the_oldest_go_first() -> None:
    samples = Samples()
    for number in range(MOST_SAMPLES + 5):
        said = Conversation(WEB, None, "10.0.0.1", "192.0.2.1", 17, 1, number)
        samples.add([Observation(WEB, "egress", said)])
    kept = samples.of(frozenset((WEB,)))
    assert (len(kept), kept[0].said.target_port) == (MOST_SAMPLES, 5)
