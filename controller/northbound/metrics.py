"""Figures for Prometheus, under ``netloom_``; every part of the daemon may add its own to the same registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import falcon
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from controller.intent.kinds import KINDS
from controller.intent.state import Intent
from controller.northbound.events import EventLog

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)


def request_durations(registry: CollectorRegistry) -> Histogram:
    """How long requests took."""
    return Histogram(
        "netloom_http_request_duration_seconds",
        "Time from a request's headers to its answer",
        ("method", "route", "status"),
        registry=registry,
        buckets=_BUCKETS,
    )


@dataclass(frozen=True, slots=True)
class StoreCollector:
    """Sizes, read when they are asked for."""

    intent: Intent
    events: EventLog

    def collect(self) -> Iterator[Metric]:
        """Resources by kind, the revision, events kept."""
        resources = GaugeMetricFamily("netloom_resources", "Resources of intent", labels=("kind",))
        counts = self.intent.names.totals()
        for kind in KINDS:
            resources.add_metric((kind,), counts.get(kind, 0))
        yield resources
        yield GaugeMetricFamily("netloom_intent_revision", "Newest revision followed", value=self.intent.revision)
        kept = self.events.last - self.events.oldest
        yield GaugeMetricFamily("netloom_events_kept", "Events that can be asked for", value=kept)


@dataclass(frozen=True, slots=True)
class MetricsResource:
    """``/metrics``."""

    registry: CollectorRegistry
    public: bool = True

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """All figures in Prometheus' text form."""
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = generate_latest(self.registry)
