"""Duplicates: a row whose whole content an earlier live row has already. It is stored all the same, marked.

Rows are compared by 64-bit hashes of their stored columns: against those that this run has put in before by a table of
hashes, against those of earlier runs only where the key is there already, so that a few new rows cost one scan of the
key columns. Earlier means put in earlier.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.superseding import is_live
from orderhouse.warehouse import quote

__all__ = ["Duplicates"]


class Duplicates:
    """What one run has put in so far.

    Args:
        connection: The raw database, with the tables of `superseding`.
        batch_id: The batch being loaded.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, batch_id: int) -> None:
        self.connection = connection
        self.batch_id = batch_id
        self._has_older: dict[str, bool] = {}

    def among(self, feed: str, rows: pl.DataFrame, parts: pl.Series) -> pl.Series | None:
        """Which of these rows repeat an earlier one; None if none does. Remembers them for those that follow.

        Args:
            feed: The feed.
            rows: Its stored columns, all of them, typed.
            parts: The part that each row comes from, for `forget`.
        """
        seen = self._seen(feed)
        content = _content(feed, rows)
        self.connection.register("arriving", pl.DataFrame({"content": content, "part": parts}).to_arrow())
        known = self.connection.sql(f"select content from arriving where content in (from {seen} select content)")  # noqa: S608
        hits = known.pl()["content"]
        self.connection.execute(f"insert into {seen} select content, part from arriving")  # noqa: S608
        self.connection.unregister("arriving")
        if self._has_older[feed]:
            hits = pl.concat([hits, self._older(feed, rows)])
        # that all of them differ, as nearly always, is found in a quarter of the time
        all_differ = content.n_unique() == content.len()
        repeats = pl.repeat(False, content.len(), eager=True) if all_differ else ~content.is_first_distinct()
        if hits.len():
            repeats = repeats | content.is_in(hits.unique().implode())
        return repeats if repeats.any() else None

    def forget(self, feed: str, parts: Iterable[int]) -> None:
        """Rows of these parts have been taken back."""
        self.connection.execute(
            f"delete from {self._seen(feed)} where list_contains($parts, part)",  # noqa: S608
            {"parts": list(parts)},
        )

    def _seen(self, feed: str) -> str:
        name = f"temp.{quote(f'seen_{feed}')}"
        if feed not in self._has_older:
            self.connection.execute(
                f"create or replace temp table {quote(f'seen_{feed}')} (content ubigint, part bigint)"
            )
            found = self.connection.execute(
                f"select 1 from raw.{quote(feed)} where _batch_id < $batch limit 1",  # noqa: S608
                {"batch": self.batch_id},
            ).fetchall()
            self._has_older[feed] = bool(found)
        return name

    def _older(self, feed: str, rows: pl.DataFrame) -> pl.Series:
        """Content hashes of live rows of earlier runs that share a key with these."""
        contract = CONTRACTS[feed]
        key = f"hash({', '.join(quote(name) for name in contract.key())})"
        columns = ", ".join(quote(name) for name in contract.stored_columns())
        self.connection.register("arriving", rows.select(contract.key()).to_arrow())
        found = self.connection.sql(
            f"""
            select {columns} from raw.{quote(feed)}
            where _batch_id < $batch and {is_live(feed)} and {key} in (select {key} from arriving)
            """,  # noqa: S608
            params={"batch": self.batch_id},
        ).pl()
        self.connection.unregister("arriving")
        return _content(feed, found.cast({name: rows.schema[name] for name in found.columns}))


def _content(feed: str, rows: pl.DataFrame) -> pl.Series:
    return rows.select(*CONTRACTS[feed].stored_columns()).hash_rows().alias("content")
