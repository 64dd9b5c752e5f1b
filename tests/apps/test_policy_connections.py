"""What was let begin goes on and is answered; what belongs to nothing goes nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.policy_tables import RULES, TALLY
from controller.policy.values import TCP, Service
from tests import packets as p
from tests.apps.scenes import (
    DB,
    EVERYBODY,
    JOB,
    PG,
    WEB,
    acted,
    addressed,
    of,
    opened,
    reached,
    rule,
    scene,
    sent,
    syn,
    to,
)
from tests.worlds import mac

if TYPE_CHECKING:
    from tests.packets import Packet


def later(sender: str, receiver: str, ports: tuple[int, int] = (40000, 5432)) -> Packet:
    """A later packet of a connection that was opened, from the one port to the other."""
    return p.tcp(*addressed(sender, receiver), ports, flags=p.ACK)


def test_answers_need_no_rule_of_their_own() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=PG)), to(WEB, name="closed"), of(DB, name="silent"))
    assert opened(plane, "web", "db")
    assert opened(plane, "web", "db2")


def test_the_answer_to_nothing_goes_nowhere() -> None:
    plane = acted(to(WEB, name="closed"))
    back = p.tcp(*addressed("db", "web"), (5432, 40000), flags=p.SYN | p.ACK)
    assert reached(plane, "db", back) == []


def test_a_denied_connection_is_denied_however_often_it_is_tried() -> None:
    plane = acted(to(DB))
    assert not any(opened(plane, "web", "db") for _ in range(3))


def test_a_connection_goes_on_after_it_was_let_begin() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=PG)))
    assert opened(plane, "web", "db")
    for sender, receiver, ports in (("web", "db", (40000, 5432)), ("db", "web", (5432, 40000))):
        assert reached(plane, sender, later(sender, receiver, ports)) == [receiver]


def test_an_error_about_a_connection_reaches_who_has_it() -> None:
    plane = acted(to(WEB, name="closed"))
    first = syn("web", "db")
    assert reached(plane, "web", first) == ["db"]
    told = p.icmp_error(mac(2), mac(1), "10.0.0.2", first)
    assert reached(plane, "db", told) == ["web"]
    assert reached(plane, "db", p.icmp_error(mac(2), mac(1), "10.0.0.2", syn("web", "db", 9))) == []


def test_every_ping_is_judged() -> None:
    plane = acted(to(DB, rule("allow", WEB)))
    for number in (1, 2):
        ping = p.ping(*addressed("web", "db"), number)
        assert reached(plane, "web", ping) == ["db"]
        assert reached(plane, "db", p.answer(ping)) == ["web"]
    judged = [walk for _, walk in sent(plane, "web", p.ping(*addressed("web", "db"), 1)).walks]
    assert any(table == RULES.number for walk in judged for table, _ in walk.steps)


def test_what_a_connection_is_remembered_by_is_the_rule_that_allowed_it() -> None:
    plane = acted(to(DB, rule("allow", WEB, services=PG)))
    assert opened(plane, "web", "db")
    (walk,) = (walk for chassis, walk in sent(plane, "web", later("web", "db")).walks if chassis == "hv2")
    assert [cookie for table, cookie in walk.steps if table == TALLY.number] != [None]


def test_connections_that_nothing_guarded_go_on_when_something_does() -> None:
    plane = acted()
    assert opened(plane, "web", "db")
    plane.becomes(scene(to(DB), of(WEB)))
    assert not opened(plane, "web", "db", 22)
    assert reached(plane, "web", later("web", "db")) == ["db"]
    assert reached(plane, "db", later("db", "web", (5432, 40000))) == ["web"]


def test_a_rule_that_goes_keeps_new_connections_out_and_lets_old_ones_be() -> None:
    plane = acted(to(DB, rule("allow", WEB)))
    assert opened(plane, "web", "db")
    plane.becomes(scene(to(DB, rule("allow", JOB))))
    assert reached(plane, "web", later("web", "db")) == ["db"]
    assert reached(plane, "web", syn("web", "db", 22)) == []


def test_a_policy_for_all_is_for_each_of_them() -> None:
    services = (Service(TCP, ((22, 22),)),)
    plane = acted(to(EVERYBODY, rule("allow", JOB, services=services)))
    assert opened(plane, "job", "web", 22)
    assert not opened(plane, "web", "job", 22)
