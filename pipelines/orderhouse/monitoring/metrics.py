"""Figures of a home for a metrics server, in the text format of Prometheus.

Each scrape reads the published version, the step records and the sizes of folders; no personal data is in them. Names
follow Prometheus: base units, and `_total` for what only grows.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path

import duckdb
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from starlette.requests import Request
from starlette.responses import Response

from orderhouse.access.access_file import load_access
from orderhouse.errors import OrderhouseError
from orderhouse.monitoring.alerts import open_alerts
from orderhouse.monitoring.scraping import scraped
from orderhouse.serve.publishing import current_version
from orderhouse.serve.queries import feed_freshness, file_counts, quarantine_counts, rows_of
from orderhouse.settings import Settings
from orderhouse.storage.readers import open_published
from orderhouse.storage.step_records import load_steps
from orderhouse.storage.warehouse import lock_holder

__all__ = ["metrics_endpoint", "metrics_text"]

FOLDERS = ("warehouse", "published", "vault", "landing", "exports", "dagster", "logs", "runs", "known", "operations")
FOLDER = ("folder",)


def metrics_text(settings: Settings) -> bytes:
    """Return all figures of a home in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Home(settings))
    return generate_latest(registry)


def metrics_endpoint(settings: Settings) -> Callable[[Request], Awaitable[Response]]:
    """Return a handler of `/metrics`, which asks for the setting `metrics_token`.

    Without that setting it answers everybody on this machine; where people sign in, nobody.
    """

    def refusal() -> str | None:
        return "Set `metrics_token` to serve metrics in mode oidc." if load_access(settings).is_oidc else None

    return scraped(lambda: metrics_text(settings), settings.metrics_token, refusal)


class _Home:
    """Collector of the figures of one home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield _gauge("build_info", "Installed release.", [((installed_version("orderhouse"),), 1)], ("release",))
        yield from _of_steps(self.settings)
        yield from _of_disk(self.settings)
        yield _gauge(
            "alerts_open",
            "Alerts that hold.",
            [((alert.kind, alert.subject, alert.severity), 1) for alert in open_alerts(self.settings)],
            ("kind", "subject", "severity"),
        )
        yield from _of_version(self.settings)


def _of_steps(settings: Settings) -> Iterator[Metric]:
    records = load_steps(settings)
    is_held = lock_holder(settings) is not None
    yield _gauge("run_lock_held", "1 while a run holds the warehouse.", [((), int(is_held))])
    began = [((name,), _seconds_of(each.began_at)) for name, each in records.items()]
    yield _gauge("step_began_timestamp_seconds", "Start of the last run of a step.", began, ("step",))
    done = [((name,), _seconds_of(each.succeeded_at)) for name, each in records.items() if each.succeeded_at]
    yield _gauge("step_succeeded_timestamp_seconds", "End of the last successful run of a step.", done, ("step",))
    lasted = [((name,), each.seconds) for name, each in records.items() if each.seconds is not None]
    yield _gauge("step_duration_seconds", "Duration of the last run of a step.", lasted, ("step",))
    runs = CounterMetricFamily("orderhouse_steps", "Runs of a step that have ended.", labels=("step",))
    failures = CounterMetricFamily("orderhouse_step_failures", "Runs of a step that failed.", labels=("step",))
    for name, each in records.items():
        runs.add_metric((name,), each.runs)
        failures.add_metric((name,), each.failures)
    yield runs
    yield failures


def _of_disk(settings: Settings) -> Iterator[Metric]:
    sizes = [((name,), _size(settings.home / name)) for name in FOLDERS]
    files = [(label, count) for label, (_, count) in sizes]
    yield _gauge("home_bytes", "Bytes in a folder of the home.", [(label, size) for label, (size, _) in sizes], FOLDER)
    yield _gauge("home_files", "Files in a folder of the home.", files, FOLDER)
    with contextlib.suppress(FileNotFoundError):
        yield _gauge("disk_free_bytes", "Free bytes of its disk.", [((), shutil.disk_usage(settings.home).free)])
    waiting = _size(settings.actions)[1]
    yield _gauge("actions_files", "Files of operators' actions, which every run reads.", [((), waiting)])


def _of_version(settings: Settings) -> Iterator[Metric]:
    try:
        version = current_version(settings)
        is_readable = version is None
        if version is not None:
            with contextlib.closing(open_published(settings)) as connection:
                yield _gauge("version_number", "Number of the published version.", [((), version.number)])
                yield _gauge(
                    "version_published_timestamp_seconds",
                    "Instant of its publication.",
                    [((), _seconds_of(version.published_at))],
                )
                yield _gauge("version_bytes", "Size of its file.", [((), version.size_bytes)])
                yield from _of_rows(connection)
                is_readable = True
    except (OrderhouseError, duckdb.BinderException, duckdb.CatalogException):
        is_readable = False
    yield _gauge("version_readable", "1 if the published version can be read.", [((), int(is_readable))])


def _of_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[Metric]:
    counts = file_counts(connection)
    states = [((state,), counts[state]) for state in ("accepted", "duplicate", "quarantined")]
    yield _gauge("feed_rows", "Rows received, by what became of them.", states, ("state",))
    yield _gauge("rejected_files", "Files that were rejected as a whole.", [((), counts["rejected_files"])])
    waiting = quarantine_counts(connection)
    yield _gauge(
        "quarantine_rows",
        "Rows in quarantine.",
        [((state,), waiting[state]) for state in ("open", "patch_failed")],
        ("state",),
    )
    feeds = feed_freshness(connection)
    for name, column, about in (
        ("feed_received_timestamp_seconds", "last_received_at", "Receipt of a feed's newest file."),
        ("feed_due_timestamp_seconds", "due_at", "Instant at which a feed's next file is due."),
    ):
        samples = [
            ((feed["source"], feed["feed"]), feed[column].replace(tzinfo=UTC).timestamp())
            for feed in feeds
            if feed[column] is not None
        ]
        yield _gauge(name, about, samples, ("source", "feed"))
    checks = rows_of(
        connection,
        """
        select case when passed then 'passed' when severity = 'error' then 'failed' else 'warned' end as status,
            count(*) as checks
        from quality.audit group by 1 order by 1
        """,
    )
    by_status = [((row["status"],), row["checks"]) for row in checks]
    yield _gauge("audit_checks", "Checks of its audit, by status.", by_status, ("status",))


def _gauge(
    name: str, about: str, samples: Iterable[tuple[tuple[str, ...], float]], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"orderhouse_{name}", about, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _size(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of files below a folder; files that vanish meanwhile are left out."""
    size, count = 0, 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += (Path(parent) / name).lstat().st_size
                count += 1
    return size, count


def _seconds_of(instant: str) -> float:
    parsed = datetime.fromisoformat(instant)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
