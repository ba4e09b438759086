"""Rows in quarantine for the people who put them right: as received, with personal values if asked, and their history.

Reads only. The states of rows are in `quarantined`; the values behind tokens are the vault's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import polars as pl

from orderhouse.vault import Vault

__all__ = ["events", "revealed", "spread"]

TOKEN = "_token"  # noqa: S105 - the end of a column's name
ERASED = "(erased)"
FACTS = ("quarantine_id", "state", "source", "feed", "path", "record", "rules", "reasons")


def revealed(rows: Iterable[str | None], vault: Vault) -> list[dict[str, str]]:
    """Rows as JSON, with the values behind their tokens; those of people who were erased say so."""
    decoded: list[dict[str, str]] = [json.loads(row or "{}") for row in rows]
    tokens = {value for row in decoded for name, value in row.items() if name.endswith(TOKEN)}
    values = vault.reveal(tokens)
    return [
        {
            name.removesuffix(TOKEN): values.get(value, ERASED) if name.endswith(TOKEN) else value
            for name, value in row.items()
        }
        for row in decoded
    ]


def spread(rows: pl.DataFrame, vault: Vault | None = None) -> pl.DataFrame:
    """Rows of the quarantine with a column for each of theirs, for whoever sent them to look up and correct.

    Args:
        rows: From `quarantined`.
        vault: To reveal what is behind tokens; None leaves them.
    """
    texts = rows["row_json"].to_list()
    fields = revealed(texts, vault) if vault else [json.loads(text or "{}") for text in texts]
    columns = list(dict.fromkeys(name for row in fields for name in row))
    spread_out = pl.DataFrame(
        {f"row.{name}": [row.get(name) for row in fields] for name in columns},
        schema={f"row.{name}": pl.String() for name in columns},
    )
    return pl.concat([rows.select(FACTS), spread_out], how="horizontal")


def events(
    connection: duckdb.DuckDBPyConnection,
    quarantine_id: str | None = None,
    what: str | None = None,
    limit: int = 50,
) -> Sequence[Mapping[str, object]]:
    """What was decided and done, the latest first: at, what, place, who, why, fields and fields_before, ids.

    Args:
        connection: The raw database.
        quarantine_id: Only about this row, whole id.
        what: Only of this kind: patch, discard, withdraw, accepted, duplicate, still_quarantined, withdrawn …
        limit: At most so many.
    """
    found: pl.DataFrame = connection.sql(
        """
        with events as (
            select made_at as at, kind as what, quarantine_id, repair_id, made_by as who, why, fields, fields_before,
                batch_id
            from raw.repairs
            union all by name
            select replayed_at as at, outcome as what, quarantine_id, repair_id, reasons as why, batch_id
            from raw.replays
        )
        select events.*, quarantine.path, quarantine.record, quarantine.feed
        from events
        inner join raw.quarantine as quarantine using (quarantine_id)
        where ($id is null or quarantine_id = $id) and ($what is null or what = $what)
        order by events.batch_id desc, path, record
        limit $limit
        """,
        params={"id": quarantine_id, "what": what, "limit": limit},
    ).pl()
    return found.to_dicts()
