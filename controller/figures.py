"""The core's figures for Prometheus: turns, flows, readiness, bridges and drift, in base units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from controller.core import Core
    from controller.drifts import Drifts
    from controller.live.decisions import Decisions
    from controller.punts import Punts
    from controller.steward import Steward


class CoreCollector(Collector):
    """Read when scraped; keeps nothing."""

    def __init__(self, core: Core, drifts: Drifts) -> None:
        self._core = core
        self._drifts = drifts

    def collect(self) -> Iterator[Metric]:
        """All figures of the core."""
        yield CounterMetricFamily("netloom_turns", "Changes compiled since the start", value=self._core.turn)
        waiting = self._core.readiness.waiting
        yield GaugeMetricFamily(
            "netloom_unconfirmed_resources", "Resources whose flows wait for a switch", value=waiting
        )
        yield CounterMetricFamily(
            "netloom_drifts", "Flows, meters and groups that somebody else touched", value=self._drifts.count
        )
        connected = GaugeMetricFamily(
            "netloom_bridge_connected", "1 while the OpenFlow session stands", labels=["chassis"]
        )
        in_sync = GaugeMetricFamily(
            "netloom_bridge_in_sync", "1 while the switch holds what it should", labels=["chassis"]
        )
        sent = CounterMetricFamily("netloom_bridge_flow_mods", "Flow changes sent to a switch", labels=["chassis"])
        meters = CounterMetricFamily(
            "netloom_bridge_meter_mods", "Changes of meters sent to a switch", labels=["chassis"]
        )
        groups = CounterMetricFamily(
            "netloom_bridge_group_mods", "Changes of groups sent to a switch", labels=["chassis"]
        )
        flows = GaugeMetricFamily("netloom_bridge_flows", "Flows a switch should hold", labels=["chassis"])
        for chassis, bridge in sorted(self._core.bridges.items()):
            connected.add_metric([chassis], bridge.connection is not None)
            in_sync.add_metric([chassis], bridge.in_sync)
            sent.add_metric([chassis], bridge.flow_mods)
            for family, count in zip((meters, groups), bridge.beside_mods, strict=True):
                family.add_metric([chassis], count)
            flows.add_metric([chassis], self._core.compiler.catalogue.count(chassis))
        yield from (connected, in_sync, sent, meters, groups, flows)


class ServicesCollector(Collector):
    """What ports asked of their networks, and what became of it."""

    def __init__(self, services: Steward, punts: Punts) -> None:
        self._services = services
        self._punts = punts

    def collect(self) -> Iterator[Metric]:
        """Packets by reason, leases by state, questions about names."""
        yield _counts("netloom_punts_received", "Packets that switches handed up", "reason", self._punts.received)
        yield _counts("netloom_punts_dropped", "Packets that found their queue full", "reason", self._punts.dropped)
        ignored = CounterMetricFamily("netloom_punts_ignored", "Packets without an answer", labels=["reason", "why"])
        for (reason, why), count in sorted(self._services.ignored.items()):
            ignored.add_metric([reason, why], count)
        yield ignored
        yield CounterMetricFamily(
            "netloom_frames_unsent", "Frames for which no switch was there", value=self._services.unsent
        )
        leases = GaugeMetricFamily("netloom_leases", "Leases that this daemon has heard of", labels=["state"])
        for state, count in self._services.leases.counts(self._services.clock()).items():
            leases.add_metric([state], count)
        yield leases
        forwarder = self._services.forwarder
        yield _counts("netloom_names_forwarded", "Questions for resolvers outside", "outcome", forwarder.answered)
        yield GaugeMetricFamily("netloom_names_under_way", "Questions without an answer yet", value=forwarder.under_way)


class PolicyCollector(Collector):
    """What rules that log decided."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions

    def collect(self) -> Iterator[Metric]:
        """Decisions by verdict, and those that nobody was told of."""
        yield _counts("netloom_policy_decisions", "Decisions of rules that log", "verdict", self._decisions.told)
        words = "Decisions that were not told of: too many of one project, or of a rule that is gone"
        yield _counts("netloom_policy_decisions_untold", words, "why", self._decisions.dropped)


def _counts(name: str, words: str, label: str, counted: Counter[str]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, words, labels=[label])
    for value, count in sorted(counted.items()):
        family.add_metric([value], count)
    return family
