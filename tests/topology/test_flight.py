"""Probes under way: each counts once, at one port, and not for long; what is kept of each port is bounded."""

from __future__ import annotations

from tests.topology.floor import A1, B1, C1
from topology.flight import LIFETIME, MOST_OF_A_PORT, Flight, Landing

FIRST, SECOND = b"first", b"second"


def test_a_probe_counts_the_first_time_that_it_arrives_and_tells_where_else_it_did() -> None:
    flight = Flight()
    flight.launch(FIRST, A1, 10.0)
    assert flight.land(FIRST, B1, 10.5) == Landing(A1, 0.5)
    assert flight.land(FIRST, B1, 10.6) == "again"
    assert flight.land(FIRST, C1, 10.75) == Landing(A1, 0.75, elsewhere=B1)
    assert flight.land(SECOND, B1, 10.75) == "never"


def test_a_probe_that_takes_too_long_is_late() -> None:
    flight = Flight()
    flight.launch(FIRST, A1, 10.0)
    flight.launch(SECOND, A1, 10.0)
    assert flight.land(FIRST, B1, 10.0 + LIFETIME) == Landing(A1, LIFETIME)
    flight.launch(b"third", A1, 11.0 + LIFETIME)
    assert flight.land(SECOND, B1, 11.0 + LIFETIME) == "late"


def test_of_each_port_the_last_probes_are_remembered_and_none_of_one_that_went() -> None:
    flight = Flight()
    nonces = [bytes([number]) for number in range(MOST_OF_A_PORT + 1)]
    flight.launch(FIRST, C1, 10.0)
    for nonce in nonces:
        flight.launch(nonce, A1, 10.0)
    assert [flight.land(nonce, B1, 10.0) == "never" for nonce in nonces] == [True] + [False] * MOST_OF_A_PORT
    flight.forget(A1)
    assert {flight.land(nonce, B1, 10.0) for nonce in nonces} == {"never"}
    assert flight.land(FIRST, B1, 10.0) == Landing(C1, 0.0)
