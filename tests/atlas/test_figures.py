"""What is measured of links: true to what was sent, smooth where it jitters, and known only where somebody told."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from controller.atlas.collector import LinksCollector
from controller.atlas.figures import Figures
from controller.atlas.findings import QUIET_SECONDS, Findings
from controller.atlas.latencies import LAST, Latencies
from controller.atlas.loads import Loads
from controller.atlas.rates import Rates
from controller.links import LinkFigures, Wire
from controller.southbound.port_counts import PortCount
from controller.southbound.ports import PortDescription
from topology.sides import Attack, Lost, Seen, Timed

A, B, A2, B2 = ("s1", 1), ("s2", 1), ("s1", 2), ("s2", 2)
FIRST = Wire("s1.1-s2.1", ("s1", "s2"), (1, 1), ("s1-eth1", "s2-eth1"))
SECOND = Wire("s1.2-s2.2", ("s1", "s2"), (2, 2), ("s1-eth2", "s2-eth2"))
MEGABYTE = 1_000_000


@pytest.fixture
def figures() -> Figures:
    """Two wires between two bridges."""
    made = Figures()
    made.recall((FIRST,))
    made.seen(Seen(SECOND, "found"))
    return made


def count(figures: Figures, chassis: str, age: float, *sent: int) -> None:
    figures.counted(chassis, [PortCount(port, age, 0, octets) for port, octets in enumerate(sent, 1)])


def test_a_link_takes_what_its_probes_take_less_the_ways_to_its_switches() -> None:
    latencies = Latencies()
    assert not latencies.passed(A, B, 0.010)
    latencies.returned("s1", 0.004)
    latencies.returned("s2", 0.002)
    assert latencies.between(A, B) is None
    assert latencies.passed(A, B, 0.010)
    assert latencies.passed(B, A, 0.012)
    assert latencies.between(A, B) == latencies.between(B, A) == pytest.approx(0.008)


def test_a_probe_that_seems_faster_than_its_switches_took_no_time() -> None:
    latencies = Latencies()
    latencies.returned("s1", 0.010)
    latencies.returned("s2", 0.010)
    latencies.passed(A, B, 0.001)
    assert latencies.between(A, B) == 0


def test_a_moment_in_which_the_daemon_was_busy_is_not_taken_for_a_slow_link() -> None:
    latencies = Latencies()
    latencies.returned("s1", 0.0)
    latencies.returned("s2", 0.0)
    for seconds in (0.005, 0.005, 0.300, 0.005, 0.200, 0.400, 0.005):
        latencies.passed(A, B, seconds)
        assert latencies.between(A, B) == pytest.approx(0.005)


def test_a_link_that_became_slow_is_known_to_be_a_few_probes_later() -> None:
    latencies = Latencies()
    latencies.returned("s1", 0.0)
    latencies.returned("s2", 0.0)
    latencies.passed(A, B, 0.002)
    for _ in range(LAST + 5):
        latencies.passed(A, B, 0.050)
    assert latencies.between(A, B) == pytest.approx(0.050, rel=0.05)


def test_ports_send_what_their_counters_gain() -> None:
    loads = Loads()
    loads.counted("s1", [PortCount(1, 10.0, 5, 7)])
    assert loads.over(A, B) is None
    loads.counted("s1", [PortCount(1, 12.0, 5 + 2 * MEGABYTE, 7 + MEGABYTE)])
    assert (loads.over(A, B), loads.over(B, A)) == (pytest.approx(4.0), pytest.approx(8.0))
    loads.forget(A)
    assert loads.over(A, B) is None


def test_rates_follow_smoothly() -> None:
    rates: Rates[str] = Rates()
    octets, seen = 0, []
    for second in range(12):
        rates.counted("x", float(second), octets)
        octets += MEGABYTE if second >= 2 else 0
        seen.append(rates.of("x") or 0.0)
    assert seen == sorted(seen)
    assert seen[3] == pytest.approx(4.0)
    assert seen[-1] == pytest.approx(8.0, rel=0.02)
    assert rates.known() == {"x": seen[-1]}


@pytest.mark.parametrize(("age", "octets"), [(1.0, 0), (10.0, 9), (11.0, 4)])
def test_a_counter_that_began_anew_tells_nothing_until_the_next_reading(age: float, octets: int) -> None:
    rates: Rates[str] = Rates()
    rates.counted("x", 9.0, 0)
    rates.counted("x", 10.0, 5)
    rates.counted("x", age, octets)
    assert rates.of("x") is None
    rates.counted("x", age + 1, octets + MEGABYTE)
    assert rates.of("x") == pytest.approx(8.0)


def test_a_link_is_as_slow_as_its_slowest_wire_and_carries_what_all_carry(figures: Figures) -> None:
    figures.returned("s1", 0.0)
    figures.returned("s2", 0.0)
    figures.timed(Timed(A, B, 0.002))
    figures.timed(Timed(A2, B2, 0.0031))
    for age, sent in ((1.0, 0), (2.0, MEGABYTE)):
        count(figures, "s1", age, sent, 2 * sent)
        count(figures, "s2", age, 0, sent)
    for chassis in ("s1", "s2"):
        figures.ports(chassis, [PortDescription(1, "a", speed=10_000.0), PortDescription(2, "b", speed=1_000.0)])
    assert figures.of("s1-s2") == LinkFigures(3.1, (pytest.approx(24.0), pytest.approx(8.0)), 11_000.0)
    figures.seen(Seen(Wire(SECOND.key, SECOND.ends, SECOND.ports, SECOND.names, up=False), "port down"))
    assert figures.of("s1-s2") == LinkFigures(2.0, (pytest.approx(8.0), 0.0), 10_000.0)


def test_a_wire_goes_no_faster_than_its_slower_end(figures: Figures) -> None:
    figures.seen(Lost(SECOND, "port gone"))
    figures.ports("s1", [PortDescription(1, "a", speed=10_000.0)])
    figures.ports("s2", [PortDescription(1, "a", speed=1_000.0)])
    assert figures.of("s1-s2") == LinkFigures(None, None, 1_000.0)


def test_what_an_end_does_not_tell_the_other_end_tells(figures: Figures) -> None:
    figures.seen(Lost(SECOND, "port gone"))
    for age, octets in ((1.0, 0), (2.0, MEGABYTE)):
        figures.counted("s1", [PortCount(1, age, 2 * octets, octets)])
    assert figures.of("s1-s2") == LinkFigures(None, (pytest.approx(8.0), pytest.approx(16.0)), None)


def test_of_a_link_that_is_down_or_unknown_nothing_is_measured(figures: Figures) -> None:
    for wire in (FIRST, SECOND):
        figures.seen(Seen(Wire(wire.key, wire.ends, wire.ports, wire.names, up=False), "silent"))
    assert (figures.of("s1-s2"), figures.of("s8-s9")) == (None, None)
    assert figures.wires.links() == (("s1-s2", ("s1", "s2")),)
    for wire in (FIRST, SECOND):
        figures.seen(Lost(wire, "port gone"))
    assert (figures.wires.links(), figures.wires.chassis()) == ((), frozenset())


def test_that_something_is_known_for_the_first_time_is_told_once(figures: Figures) -> None:
    figures.returned("s1", 0.0)
    figures.returned("s2", 0.0)
    assert not figures.news()
    figures.timed(Timed(A, B, 0.002))
    assert (figures.news(), figures.news()) == (True, False)
    figures.timed(Timed(A, B, 0.002))
    assert not figures.news()


def test_the_world_sees_figures_in_base_units(figures: Figures) -> None:
    findings = Findings(lambda *_: None, figures)
    figures.returned("s1", 0.0)
    figures.returned("s2", 0.0)
    figures.timed(Timed(A, B, 0.002))
    for age, sent in ((1.0, 0), (2.0, MEGABYTE)):
        count(figures, "s1", age, sent, 0)
        count(figures, "s2", age, 0, 0)
    figures.ports("s1", [PortDescription(1, "a", speed=10.0), PortDescription(2, "b", speed=10.0)])
    findings.attempted(Attack("forged", A, B, "a lie"))
    registry = CollectorRegistry()
    registry.register(LinksCollector(figures, findings))
    told = generate_latest(registry).decode()
    assert 'netloom_link_up{link="s1-s2"} 1.0' in told
    assert 'netloom_link_latency_seconds{link="s1-s2"} 0.002' in told
    assert 'netloom_link_load_bits_per_second{link="s1-s2",source="s1",target="s2"} 8e+06' in told
    assert 'netloom_link_load_bits_per_second{link="s1-s2",source="s2",target="s1"} 0.0' in told
    assert 'netloom_link_capacity_bits_per_second{link="s1-s2"} 2e+07' in told
    assert 'netloom_link_attempts_total{attempt="forged"} 1.0' in told


def test_an_attempt_is_told_once_in_a_while_and_always_counted() -> None:
    told: list[tuple[str, str, dict[str, object]]] = []
    now = [0.0]
    findings = Findings(lambda *event: told.append(event), Figures(), lambda: now[0])
    for _ in range(5):
        findings.attempted(Attack("forged", A, B, "a lie"))
    findings.attempted(Attack("relayed", A, None, "passed on"))
    assert [(kind, subject, detail["attempt"]) for kind, subject, detail in told] == [
        ("security", "Chassis s1", "forged"),
        ("security", "Chassis s1", "relayed"),
    ]
    now[0] = QUIET_SECONDS
    findings.attempted(Attack("forged", A, B, "a lie"))
    assert told[-1][2] == {"attempt": "forged", "port": 1, "claims": "s2.1", "why": "a lie", "not_told": 4}
    assert findings.attempts == {"forged": 6, "relayed": 1}
    for number in range(10_000):
        findings.attempted(Attack("forged", ("s1", number), None, "a lie"))
    assert len(findings._told) <= 4096  # noqa: SLF001 - what it keeps is the point


def test_wires_are_told_as_they_come_and_go(figures: Figures) -> None:
    told: list[tuple[str, str, dict[str, object]]] = []
    findings = Findings(lambda *event: told.append(event), figures)
    findings.seen(Seen(FIRST, "found"))
    findings.seen(Lost(FIRST, "port gone"))
    names = {"interfaces": ["s1-eth1", "s2-eth1"]}
    assert told == [
        ("topology", "Link s1-s2", {"wire": "s1.1-s2.1", "state": "up", "cause": "found"} | names),
        ("topology", "Link s1-s2", {"wire": "s1.1-s2.1", "state": "gone", "cause": "port gone"} | names),
    ]
    assert figures.of("s1-s2") == LinkFigures()
    findings.seen(Lost(SECOND, "port gone"))
    assert figures.of("s1-s2") is None
