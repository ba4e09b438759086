"""Replay: apply decisions about rows in quarantine, and record the outcome of each row in the same transaction.

A patched row is screened like the rows of its file. A row that breaks no rule is inserted into its feed, with the file,
record and mapping it came from and the batch and instant of the replay. Any other row stays in quarantine with its new
reasons. The rows of one record are replayed together, so that the latest replay of a record supersedes its earlier
ones.

Recording of decisions belongs to `decisions`, the choice of live rows to `orderhouse.ingest.superseding`. Repairs of
records as received are applied by `reread`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import polars as pl

from orderhouse.faults import checkpoint
from orderhouse.ingest.duplicates import Duplicates
from orderhouse.ingest.loads import Load, next_load, write_loads
from orderhouse.ingest.screening import PART
from orderhouse.ingest.superseding import create_superseded_tables, supersede_replays
from orderhouse.repair.decisions import next_batch
from orderhouse.repair.lapsed_patches import lapsed_patches
from orderhouse.repair.rescreening import rescreen
from orderhouse.repair.results import Replayed, ReplayResult
from orderhouse.sources.config.declaration import Source
from orderhouse.storage.raw_ledgers import RAW_LEDGERS
from orderhouse.storage.sql_names import quote
from orderhouse.vault.vault import Vault

__all__ = ["replay"]

LINEAGE_OF = ["source", "file_id", "mapping_version"]
RECORD_OF = ["source", "file_id", "feed", "record"]


def replay(
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    sources: Mapping[str, Source],
    quarantine_ids: Sequence[str] | None = (),
) -> ReplayResult:
    """Apply every pending decision, and screen rows again. A second replay changes nothing.

    Args:
        connection: The raw database, open for writing; the caller holds the run lock.
        vault: Store of the values behind the rows' tokens.
        sources: The declared sources.
        quarantine_ids: Rows to screen again without a new decision, because a contract may have changed; None for all
            rows in quarantine.

    Returns:
        The batch that was written, the outcome of each replayed row, and notes for a person.
    """
    lapsed = lapsed_patches(connection)
    rows = _to_replay(connection, quarantine_ids)
    versions = {name: source.mapping_version for name, source in sources.items()}
    is_current = pl.col("source").replace_strict(versions, default=None, return_dtype=pl.String) == pl.col(
        "mapping_version"
    )
    notes = [
        _pending_note(row, is_declared=row["source"] in sources)
        for row in rows.filter(~is_current.fill_null(False) & pl.col("is_due")).iter_rows(named=True)
    ]
    rows = rows.filter(is_current).with_row_index(PART).with_columns(pl.col(PART).cast(pl.Int64))
    accepted, verdicts = rescreen(rows, sources, vault)
    rows = _with_outcomes(rows.join(verdicts, on=PART, how="left", maintain_order="left"))
    if not rows.height and not lapsed.height:
        vault.discard()
        return ReplayResult(notes=notes)
    batch_id = next_batch(connection)
    vault.flush()
    checkpoint("replay_after_vault")
    lines = _write(connection, rows, accepted, lapsed, batch_id)
    checkpoint("replay_after_commit")
    notes = [*(row["reasons"] for row in lapsed.iter_rows(named=True)), *notes]
    replayed = [
        Replayed(
            line["quarantine_id"], f"{line['path']}:{line['record']}", line["feed"], line["outcome"], line["reasons"]
        )
        for line in lines.filter(pl.col("path").is_not_null()).iter_rows(named=True)
    ]
    return ReplayResult(batch_id, replayed, notes)


def _to_replay(connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str] | None) -> pl.DataFrame:
    """Return rows with pending decisions and rows asked for, with the other replayed rows of their records."""
    rows: pl.DataFrame = connection.sql(
        """
        with wanted as (
            select *, state in ('open', 'patch_failed') and ($all or list_contains($ids, quarantine_id)) as is_asked
            from raw.quarantined_rows as quarantined where is_current
        )
        select wanted.* from wanted
        where (is_due or is_asked or is_in_feed) and exists (
            select 1 from wanted as other
            where (other.is_due or other.is_asked)
                and other.source = wanted.source and other.file_id = wanted.file_id
                and other.feed is not distinct from wanted.feed and other.record = wanted.record
        )
        order by source, file_id, feed, record, quarantine_id
        """,
        params={"all": quarantine_ids is None, "ids": list(quarantine_ids or ())},
    ).pl()
    return rows


def _pending_note(row: Mapping[str, object], *, is_declared: bool) -> str:
    why = (
        f"the mapping of {row['source']} has changed since. Run `orderhouse ingest` to reread the file."
        if is_declared
        else f"the sources file no longer declares source {row['source']!r}. Declare it again."
    )
    return f"{row['path']}:{row['record']}: its repair is pending: {why}"


def _with_outcomes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with their outcomes, without the records for which nothing changes."""
    taken_back = pl.col("repair_kind").is_in(["discard", "withdraw"]) & pl.col("is_in_feed")
    outcome = (
        pl.when(pl.col("breaks").is_null())
        .then(pl.lit("accepted"))
        .when(taken_back)
        .then(pl.lit("withdrawn"))
        .otherwise(pl.lit("still_quarantined"))
    )
    is_unchanged = ~pl.col("is_due") & (
        pl.when(pl.col("breaks").is_null()).then(pl.col("is_in_feed")).otherwise(pl.col("breaks") == pl.col("reasons"))
    )
    rows = rows.with_columns(outcome=outcome, is_new=~is_unchanged)
    return rows.filter(pl.col("is_new").any().over(RECORD_OF))


def _write(
    connection: duckdb.DuckDBPyConnection,
    rows: pl.DataFrame,
    accepted: Mapping[str, Sequence[pl.DataFrame]],
    lapsed: pl.DataFrame,
    batch_id: int,
) -> pl.DataFrame:
    """Write rows, replay lines and batch in one transaction, and return the lines."""
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.register("incoming", rows.select(*RECORD_OF).unique().to_arrow())
    connection.execute("create or replace temp table replaying as select * from incoming")
    connection.unregister("incoming")
    create_superseded_tables(connection)
    supersede_replays(connection, "replaying")
    connection.execute("begin")
    try:
        repeats = [
            _insert(connection, feed, stored, rows, batch_id, now)
            for feed, frames in accepted.items()
            if (
                stored := pl.concat(frames, how="diagonal").join(rows, on=PART, how="semi", maintain_order="left")
            ).height
        ]
        lines = _lines(rows, lapsed, pl.concat(repeats) if repeats else None, batch_id, now)
        connection.register("incoming", lines.select(*RAW_LEDGERS["replays"]).to_arrow())
        connection.execute("insert into raw.replays by name select * from incoming")
        connection.unregister("incoming")
        connection.execute("insert into raw.batches values ($batch, $now, $now)", {"batch": batch_id, "now": now})
        checkpoint("replay_before_commit")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return lines


def _insert(
    connection: duckdb.DuckDBPyConnection,
    feed: str,
    accepted: pl.DataFrame,
    rows: pl.DataFrame,
    batch_id: int,
    now: datetime,
) -> pl.DataFrame:
    """Insert rows into their feed with their own lineage, and return `_is_duplicate` of each."""
    numbers = pl.int_range(pl.len(), dtype=pl.Int64) + next_load(connection)
    lineage = rows.join(accepted, on=PART, how="semi").select(*LINEAGE_OF).unique().with_columns(load_id=numbers)
    loads = [Load(**line) for line in lineage.iter_rows(named=True)]
    of_rows = rows.join(lineage, on=LINEAGE_OF).select(PART, _load_id="load_id")
    with contextlib.closing(Duplicates(connection, batch_id)) as duplicates:
        repeats = duplicates.find(feed, accepted, accepted[PART])
    stored = accepted.join(of_rows, on=PART, maintain_order="left").with_columns(repeats.alias("_is_duplicate"))
    write_loads(connection, loads, batch_id, now)
    connection.register("incoming", stored.drop(PART).to_arrow())
    connection.execute(f"insert into received.{quote(feed)} by name select * from incoming")  # noqa: S608 - a contract's
    connection.unregister("incoming")
    return stored.select(PART, "_is_duplicate")


def _lines(
    rows: pl.DataFrame, lapsed: pl.DataFrame, repeats: pl.DataFrame | None, batch_id: int, now: datetime
) -> pl.DataFrame:
    """Return lines of `raw.replays`, with the path of each quarantined row; lapsed patches have no path."""
    if repeats is not None:
        rows = rows.join(repeats, on=PART, how="left", maintain_order="left").with_columns(
            outcome=pl.when("_is_duplicate").then(pl.lit("duplicate")).otherwise("outcome")
        )
    columns = [*RECORD_OF, "quarantine_id", "repair_id", "outcome", "reasons", "path"]
    replayed = rows.with_columns(
        reasons=pl.when(pl.col("outcome") == "still_quarantined").then("breaks"),
        repair_id=pl.when(pl.col("outcome").is_in(["accepted", "duplicate"]) & (pl.col("repair_kind") != "patch"))
        .then(None)
        .otherwise("repair_id"),
    ).select(columns)
    lapsed_lines = lapsed.with_columns(path=pl.lit(None, pl.String)).select(columns)
    return pl.concat([replayed, lapsed_lines], how="vertical_relaxed").with_columns(
        batch_id=pl.lit(batch_id, pl.Int64), replayed_at=pl.lit(now, pl.Datetime("us"))
    )
