"""The table of leases: what machines know of their addresses, as time leaves it."""

from __future__ import annotations

from dataclasses import replace

from controller.services.leases import Leases
from controller.services.outcome import Lease, Withdrawn
from tests.services.town import NOW

OFFERED = Lease(*("acme/web-1", "acme/web", "hv1", "02:00:00:00:00:01", "10.1.0.10", "one"), "offered", NOW, NOW + 60)
BOUND = replace(OFFERED, state="bound", expires=NOW + 3600)


def states(leases: Leases, now: float) -> list[str]:
    return [lease.state for lease in leases.rows(now)]


def test_a_lease_is_offered_then_bound_then_expires() -> None:
    leases = Leases()
    assert leases.put(OFFERED, NOW)
    assert states(leases, NOW) == ["offered"]
    assert leases.put(BOUND, NOW)
    assert states(leases, NOW + 3599) == ["bound"]
    (expired,) = leases.rows(NOW + 3600)
    assert (expired.state, expired.since) == ("expired", NOW + 3600)


def test_an_offer_that_nobody_takes_is_none() -> None:
    leases = Leases()
    leases.put(OFFERED, NOW)
    assert states(leases, NOW + 60) == []


def test_an_offer_takes_nothing_from_who_holds_the_address() -> None:
    leases = Leases()
    leases.put(BOUND, NOW)
    assert not leases.put(replace(OFFERED, since=NOW + 10), NOW + 10)
    assert states(leases, NOW + 10) == ["bound"]
    assert leases.put(replace(OFFERED, since=NOW + 4000, expires=NOW + 4060), NOW + 4000)
    assert states(leases, NOW + 4000) == ["offered"]


def test_a_declined_address_stays_declined_until_it_is_taken() -> None:
    leases = Leases()
    leases.put(replace(BOUND, state="declined", expires=None), NOW)
    leases.put(replace(OFFERED, since=NOW + 10, expires=NOW + 70), NOW + 10)
    assert states(leases, NOW + 10) == ["declined"]
    leases.put(replace(BOUND, since=NOW + 11), NOW + 11)
    assert states(leases, NOW + 11) == ["bound"]


def test_a_renewal_is_nothing_new_and_keeps_since_when_it_holds() -> None:
    leases = Leases()
    leases.put(BOUND, NOW)
    renewed = replace(BOUND, since=NOW + 1800, expires=NOW + 5400, hostname="")
    assert not leases.put(renewed, NOW + 1800)
    (lease,) = leases.rows(NOW + 1800)
    assert (lease.since, lease.expires, lease.hostname) == (NOW, NOW + 5400, "one")


def test_only_an_offer_is_withdrawn() -> None:
    leases = Leases()
    leases.put(OFFERED, NOW)
    leases.withdraw(Withdrawn("acme/web-1", "10.1.0.10"))
    assert states(leases, NOW) == []
    leases.put(BOUND, NOW)
    leases.withdraw(Withdrawn("acme/web-1", "10.1.0.10"))
    leases.withdraw(Withdrawn("acme/nobody", "10.1.0.10"))
    assert states(leases, NOW) == ["bound"]


def test_a_lease_for_ever_never_expires() -> None:
    leases = Leases()
    leases.put(replace(BOUND, expires=None), NOW)
    assert states(leases, NOW + 1e9) == ["bound"]


def test_leases_are_counted_by_state_and_go_with_their_port() -> None:
    leases = Leases()
    leases.put(BOUND, NOW)
    leases.put(replace(BOUND, address="10.1.0.11", state="declined", expires=None), NOW)
    leases.put(replace(BOUND, port="acme/web-2", state="released", expires=None), NOW)
    assert leases.counts(NOW) == {"offered": 0, "bound": 1, "released": 1, "declined": 1, "expired": 0}
    assert [lease.address for lease in leases.of("acme/web-1", NOW)] == ["10.1.0.10", "10.1.0.11"]
    leases.forget("acme/web-1")
    assert states(leases, NOW) == ["released"]
