"""A meter's number alone says what it limits to, and rules share one only by chance."""

from __future__ import annotations

from controller.flow.meters import Limit, crowd_meter, log_meter, meter_spec, probe_meter, punt_meter


def test_a_number_tells_the_rate_and_the_burst_of_its_meter() -> None:
    assert meter_spec(punt_meter(7)) == Limit(100, 200)
    assert meter_spec(crowd_meter(7)) == Limit(100, 400)
    assert meter_spec(probe_meter(7)) == Limit(20, 40)
    assert meter_spec(log_meter(0xFFFFFFFF)) == Limit(10, 50)
    assert meter_spec(7) is None


def test_what_a_rule_logs_has_a_meter_of_its_own_and_always_the_same() -> None:
    numbers = [log_meter(rule << 2 | 1) for rule in range(200)]
    assert len(set(numbers)) == len(numbers)
    assert numbers == [log_meter(rule << 2 | 1) for rule in range(200)]
    assert {number >> 24 for number in numbers} == {3}
