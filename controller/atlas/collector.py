"""The figures of links for Prometheus, in base units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

    from controller.atlas.figures import Figures
    from controller.atlas.findings import Findings

_MILLI, _MEGA = 1e-3, 1e6


class LinksCollector(Collector):
    """Read when scraped; keeps nothing."""

    def __init__(self, figures: Figures, findings: Findings) -> None:
        self._figures = figures
        self._findings = findings

    def collect(self) -> Iterator[Metric]:
        """What is measured of each link, and what was tried to make links that are none."""
        up = GaugeMetricFamily("netloom_link_up", "1 while a wire of the link is", labels=["link"])
        latency = GaugeMetricFamily("netloom_link_latency_seconds", "From one end to the other", labels=["link"])
        words = "What one end sends to the other"
        load = GaugeMetricFamily("netloom_link_load_bits_per_second", words, labels=["link", "source", "target"])
        words = "What either end could send at most"
        capacity = GaugeMetricFamily("netloom_link_capacity_bits_per_second", words, labels=["link"])
        for link, ends in self._figures.wires.links():
            figures = self._figures.of(link)
            up.add_metric([link], figures is not None)
            if figures is not None and figures.latency is not None:
                latency.add_metric([link], figures.latency * _MILLI)
            if figures is not None and figures.capacity is not None:
                capacity.add_metric([link], figures.capacity * _MEGA)
            for way, rate in zip((ends, ends[::-1]), figures.load if figures and figures.load else (), strict=False):
                load.add_metric([link, *way], rate * _MEGA)
        yield from (up, latency, load, capacity)
        words = "Probes of links that were forged, replayed, relayed and the like"
        attempts = CounterMetricFamily("netloom_link_attempts", words, labels=["attempt"])
        for attempt, count in sorted(self._findings.attempts.items()):
            attempts.add_metric([attempt], count)
        yield attempts
