"""Repairs: what somebody decided about rows in quarantine, written beside them in `raw.repairs`.

A patch says which fields should be what; a discard says that the row shall stay out; a withdrawal takes back what was
decided. The latest about a row is in force. Nothing is edited or deleted, and nothing here touches a feed: carrying
decisions out belongs to `replaying`. Patches of whole records as received are recorded in `repairing_records`.
"""

from __future__ import annotations

import difflib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS, Contract
from orderhouse.contracts.sentences import HARMLESS
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.ingest.prefixing import with_prefixes
from orderhouse.ingest.screening import UNREADABLE
from orderhouse.sources.config.declaration import Source
from orderhouse.vault.vault import Vault

__all__ = ["demand_reason", "next_batch", "record_discards", "record_patches", "record_withdrawal", "write_decisions"]

# Ids in quarantine are hexadecimal, so that the two are not taken for each other.
REPAIR_LETTER = "r"
NOTHING = (pl.lit(None, pl.String).alias("fields"), pl.lit(None, pl.String).alias("fields_before"))


def record_patches(
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    sources: Mapping[str, Source],
    quarantine_ids: Sequence[str],
    fields: Mapping[str, str],
    *,
    why: str,
    who: str,
) -> list[str]:
    """Record what fields of rows should be. The vault has personal values before the patch is there.

    Args:
        connection: The raw database, open for writing.
        vault: Takes personal values, and values that may be.
        sources: The declared sources.
        quarantine_ids: Whole ids of rows.
        fields: Contract column to value, as the source would write it; empty text for none.
        why: The reason.
        who: Whose decision it is.

    Returns:
        The repairs' ids.

    Raises:
        OrderhouseError: A row was superseded, its source is no longer declared, or a feed has no such column.
    """
    rows = _chosen(connection, quarantine_ids)
    demand_reason(why)
    if not fields:
        raise OrderhouseError("A repair says what should be there: --set column=value.")
    if rows["feed"].null_count():
        raise OrderhouseError(
            "A row of a file that is only looked things up in belongs to no feed; send the file again."
        )
    kinds = rows.select("source", "feed").unique().sort("source", "feed").rows()
    for _, feed in kinds:
        _demand_columns(feed, list(fields))
    written = {(source, feed): _written(sources, source, feed, fields, vault) for source, feed in kinds}
    vault.flush()
    checkpoint("repair_after_vault")
    merged = [_merged(row, written[row["source"], row["feed"]]) for row in rows.iter_rows(named=True)]
    patches = rows.with_columns(
        pl.Series("fields", [after for after, _ in merged], pl.String),
        pl.Series("fields_before", [before for _, before in merged], pl.String),
    )
    return write_decisions(connection, patches, "patch", why, who)


def record_discards(
    connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str], *, why: str, who: str
) -> list[str]:
    """Record that rows shall stay out. They stay visible, and count as quarantined.

    Raises:
        OrderhouseError: There is no reason, or a row was superseded.
    """
    demand_reason(why)
    rows = _chosen(connection, quarantine_ids).with_columns(NOTHING)
    return write_decisions(connection, rows, "discard", why, who)


def record_withdrawal(connection: duckdb.DuckDBPyConnection, repair_id: str, *, why: str, who: str) -> str:
    """Record that a patch, of a row or of a record as received, or a discard is taken back.

    Args:
        connection: The raw database, open for writing.
        repair_id: The beginning of a repair's id.
        why: The reason.
        who: Whose decision it is.

    Raises:
        OrderhouseError: There is no such repair, or it is not in force.
    """
    demand_reason(why)
    repairs = connection.execute(
        """
        select repair_id, kind, first_value(repair_id) over (
            partition by source, file_id, record, row_hash, case when row_hash is not null then feed end
            order by batch_id desc, repair_id
        ) as in_force
        from raw.repairs
        qualify starts_with(repair_id, ?)
        """,
        [repair_id],
    ).fetchall()
    if len(repairs) != 1:
        found = "There is no repair" if not repairs else "More than one repair begins with"
        raise OrderhouseError(f"{found} {repair_id!r}. `orderhouse quarantine history` lists them.")
    ((whole, kind, in_force),) = repairs
    if in_force != whole:
        raise OrderhouseError(f"The repair {whole} is not in force: {in_force} took its place.")
    if kind == "withdraw":
        raise OrderhouseError(
            f"{whole} took a repair back; to repair the row again, use `orderhouse quarantine repair`."
        )
    row: pl.DataFrame = connection.sql(
        """
        select source, file_id, feed, record, quarantine_id, row_hash from raw.repairs where repair_id = ?
        """,
        params=[whole],
    ).pl()
    # a patch that was carried over to a later load is taken back from the row as it stands now
    current = connection.execute(
        "select quarantine_id from raw.quarantined_rows as quarantined where is_current and repair_id = ?", [whole]
    ).fetchall()
    if current:
        row = row.with_columns(quarantine_id=pl.lit(current[0][0]))
    return write_decisions(connection, row.with_columns(NOTHING), "withdraw", why, who)[0]


def next_batch(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the batch after the last one."""
    ((last,),) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchall()
    return int(last) + 1


def _chosen(connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str]) -> pl.DataFrame:
    rows: pl.DataFrame = connection.sql(
        """
        select source, file_id, feed, record, quarantine_id, row_hash, row_json, path, is_current, repair_kind, fields
        from raw.quarantined_rows as quarantined where list_contains($ids, quarantine_id)
        order by quarantine_id
        """,
        params={"ids": list(quarantine_ids)},
    ).pl()
    gone = rows.filter(~pl.col("is_current"))
    if gone.height:
        place = f"{gone['path'][0]}:{gone['record'][0]}"
        raise OrderhouseError(
            f"{gone['quarantine_id'][0]} ({place}) was superseded: its file was read again since. "
            "`orderhouse quarantine list` shows how its rows stand now."
        )
    return rows


def demand_reason(why: str) -> None:
    """Refuse a decision without a reason."""
    if not why.strip():
        raise OrderhouseError("Say why, for whoever asks later: --why TEXT.")


def _demand_columns(feed: str, names: Sequence[str]) -> None:
    fields = CONTRACTS[feed].fields()
    for name in names:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" It has {', '.join(fields)}."
            raise OrderhouseError(f"{feed} has no column {name!r}.{hint}")


def _merged(row: Mapping[str, str | None], written: Mapping[str, str]) -> tuple[str, str]:
    """A row's whole patch and the same fields as received: what an earlier patch in force said holds unless said anew.

    Quarantined rows are few, so they may be gone through one by one.
    """
    earlier = json.loads(row["fields"] or "{}") if row["repair_kind"] == "patch" else {}
    said = {_column(name) for name in written}
    after = {name: value for name, value in earlier.items() if _column(name) not in said} | dict(written)
    changed = {_column(name) for name in after}
    received = json.loads(row["row_json"] or "{}")
    before = {name: value for name, value in received.items() if _column(name) in changed}
    return json.dumps(after, ensure_ascii=False), json.dumps(before, ensure_ascii=False)


def _column(name: str) -> str:
    return name.removesuffix("_token")


def _written(
    sources: Mapping[str, Source], source: str, feed: str, fields: Mapping[str, str], vault: Vault
) -> dict[str, str]:
    """The fields as a patch holds them: ids with their prefix, personal and odd values as tokens."""
    if source not in sources:
        raise OrderhouseError(f"The sources file declares no source {source!r} any more, so its rows cannot be read.")
    contract: type[Contract] = CONTRACTS[feed]
    written = {name: [value.strip() or None] for name, value in fields.items()}
    frame = pl.DataFrame(written, schema=dict.fromkeys(written, pl.String()))
    frame = with_prefixes(frame, sources[source].id_prefixes(feed)).fill_null("")
    values = frame.row(0, named=True)
    personal = contract.personal()
    harmless = frame.select(pl.all().str.contains(HARMLESS) | (pl.all() == "")).row(0, named=True)
    hidden = {
        name: personal.get(name, UNREADABLE)
        for name, value in values.items()
        if value and (name in personal or not harmless[name])
    }
    return vault.tokenise(frame, hidden).row(0, named=True)


def write_decisions(
    connection: duckdb.DuckDBPyConnection,
    rows: pl.DataFrame,
    kind: str,
    why: str,
    who: str,
) -> list[str]:
    """Write one line per row, in one transaction and batch of their own; the decisions' ids."""
    if not rows.height:
        return []
    ids = [REPAIR_LETTER + secrets.token_hex(8) for _ in range(rows.height)]
    batch_id, now = next_batch(connection), datetime.now(UTC).replace(tzinfo=None)
    connection.register("incoming", rows.with_columns(pl.Series("repair_id", ids)).to_arrow())
    connection.execute("begin")
    connection.execute(
        """
        insert into raw.repairs by name
        select repair_id, $kind as kind, source, file_id, feed, record, quarantine_id, row_hash, fields,
            fields_before, $why as why, $who as made_by, $now as made_at, $batch as batch_id
        from incoming
        """,
        {"kind": kind, "why": why.strip(), "who": who, "now": now, "batch": batch_id},
    )
    connection.execute("insert into raw.batches values ($batch, $now, $now)", {"batch": batch_id, "now": now})
    connection.execute("commit")
    connection.unregister("incoming")
    return ids
