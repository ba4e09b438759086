"""Figures of the intake for a metrics server, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest

from orderhouse.intake.counting import Counts

__all__ = ["figures"]


def figures(counts: Counts, folders: Mapping[str, Path], *, is_failing: bool) -> bytes:
    """Return the deliveries by source and outcome, the files of each landing folder, and if the last landing failed.

    A delivery to a path that belongs to no source counts under one name, whatever it asked for.

    Args:
        counts: Deliveries since the server began.
        folders: The landing folder of each source.
        is_failing: True if the last body could not be stored.
    """
    registry = CollectorRegistry()
    registry.register(_Intake(counts, folders, is_failing))
    return generate_latest(registry)


class _Intake:
    """Collector of the figures of one intake."""

    def __init__(self, counts: Counts, folders: Mapping[str, Path], is_failing: bool) -> None:
        self.counts = counts
        self.folders = folders
        self.is_failing = is_failing

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        deliveries = CounterMetricFamily(
            "orderhouse_intake_deliveries", "Deliveries since the intake began.", labels=("source", "outcome")
        )
        for (source, outcome), number in sorted(self.counts.total.items()):
            deliveries.add_metric((source, outcome), number)
        yield deliveries
        yield GaugeMetricFamily(
            "orderhouse_intake_failing", "1 if the last body could not be stored.", value=int(self.is_failing)
        )
        landed = GaugeMetricFamily("orderhouse_intake_landed_files", "Files in a landing folder.", labels=("source",))
        for source, folder in sorted(self.folders.items()):
            landed.add_metric((source,), sum(1 for path in folder.rglob("*") if path.is_file()))
        yield landed
