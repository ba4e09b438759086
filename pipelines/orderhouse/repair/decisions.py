"""Decisions about quarantined rows, recorded in `raw.repairs`.

A patch gives new values of columns, a discard leaves the row out for good, a withdrawal takes either back. The latest
decision about a row is in force. Nothing is edited or deleted, and no feed changes here: `replay` applies decisions.
Patches of whole records as received belong to `records`.
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
from orderhouse.ingest.personal_ids import CUSTOMER, with_tokens_for_ids
from orderhouse.ingest.prefixing import with_prefixes
from orderhouse.ingest.screening import UNREADABLE
from orderhouse.sources.config.declaration import Source
from orderhouse.vault.vault import Vault

__all__ = ["next_batch", "record_discards", "record_patches", "record_withdrawal", "require_reason", "write_decisions"]

# Ids of quarantined rows are hexadecimal, so this letter tells the two kinds of ids apart.
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
    """Record patches of rows. The vault stores personal values before the patch is committed.

    Args:
        connection: The raw database, open for writing.
        vault: Store of values that are or may be personal.
        sources: The declared sources.
        quarantine_ids: Full ids of rows.
        fields: Values by contract column, as the source would write them. Empty text empties a column.
        why: The reason.
        who: The person who decides.

    Returns:
        The ids of the repairs.

    Raises:
        OrderhouseError: A row was superseded, its source is no longer declared, or a feed has no such column.
    """
    rows = _selected_rows(connection, quarantine_ids)
    require_reason(why)
    if not fields:
        raise OrderhouseError("The repair changes no column. Give `--set column=value`.")
    if rows["feed"].null_count():
        raise OrderhouseError(
            "A row of a reference file belongs to no feed and cannot be repaired. Send the corrected file."
        )
    kinds = rows.select("source", "feed").unique().sort("source", "feed").rows()
    for _, feed in kinds:
        _require_columns(feed, list(fields))
    stored = {(source, feed): _stored_fields(sources, source, feed, fields, vault) for source, feed in kinds}
    vault.flush()
    checkpoint("repair_after_vault")
    merged = [_merge(row, stored[row["source"], row["feed"]]) for row in rows.iter_rows(named=True)]
    patches = rows.with_columns(
        pl.Series("fields", [after for after, _ in merged], pl.String),
        pl.Series("fields_before", [before for _, before in merged], pl.String),
    )
    return write_decisions(connection, patches, "patch", why, who)


def record_discards(
    connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str], *, why: str, who: str
) -> list[str]:
    """Record discards of rows. Discarded rows stay visible and count as quarantined.

    Args:
        connection: The raw database, open for writing.
        quarantine_ids: Full ids of rows.
        why: The reason.
        who: The person who decides.

    Returns:
        The ids of the discards.

    Raises:
        OrderhouseError: The reason is empty, or a row was superseded.
    """
    require_reason(why)
    rows = _selected_rows(connection, quarantine_ids).with_columns(NOTHING)
    return write_decisions(connection, rows, "discard", why, who)


def record_withdrawal(connection: duckdb.DuckDBPyConnection, repair_id: str, *, why: str, who: str) -> str:
    """Record the withdrawal of a discard, or of a patch of a row or of a record as received.

    Args:
        connection: The raw database, open for writing.
        repair_id: The first characters of a repair's id.
        why: The reason.
        who: The person who decides.

    Returns:
        The id of the withdrawal.

    Raises:
        OrderhouseError: The reason is empty, there is no such repair, or it is not in force.
    """
    require_reason(why)
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
        raise OrderhouseError(f"The repair {whole} is not in force, because {in_force} replaced it.")
    if kind == "withdraw":
        raise OrderhouseError(
            f"{whole} is a withdrawal and cannot be withdrawn. "
            "To repair the row again, use `orderhouse quarantine repair`."
        )
    row: pl.DataFrame = connection.sql(
        """
        select source, file_id, feed, record, quarantine_id, row_hash from raw.repairs where repair_id = ?
        """,
        params=[whole],
    ).pl()
    # The patch may hold for a later load of the file, which has another quarantine id for the row.
    current = connection.execute(
        "select quarantine_id from raw.quarantined_rows as quarantined where is_current and repair_id = ?", [whole]
    ).fetchall()
    if current:
        row = row.with_columns(quarantine_id=pl.lit(current[0][0]))
    return write_decisions(connection, row.with_columns(NOTHING), "withdraw", why, who)[0]


def next_batch(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the batch after the last one."""
    ((last,),) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchall()
    return int(last) + 1


def _selected_rows(connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str]) -> pl.DataFrame:
    """Return the rows with these ids; raise if one of them was superseded."""
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
            f"{gone['quarantine_id'][0]} ({place}) was superseded: its file was reread since. "
            "`orderhouse quarantine list` shows the current rows."
        )
    return rows


def require_reason(why: str) -> None:
    """Raise OrderhouseError if the reason is empty."""
    if not why.strip():
        raise OrderhouseError("The decision has no reason. Give one with `--why TEXT`.")


def _require_columns(feed: str, names: Sequence[str]) -> None:
    fields = CONTRACTS[feed].fields()
    for name in names:
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" It has {', '.join(fields)}."
            raise OrderhouseError(f"{feed} has no column {name!r}.{hint}")


def _merge(row: Mapping[str, str | None], stored: Mapping[str, str]) -> tuple[str, str]:
    """Return the whole patch of a row and the same fields as received, both as JSON.

    Fields of an earlier patch in force stay, unless the new patch names them. Quarantined rows are few, so a loop over
    them is fast enough.
    """
    earlier = json.loads(row["fields"] or "{}") if row["repair_kind"] == "patch" else {}
    named = {_column(name) for name in stored}
    after = {name: value for name, value in earlier.items() if _column(name) not in named} | dict(stored)
    changed = {_column(name) for name in after}
    received = json.loads(row["row_json"] or "{}")
    before = {name: value for name, value in received.items() if _column(name) in changed}
    return json.dumps(after, ensure_ascii=False), json.dumps(before, ensure_ascii=False)


def _column(name: str) -> str:
    return name.removesuffix("_token")


def _stored_fields(
    sources: Mapping[str, Source], source: str, feed: str, fields: Mapping[str, str], vault: Vault
) -> dict[str, str]:
    """Return the fields as a patch stores them: ids with their prefix, values that may be personal as tokens."""
    if source not in sources:
        raise OrderhouseError(
            f"The sources file no longer declares source {source!r}, so its rows cannot be read. Declare it again."
        )
    contract: type[Contract] = CONTRACTS[feed]
    written = {name: [value.strip() or None] for name, value in fields.items()}
    frame = pl.DataFrame(written, schema=dict.fromkeys(written, pl.String()))
    count = 0
    if sources[source].personal_values != "allow":
        frame, count = with_tokens_for_ids(frame, vault)
    frame = with_prefixes(frame, sources[source].id_prefixes(feed)).fill_null("")
    values = frame.row(0, named=True)
    personal = contract.personal()
    harmless = frame.select(pl.all().str.contains(HARMLESS) | (pl.all() == "")).row(0, named=True)
    hidden = {
        name: personal.get(name, UNREADABLE)
        for name, value in values.items()
        if value and (name in personal or not harmless[name]) and not (count and name == CUSTOMER)
    }
    return vault.tokenise(frame, hidden).row(0, named=True)


def write_decisions(
    connection: duckdb.DuckDBPyConnection,
    rows: pl.DataFrame,
    kind: str,
    why: str,
    who: str,
) -> list[str]:
    """Write one decision per row, in one transaction and one batch, and return their ids.

    Args:
        connection: The raw database, open for writing.
        rows: source, file_id, feed, record, quarantine_id, row_hash, fields and fields_before of each decision.
        kind: ``patch``, ``record_patch``, ``discard`` or ``withdraw``.
        why: The reason.
        who: The person who decides.
    """
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
