"""One build: plan it, have it computed, and record its batch, clock and definitions.

After a kill at any moment, the next build gives the same tables. The record has the status `building` until the last
table is done, models keep their own watermarks, and a full build starts again from empty files. The plan belongs to
`plan`, the computation of the tables to `computing`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record, save_record
from orderhouse.storage.home_identity import lineage, store_id
from orderhouse.storage.predictions import count_runs, prepare_predictions
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.clock import Clock, read_clock, utc_text
from orderhouse.transform.clock_policy import policy_of
from orderhouse.transform.computing import BuildFailed, Computation
from orderhouse.transform.dbt import ModelEvent, prepare_manifest, project_folder
from orderhouse.transform.fingerprint import fingerprint
from orderhouse.transform.manifest import prediction_models, read_manifest
from orderhouse.transform.plan import Plan, make_plan
from orderhouse.transform.stamps import write_stamp
from orderhouse.transform.variables import currency_choice, shaping_variables, tracking_salt
from orderhouse.vault.keys import load_keys

__all__ = ["BuildFailed", "BuildResult", "build", "build_on_predictions"]


@dataclass(frozen=True)
class BuildResult:
    """Result of a build.

    Attributes:
        changed: True if any table was computed.
        reason: The extent of the build and its reason, as a sentence.
        record: The record of the build.
        seconds: Seconds by `schema/table`, of the tables that were computed.
        rows: Rows by `schema/table`, of every stored table.
        skipped: Stored tables, as `schema/table`, that were not computed because nothing that they read had changed.
    """

    changed: bool
    reason: str
    record: BuildRecord
    seconds: dict[str, float] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()


def build(
    settings: Settings,
    *,
    as_of: str = "now",
    full: bool = False,
    on_event: Callable[[ModelEvent], None] | None = None,
    origin: Settings | None = None,
    now: datetime | None = None,
) -> BuildResult:
    """Bring every table up to date with the rows received. The caller holds the run lock.

    Args:
        settings: Settings of the home.
        as_of: `now`, `data` or an ISO-8601 instant with an offset.
        full: True to start from empty files in any case.
        on_event: Called for each model when it starts and when it ends.
        origin: The home whose configuration and keys count; by default the home itself. A copy of a home has none.
        now: The wall clock; the real one by default.

    Raises:
        OrderhouseError: `as_of` is not an instant, or nothing has been ingested yet.
        BuildFailed: Models failed; the message names them with the database's errors.
    """
    clock = read_clock(as_of, now=now)
    salt = tracking_salt(load_keys(origin or settings).inner)
    before = load_record(settings)
    if settings.raw_db.exists():  # the models read views that a home of an earlier release may lack
        open_raw(settings).close()
    shaping = shaping_variables(origin or settings)
    currency_origin = "declared"
    with open_raw(settings, read_only=True) as raw:
        batch_id = _greatest_batch(raw, settings)
        prepare_predictions(settings, raw)
        if origin is None:
            choice = currency_choice(settings, raw)
            shaping["reporting_currency"], currency_origin = choice.currency, choice.origin
        present = fingerprint(project_folder(), raw, {**shaping, "tracking_salt": salt})
        plan = make_plan(settings, before, present, batch_id, clock, raw)
        identity = (store_id(raw), lineage(raw, batch_id))
        policy = policy_of(raw) or ""
    if full:
        plan = Plan("full", "Built from empty files, as asked.")
    if plan.extent == "nothing" and before is not None:
        record = replace(before, clock_policy=policy, currency_origin=currency_origin)
        if record != before:
            save_record(settings, record)
        return BuildResult(changed=False, reason=plan.reason, record=record, rows=_rows(settings))
    # Copies of a home are small parts of its history, and they are computed here.
    is_on_spark = settings.engine.kind == "spark" and origin is None
    if is_on_spark:
        plan = Plan("full", f"Computed every table on Spark. {plan.reason}")
    record = _record(before, plan, present, batch_id, identity, clock, shaping)
    record = replace(record, clock_policy=policy, currency_origin=currency_origin, prediction_runs=count_runs(settings))
    if not is_on_spark:
        _record_begin(settings, record)
        if record.full:
            _remove_tables(settings)
    return _compute(settings, record, plan, salt, on_event, on_spark=is_on_spark)


def build_on_predictions(settings: Settings, on_event: Callable[[ModelEvent], None] | None = None) -> BuildResult:
    """Compute the models that read predictions, after new ones were stored. The caller holds the run lock.

    Batch, clock and definitions stay those of the last build. The tables get a new build id, since they have to be
    audited and published again.

    Raises:
        OrderhouseError: There is no finished build.
        BuildFailed: Models failed; the message names them with the database's errors.
    """
    before = load_record(settings)
    if before is None or not before.is_whole:
        raise OrderhouseError(f"There is no finished build in {settings.home}. Run `orderhouse build` first.")
    reason = "Computed the models that read predictions."
    if not prediction_models(read_manifest(prepare_manifest(settings))):
        return BuildResult(changed=False, reason=reason, record=before, rows=_rows(settings))
    plan = Plan("predictions", reason, has_views=True)
    record = replace(
        before,
        build_id=uuid.uuid4().hex,
        status="building",
        extent="touched",  # what the next build continues with, if this one is killed
        audited_batch_id=_audited_batch(plan, before),
        finished_at=None,
        continues=(before.build_id,),
        audit=None,
        prediction_runs=count_runs(settings),
    )
    save_record(settings, record)
    checkpoint("predictions_began")
    return _compute(settings, record, plan, tracking_salt(load_keys(settings).inner), on_event)


def _greatest_batch(raw: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    row = raw.execute("select max(batch_id) from raw.batches").fetchone()
    if row is None or row[0] is None:
        raise OrderhouseError(
            f"There is nothing to build in {settings.home}: no file has been ingested yet. "
            "Declare your sources in sources.yaml, or run `orderhouse simulate`. Then run `orderhouse ingest`."
        )
    return int(row[0])


def _record(
    before: BuildRecord | None,
    plan: Plan,
    present: Mapping[str, str],
    batch_id: int,
    identity: tuple[str, str],
    clock: Clock,
    shaping: Mapping[str, str],
) -> BuildRecord:
    """Return the record of a build that begins."""
    continued = () if before is None or plan.extent == "full" else (before.build_id,)
    return BuildRecord(
        build_id=uuid.uuid4().hex,
        status="building",
        extent=plan.extent,
        fingerprint=dict(present),
        batch_id=batch_id,
        business_time_zone=shaping["business_time_zone"],
        reporting_currency=shaping["reporting_currency"],
        as_of_mode=clock.mode,
        as_of=clock.as_of,
        wall_clock=clock.wall_clock,
        audited_batch_id=_audited_batch(plan, before),
        store_id=identity[0],
        lineage=identity[1],
        continues=(*continued, *before.continues) if before and continued and not before.is_whole else continued,
    )


def _record_begin(settings: Settings, record: BuildRecord) -> None:
    save_record(settings, record)
    checkpoint("build_began")


def _remove_tables(settings: Settings) -> None:
    for path in (settings.warehouse_db, settings.work_db):
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def _audited_batch(plan: Plan, before: BuildRecord | None) -> int:
    """Return the greatest batch whose tables passed an audit and are still there, or -1 after a full build."""
    if before is None or plan.extent == "full":
        return -1
    return before.batch_id if before.has_passed else before.audited_batch_id


def _compute(
    settings: Settings,
    record: BuildRecord,
    plan: Plan,
    salt: str,
    on_event: Callable[[ModelEvent], None] | None,
    *,
    on_spark: bool = False,
) -> BuildResult:
    """Compute the tables of a build, and record that it is complete.

    A build on Spark is recorded once the cluster answers, any other before.
    """
    computation = Computation(settings, record, plan, salt, on_event)
    skipped: list[str] = []
    if on_spark:
        computation.run_on_spark(lambda: _record_begin(settings, record), lambda: _remove_tables(settings))
    else:
        skipped = computation.run()
    record = _finish(settings, record)
    return BuildResult(
        changed=True,
        reason=plan.reason if not skipped else f"{plan.reason} {_unchanged(skipped)}",
        record=record,
        seconds={event.table: event.seconds for event in computation.ended},
        rows=_rows(settings),
        skipped=tuple(skipped),
    )


def _unchanged(skipped: Sequence[str]) -> str:
    tables = "One table was" if len(skipped) == 1 else f"{len(skipped)} tables were"
    return f"{tables} not computed, because nothing that they read had changed."


def _finish(settings: Settings, record: BuildRecord) -> BuildRecord:
    """Stamp the files, and record that the build is complete."""
    checkpoint("build_ran")
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        row = warehouse.execute("select as_of from marts.as_of").fetchone()
        as_of = utc_text(row[0].replace(tzinfo=UTC)) if row else record.as_of
        finished = replace(record, status="built", as_of=as_of, finished_at=utc_text(datetime.now(UTC)), continues=())
        write_stamp(warehouse, finished)
    with duckdb.connect(str(settings.work_db)) as work:
        write_stamp(work, finished)
    checkpoint("build_stamped")
    save_record(settings, finished)
    return finished


def _rows(settings: Settings) -> dict[str, int]:
    """Return the rows of every table from DuckDB's own counts, without a scan."""
    return {name: rows for path in (settings.work_db, settings.warehouse_db) for name, rows in _rows_of(path).items()}


def _rows_of(path: Path) -> dict[str, int]:
    if not path.exists():
        return {}
    with duckdb.connect(str(path), read_only=True) as connection:
        found: list[tuple[Any, ...]] = connection.execute(
            "select schema_name || '/' || table_name, estimated_size from duckdb_tables() where schema_name <> 'meta'"
        ).fetchall()
    return {name: int(rows) for name, rows in found}
