"""The core's figures for Prometheus: turns, flows, readiness, bridges and drift, in base units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from controller.core import Core
    from controller.drifts import Drifts


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
        yield CounterMetricFamily("netloom_drifts", "Flows that somebody else touched", value=self._drifts.count)
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
        flows = GaugeMetricFamily("netloom_bridge_flows", "Flows a switch should hold", labels=["chassis"])
        for chassis, bridge in sorted(self._core.bridges.items()):
            connected.add_metric([chassis], bridge.connection is not None)
            in_sync.add_metric([chassis], bridge.in_sync)
            sent.add_metric([chassis], bridge.flow_mods)
            meters.add_metric([chassis], bridge.meter_mods)
            flows.add_metric([chassis], self._core.compiler.catalogue.count(chassis))
        yield from (connected, in_sync, sent, meters, flows)
