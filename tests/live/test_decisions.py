"""What rules that log decided is told to whom it concerns, and nobody's log drowns another's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from controller.entities import Port
from controller.live.decisions import BURST, Decisions
from controller.live.observed import Samples
from controller.live.rules import RETIRED, RuleNames
from controller.policy.derived import Found, Guard, Ruling, Stage
from controller.policy.numbers import rule_number
from controller.policy.values import Policy
from controller.services import logged
from controller.services.outcome import LOGGED, Logged, Punt
from controller.store import Store
from tests.services.town import NOW, facts, mac

if TYPE_CHECKING:
    from typing import Any

DB = "Policy:acme/db"
PG = rule_number(DB, "ingress", "pg", "deny")


def ruling(policy: str, *names: str) -> Ruling:
    founds = (
        Found(name, rule_number(policy, "ingress", name, "deny"), "deny", True, False, (), (), (), True)  # noqa: FBT003
        for name in names
    )
    return Ruling(policy, tuple((found,) for found in founds), ())


@dataclass
class Desk:
    """Decisions as they are told; the clock stands still."""

    store: Store = field(default_factory=facts)
    told: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)
    now: float = NOW

    def __post_init__(self) -> None:
        self.names = RuleNames(self.store)
        self.samples = Samples()
        self.decisions = Decisions(self.store, self.names, self._tell, self.samples, lambda: self.now)

    def _tell(self, kind: str, subject: str, detail: dict[str, object]) -> None:
        self.told.append((kind, subject, detail))

    def put(self, *entities: Any) -> None:
        changed: set[tuple[Any, ...]] = set()
        for entity in entities:
            self.store.put(entity, changed)
        self.names.compiled(changed)

    def delete(self, kind: type, key: str) -> None:
        changed: set[tuple[Any, ...]] = set()
        self.store.delete(kind, key, changed)
        self.names.compiled(changed)

    def copied(self, layer: Any, **fields: Any) -> Logged:
        """What becomes of the copy of a packet from web-2 to web-1."""
        frame = bytes(Ether(src=mac(2), dst=mac(1)) / IP(src="10.1.0.11", dst="10.1.0.10") / layer)
        asked = replace(Punt("hv1", 77, LOGGED, frame, network=0x101, out_port=1, rule=PG), **fields)
        (found,) = logged.answer(asked, self.store, NOW)
        assert isinstance(found, Logged)
        return found


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.put(ruling(DB, "pg"))
    return desk


def policy(*, audit: bool) -> Policy:
    return Policy(DB, "u", "Policy", "acme", "db", "application", 100, (), (), None, audit=audit)


def test_a_decision_says_which_rule_refused_whom_what_and_where(desk: Desk) -> None:
    desk.decisions.take(desk.copied(TCP(sport=4000, dport=5432)))
    assert desk.told == [
        (
            "security",
            "Policy acme/db",
            {
                "rule": "pg",
                "direction": "ingress",
                "verdict": "deny",
                "from": "acme/web-2",
                "to": "acme/web-1",
                "source": "10.1.0.11",
                "destination": "10.1.0.10",
                "chassis": "hv1",
                "protocol": "tcp",
                "source_port": 4000,
                "destination_port": 5432,
            },
        )
    ]
    assert desk.decisions.told == {"deny": 1}


def test_what_leaves_is_told_with_the_port_that_it_was_for(desk: Desk) -> None:
    frame = bytes(Ether() / IP(src="10.1.0.10", dst="10.1.0.12") / UDP(sport=1, dport=2))
    found = desk.copied(UDP(), frame=frame, in_port=1, out_port=0)
    assert (found.sender, found.receiver) == ("acme/web-1", "acme/web-2")


def test_of_a_ping_its_type_is_told_and_of_an_audited_rule_what_it_would_have_done(desk: Desk) -> None:
    desk.put(policy(audit=True))
    desk.decisions.take(desk.copied(ICMP(type=8)))
    ((_, _, detail),) = desk.told
    assert (detail["verdict"], detail["type"], detail["code"]) == ("would deny", 8, 0)


def test_what_an_audited_policy_would_keep_out_is_told_as_its_own(desk: Desk) -> None:
    desk.put(policy(audit=True))
    stages = (Stage("application", (DB,), lets_on=False),)
    desk.put(Guard("acme/ingress/1", 64, "acme", "ingress", (), stages, ()))
    number = rule_number("acme/ingress/1", "ingress", "default of application", "deny")
    desk.decisions.take(desk.copied(UDP(), rule=number))
    ((_, subject, detail),) = desk.told
    assert (subject, detail["rule"], detail["verdict"]) == ("Policy acme/db", "default of application", "would deny")


def test_a_stranger_is_nobody(desk: Desk) -> None:
    frame = bytes(Ether() / IP(src="203.0.113.9", dst="10.1.0.10") / UDP(sport=1, dport=2))
    assert desk.copied(UDP(), frame=frame).sender == ""


def test_ports_of_other_projects_are_not_named(desk: Desk) -> None:
    desk.decisions.take(replace(desk.copied(UDP()), sender="beta/web-1"))
    assert desk.told[0][2]["from"] is None
    assert desk.told[0][2]["to"] == "acme/web-1"


def test_operators_policies_name_everybody(desk: Desk) -> None:
    desk.put(ruling("AdminNetworkPolicy:x", "r"))
    number = rule_number("AdminNetworkPolicy:x", "ingress", "r", "deny")
    desk.decisions.take(replace(desk.copied(UDP()), sender="beta/web-1", rule=number))
    assert (desk.told[0][1], desk.told[0][2]["from"]) == ("AdminNetworkPolicy x", "beta/web-1")


def test_a_loud_project_is_cut_short_and_others_are_heard(desk: Desk) -> None:
    desk.put(ruling("Policy:beta/x", "r"))
    loud = desk.copied(UDP())
    for _ in range(2 * int(BURST)):
        desk.decisions.take(loud)
    desk.decisions.take(replace(loud, rule=rule_number("Policy:beta/x", "ingress", "r", "deny")))
    assert len(desk.told) == BURST + 1
    assert desk.decisions.dropped == {"too_many": BURST}
    desk.now += 1.0
    desk.decisions.take(loud)
    assert len(desk.told) == BURST + 2


def test_rules_are_known_by_number_as_long_as_connections_may_name_them(desk: Desk) -> None:
    assert desk.names.of(PG & ~3) == desk.names.of(PG)
    desk.delete(Ruling, DB)
    gone = desk.names.of(PG)
    assert gone is not None
    assert gone.words == "Policy:acme/db#pg"
    desk.put(ruling("Policy:acme/many", *map(str, range(RETIRED + 10))))
    desk.delete(Ruling, "Policy:acme/many")
    assert desk.names.of(PG) is None


def test_a_tier_that_denies_has_a_name_for_each_guard(desk: Desk) -> None:
    stages = (Stage("application", (DB,), lets_on=False), Stage("baseline", (), lets_on=True))
    desk.put(Guard("acme/ingress/1", 64, "acme", "ingress", stages, (), ()))
    found = desk.names.of(rule_number("acme/ingress/1", "ingress", "default of application", "deny"))
    assert found is not None
    assert (found.words, found.policy, found.action) == ("default of application", DB, "deny")
    assert desk.names.of(rule_number("acme/ingress/1", "ingress", "default of baseline", "deny")) is None


def test_a_number_of_nobody_is_counted_and_nothing_more(desk: Desk) -> None:
    desk.delete(Port, "acme/web-1")
    desk.decisions.take(replace(desk.copied(UDP()), rule=12345))
    assert (desk.told, desk.decisions.dropped) == ([], {"unknown": 1})
