"""Conditions of a home that need a person, judged by the wall clock.

Each is one sentence: what is wrong, and what to do. Who is told belongs in `alerts`.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import current_version, load_refusal
from orderhouse.serve.queries import feed_freshness, rows_of
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.storage.prediction_record import failed_predictors
from orderhouse.storage.problem_records import load_problem
from orderhouse.storage.readers import open_published
from orderhouse.storage.step_records import StepRecord, load_steps
from orderhouse.storage.warehouse import lock_holder
from orderhouse.storage.watch_record import load_refused

if TYPE_CHECKING:
    from orderhouse.messages.endpoints import EndpointState
    from orderhouse.operations.store import Store

__all__ = ["MAIN_STEPS", "Condition", "find_conditions"]

Severity = Literal["critical", "high", "medium"]

# The steps of the main job; `run` holds the lock for all of them.
MAIN_STEPS = ("run", "ingest", "build", "audit", "publish")
RECENT = timedelta(days=1)
REJECTED_FOR = timedelta(days=7)
FEW_ROWS = 20
SHOWN_CHECKS = 3


@dataclass(frozen=True)
class Condition:
    """A condition that needs a person.

    Attributes:
        kind: `run_failed`, `run_interrupted`, `audit_refused`, `version_old`, `feed_overdue`, `file_rejected`,
            `source_unreachable`, `quarantine_share`, `disk_low`, `backup_old`, `channel_paused`, `rules_stopped`,
            `predictor_failed`, `schedules_stopped`, `schedule_failed` or `home_unreadable`.
        subject: The step, feed, file or folder that it is about; with the kind it identifies the condition.
        severity: Severity.
        message: What is wrong, and what to do.
    """

    kind: str
    subject: str
    severity: Severity
    message: str

    @property
    def key(self) -> str:
        """Return the identity of the condition."""
        return f"{self.kind}:{self.subject}"


def find_conditions(settings: Settings, now: datetime | None = None) -> list[Condition]:
    """Return the conditions that hold now, the most severe first.

    Args:
        settings: Settings of the home.
        now: The present instant, in UTC.
    """
    now = now or datetime.now(UTC)
    found = [
        *_of_steps(settings),
        *_of_sources(settings, now),
        *_of_audit(settings),
        *_of_rules(settings),
        *_of_schedules_file(settings),
        *_of_predictors(settings),
        *_of_disk(settings),
        *_of_backup(settings, now),
        *_of_version(settings, now),
        *_of_messages(settings),
    ]
    order = {"critical": 0, "high": 1, "medium": 2}
    return sorted(found, key=lambda condition: (order[condition.severity], condition.key))


def _of_steps(settings: Settings) -> Iterator[Condition]:
    steps = load_steps(settings)
    whole = steps.get("run")
    for name in MAIN_STEPS:
        record = steps.get(name)
        if record is None or (name != "run" and whole is not None and _is_made_good(record, whole)):
            continue
        if record.outcome == "failed":
            yield Condition(
                "run_failed",
                name,
                "critical",
                f"The step `{name}` failed at {record.ended_at}. {record.message}".strip(),
            )
        elif record.outcome == "running" and lock_holder(settings) is None:
            yield Condition(
                "run_interrupted",
                name,
                "high",
                f"The step `{name}` that began at {record.began_at} was killed. Nothing is half loaded or half "
                "published. Next: orderhouse run",
            )


def _of_sources(settings: Settings, now: datetime) -> Iterator[Condition]:
    for place, sentence in load_refused(settings, now).items():
        yield Condition("source_unreachable", place, "high", f"{sentence} The other sources are read all the same.")


def _of_rules(settings: Settings) -> Iterator[Condition]:
    problem = load_problem(settings, "rules")
    if problem is not None:
        yield Condition("rules_stopped", "rules.yaml", "high", f"No rule fires. {problem}")


def _of_schedules_file(settings: Settings) -> Iterator[Condition]:
    problem = load_problem(settings, "schedules")
    if problem is not None:
        yield Condition("schedules_stopped", "schedules.yaml", "high", f"No schedule runs. {problem}")


def _of_predictors(settings: Settings) -> Iterator[Condition]:
    for name, sentence in failed_predictors(settings).items():
        yield Condition("predictor_failed", name, "medium", f"{sentence} Next: orderhouse predict {name}")


def _is_made_good(record: StepRecord, whole: StepRecord) -> bool:
    """Tell if a whole run succeeded after a single step failed."""
    return whole.succeeded_at is not None and whole.succeeded_at > record.began_at


def _of_audit(settings: Settings) -> Iterator[Condition]:
    refusal = load_refusal(settings)
    if refusal is not None:
        names = [str(failure["name"]) for failure in refusal.failures]
        more = f" and {len(names) - SHOWN_CHECKS} more" if len(names) > SHOWN_CHECKS else ""
        yield Condition(
            "audit_refused",
            "audit",
            "critical",
            f"Since {refusal.since} the audit has refused newer builds because of {', '.join(names[:SHOWN_CHECKS])}"
            f"{more}. Readers see the last version that passed. Next: orderhouse status",
        )


def _of_disk(settings: Settings) -> Iterator[Condition]:
    with contextlib.suppress(FileNotFoundError):
        free = shutil.disk_usage(settings.home).free
        if free < settings.alert_free_disk:
            yield Condition(
                "disk_low",
                "home",
                "high",
                f"The disk of {settings.home} has {free / 1e9:,.1f} GB left, less than `alert_free_disk`. "
                "Free some space, or move the home to a larger disk.",
            )


def _of_backup(settings: Settings, now: datetime) -> Iterator[Condition]:
    """Yield a condition if backups were taken of this home, and the last one is old."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        taken_at = datetime.fromisoformat(settings.last_backup.read_text(encoding="ascii").strip())
        limit = settings.alert_backup_hours
        if limit is not None and (now - taken_at).total_seconds() / 3600 > limit:
            yield Condition(
                "backup_old",
                "backup",
                "high",
                f"No backup has been taken since {taken_at:%Y-%m-%d %H:%M} UTC. Look at the journal of its timer, and "
                "take one. Next: orderhouse backup PLACE",
            )


def _of_messages(settings: Settings) -> Iterator[Condition]:
    """Yield what holds messages up. A store that was never used is not created."""
    is_elsewhere = settings.operations_url is not None or settings.operations_url_file is not None
    if not is_elsewhere and not (settings.operations / "operations.sqlite").exists():
        return
    from orderhouse.messages.endpoints import endpoint_states  # imports SQLAlchemy, which takes half a second
    from orderhouse.messages.releases import closed_reason
    from orderhouse.operations.store import open_store

    with contextlib.suppress(OrderhouseError):
        store = open_store(settings)
        reason = closed_reason(store)
        if reason:
            yield Condition(
                "sending_paused",
                "customers",
                "high",
                f"Customers are told nothing, because {reason}. Next: orderhouse messages release",
            )
        yield from _of_channels(endpoint_states(store))
        yield from _of_schedules(store)


def _of_channels(states: Mapping[str, EndpointState]) -> Iterator[Condition]:
    for state in states.values():
        if state.paused_at is not None:
            yield Condition(
                "channel_paused",
                state.endpoint,
                "high",
                f"The channel {state.endpoint} is paused since {state.paused_at[:16].replace('T', ' ')} UTC: "
                f"{state.last_error or 'by hand.'} Its messages are kept. "
                f"Next: orderhouse messages resume {state.endpoint}",
            )


def _of_schedules(store: Store) -> Iterator[Condition]:
    """Yield the schedules whose last run failed."""
    import sqlalchemy as sa

    from orderhouse.operations.tables import SCHEDULE_RUNS, SCHEDULES

    runs = SCHEDULE_RUNS.c
    newest = sa.select(runs.schedule, sa.func.max(runs.due_at).label("due_at")).where(runs.ended_at.is_not(None))
    last = newest.group_by(runs.schedule).subquery()
    query = (
        sa.select(runs.schedule, runs.due_at, runs.sentence)
        .join(last, (runs.schedule == last.c.schedule) & (runs.due_at == last.c.due_at))
        .join(SCHEDULES, SCHEDULES.c.schedule == runs.schedule)
        .where(runs.state == "failed")
        .order_by(runs.schedule)
    )
    with store.reading() as connection:
        for row in connection.execute(query):
            yield Condition(
                "schedule_failed",
                row.schedule,
                "high",
                f"The schedule {row.schedule}, due at {row.due_at[:16].replace('T', ' ')} UTC, failed: {row.sentence} "
                f"Next: orderhouse schedules run {row.schedule}",
            )


def _of_version(settings: Settings, now: datetime) -> Iterator[Condition]:
    """Yield the conditions that the published version shows."""
    try:
        version = current_version(settings)
        if version is None:
            return
        record = load_record(settings)
        # Samples and history have a clock of their own, by which nothing is late today.
        is_live = record is None or record.as_of_mode == "now"
        if is_live:
            yield from _of_age(settings, datetime.fromisoformat(version.published_at), now)
        with contextlib.closing(open_published(settings)) as connection:
            if is_live:
                yield from _of_feeds(connection, now)
            yield from _of_rejected_files(connection, now)
            yield from _of_quarantine(connection, settings.alert_quarantine_share, now)
    except (duckdb.BinderException, duckdb.CatalogException):
        return  # another release published it, without what is asked here; the next run replaces it
    except OrderhouseError as error:
        yield Condition("home_unreadable", "published", "critical", error.message)


def _of_age(settings: Settings, published_at: datetime, now: datetime) -> Iterator[Condition]:
    hours = (now - published_at).total_seconds() / 3600
    if settings.alert_version_hours is not None and hours > settings.alert_version_hours:
        # The sentence stays the same while the condition lasts, so that it is not told again every hour.
        yield Condition(
            "version_old",
            "published",
            "high",
            f"No version has been published since {published_at:%Y-%m-%d %H:%M} UTC. Next: orderhouse status",
        )


def _of_feeds(connection: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[Condition]:
    for feed in feed_freshness(connection):
        due_at = feed["due_at"]
        if due_at is not None and due_at.replace(tzinfo=UTC) < now:
            yield Condition(
                "feed_overdue",
                f"{feed['source']}/{feed['feed']}",
                "high",
                f"{feed['feed']} of {feed['source']} is overdue: a file is expected every {feed['expected_every']}, "
                f"and the next was due at {due_at:%Y-%m-%d %H:%M} UTC. Ask its sender.",
            )


def _of_rejected_files(connection: duckdb.DuckDBPyConnection, now: datetime) -> Iterator[Condition]:
    for file in rows_of(
        connection,
        """
        select source, path, file_id, any_value(reason) as reason
        from quality.files
        where status = 'rejected' and not is_superseded and received_at >= $since
        group by source, path, file_id
        order by source, path
        """,
        {"since": _plain(now - REJECTED_FOR)},
    ):
        yield Condition(
            "file_rejected",
            f"{file['source']}/{file['file_id'][:16]}",
            "high",
            f"A file of {file['source']} could not be loaded: {file['path']}: {file['reason']}",
        )


def _of_quarantine(connection: duckdb.DuckDBPyConnection, limit: float, now: datetime) -> Iterator[Condition]:
    for feed in rows_of(
        connection,
        """
        select source, feed, sum(rows_in)::bigint as rows_in, sum(quarantined)::bigint as quarantined
        from quality.files
        where feed is not null and not is_superseded and received_at >= $since
        group by source, feed
        having sum(rows_in) >= $few and sum(quarantined) > $limit * sum(rows_in)
        order by source, feed
        """,
        {"since": _plain(now - RECENT), "few": FEW_ROWS, "limit": limit},
    ):
        yield Condition(
            "quarantine_share",
            f"{feed['source']}/{feed['feed']}",
            "high",
            f"{feed['quarantined']:,} of {feed['rows_in']:,} rows of {feed['feed']} of {feed['source']} that came "
            "within a day are in quarantine. Next: orderhouse quarantine list",
        )


def _plain(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
