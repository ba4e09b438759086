"""One build: plan it, have it computed, and record its batch, clock and definitions.

dbt computes full builds and the first increment after one, whose statements are kept. They compute later increments.

After a kill at any moment, the next build gives the same tables. The record has the status `building` until the last
table is done, models keep their own watermarks, and a full build starts again from empty files. The plan belongs to
`plan`, calls of dbt to `dbt`.
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
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.predictions import count_runs, prepare_predictions
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.clock import Clock, read_clock, utc_text
from orderhouse.transform.clock_policy import policy_of
from orderhouse.transform.dbt import ModelEvent, in_words, invoke, prepare_manifest, project_folder
from orderhouse.transform.fingerprint import fingerprint
from orderhouse.transform.increments import run_increment
from orderhouse.transform.manifest import clock_models, prediction_models, read_manifest
from orderhouse.transform.plan import Plan, make_plan
from orderhouse.transform.stamps import write_stamp
from orderhouse.transform.statements import ModelStatements, Recorder, kept_statements, marked_variables
from orderhouse.transform.variables import build_variables, currency_choice, shaping_variables, tracking_salt
from orderhouse.transform.versions import forget_versions
from orderhouse.vault.keys import load_keys

__all__ = ["BuildFailed", "BuildResult", "build", "build_on_predictions"]


# dbt compiles an ephemeral model with the model that reads it; as a node of its own it would cost 25 ms for nothing.
EPHEMERAL = "config.materialized:ephemeral"
VIEWS = "config.materialized:view"


class BuildFailed(OrderhouseError):
    """A model could not be computed. Nothing is published."""


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
    if is_on_spark:
        return _compute_on_spark(settings, record, plan, salt, on_event)
    _begin(settings, record)
    return _compute(settings, record, plan, salt, on_event)


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


def _begin(settings: Settings, record: BuildRecord) -> None:
    """Record that a build begins; then, for a full build, remove the files."""
    save_record(settings, record)
    checkpoint("build_began")
    if record.full:
        _remove_tables(settings)


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
) -> BuildResult:
    """Compute the tables and record that the build is complete."""
    ended: list[ModelEvent] = []
    observe = _observer(ended, on_event)
    kept = _kept(settings, record, plan)
    skipped = _run_kept(settings, record, kept, salt, observe, ended) if kept else None
    if skipped is None:
        _run_dbt(settings, record, plan, salt, observe, ended)
    record = _finish(settings, record)
    return BuildResult(
        changed=True,
        reason=plan.reason if not skipped else f"{plan.reason} {_unchanged(skipped)}",
        record=record,
        seconds={event.table: event.seconds for event in ended},
        rows=_rows(settings),
        skipped=tuple(skipped or ()),
    )


def _compute_on_spark(
    settings: Settings,
    record: BuildRecord,
    plan: Plan,
    salt: str,
    on_event: Callable[[ModelEvent], None] | None,
) -> BuildResult:
    """Compute every table on Spark, replace the files by them, and record that the build is complete.

    The build is recorded once the cluster answers. The files stay as they are until it has computed everything.
    """
    from orderhouse.transform.on_spark import spark_engine  # brings pyarrow, which a build on DuckDB does not need

    ended: list[ModelEvent] = []
    secrets = {"tracking_salt": salt}
    with spark_engine(settings) as engine:
        save_record(settings, record)
        checkpoint("build_began")
        outcome = engine.compute(record, secrets, _observer(ended, on_event))
        if not outcome.success:
            raise BuildFailed(_explain(ended, outcome.exception, settings))
        _remove_tables(settings)
        engine.bring_back(record, secrets)
    record = _finish(settings, record)
    seconds = {event.table: event.seconds for event in ended}
    return BuildResult(changed=True, reason=plan.reason, record=record, seconds=seconds, rows=_rows(settings))


def _observer(ended: list[ModelEvent], on_event: Callable[[ModelEvent], None] | None) -> Callable[[ModelEvent], None]:
    """Return an observer that collects the ends of models and passes every event on."""

    def observe(event: ModelEvent) -> None:
        if event.status != "started":
            ended.append(event)
            checkpoint("build_model")
        if on_event:
            on_event(event)

    return observe


def _unchanged(skipped: Sequence[str]) -> str:
    tables = "One table was" if len(skipped) == 1 else f"{len(skipped)} tables were"
    return f"{tables} not computed, because nothing that they read had changed."


def _kept(settings: Settings, record: BuildRecord, plan: Plan) -> list[ModelStatements] | None:
    """Return the kept statements that the plan needs, if there are any.

    After new predictions, rows may have been received that no build has read. They are left to the next build.
    """
    kept = None if plan.extent == "full" else kept_statements(settings, record)
    if kept is None or plan.extent != "predictions":
        return kept
    reading = prediction_models(read_manifest(prepare_manifest(settings)))
    return [model for model in kept if model.unique_id.rpartition(".")[2] in reading]


def _run_kept(
    settings: Settings,
    record: BuildRecord,
    kept: Sequence[ModelStatements],
    salt: str,
    observe: Callable[[ModelEvent], None],
    ended: Sequence[ModelEvent],
) -> list[str] | None:
    """Run the kept statements, and return the skipped tables; None if dbt has to compute the tables."""
    variables = {**build_variables(record), "tracking_salt": salt}
    increment = run_increment(settings, kept, record.build_id, variables, observe)
    if increment is None:
        return None
    if increment.failed:
        failure = BuildFailed(_explain(ended, None, settings))
        raise machine_problem(failure) or failure
    return increment.skipped


def _run_dbt(
    settings: Settings,
    record: BuildRecord,
    plan: Plan,
    salt: str,
    observe: Callable[[ModelEvent], None],
    ended: Sequence[ModelEvent],
) -> None:
    """Run dbt. The statements of an increment of all models are kept for later ones."""
    variables: dict[str, object] = {**build_variables(record)}
    recorder = Recorder({**variables, "tracking_salt": salt}) if plan.extent == "touched" else None
    if plan.extent != "full":
        forget_versions(settings)
    outcome = invoke(
        settings,
        _command(settings, plan),
        variables=marked_variables(variables) if recorder else variables,
        secrets={"tracking_salt": salt},
        on_event=observe,
        recorder=recorder,
    )
    if not outcome.success:
        failure = BuildFailed(_explain(ended, outcome.exception, settings))
        raise machine_problem(failure) or failure
    if recorder:
        recorder.keep(settings, record)


def _command(settings: Settings, plan: Plan) -> list[str]:
    """Return the dbt command.

    Seeds and views change only with the definitions, and then the build is a full one. So other builds leave out seeds,
    and also views if they exist.
    """
    if plan.extent == "clock":
        return ["run", "--select", *clock_models(read_manifest(prepare_manifest(settings)))]
    if plan.extent == "predictions":
        return ["run", "--select", *prediction_models(read_manifest(prepare_manifest(settings)))]
    if plan.extent == "full":
        return ["build", "--resource-type", "seed", "--resource-type", "model", "--exclude", EPHEMERAL]
    return ["run", "--exclude", EPHEMERAL, *([VIEWS] if plan.has_views else [])]


def _explain(ended: Sequence[ModelEvent], exception: object, settings: Settings) -> str:
    failed = [event for event in ended if event.status == "error"]
    if not failed:
        return f"dbt could not run: {in_words(exception)} Its log is in {settings.logs}."
    details = "\n".join(f"  {event.schema}.{event.name}: {_in_words(event.message)}" for event in failed)
    models = "one table" if len(failed) == 1 else f"{len(failed)} tables"
    return f"The build failed at {models}. The published version is unchanged.\n{details}"


def _in_words(message: str) -> str:
    """Return the error of a model; a number that does not fit its type is explained by the rows received."""
    if "to type DECIMAL" not in message:
        return in_words(message)
    return (
        "a sum or product has more than 14 digits before the point. A received amount, quantity or rate must be wrong. "
        "Correct its record and send it again."
    )


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
