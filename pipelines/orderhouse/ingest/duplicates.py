"""Duplicates: a row whose whole content an earlier live row has already. It is stored all the same, marked.

Rows are compared by 64-bit hashes of their stored columns: against those that this run has put in before by a table of
hashes, against those of earlier runs only where the key is there already, so that a few new rows cost one scan of the
key columns. Earlier means put in earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.superseding import is_live
from orderhouse.storage.sql_names import quote

__all__ = ["Compared", "Duplicates"]


@dataclass(frozen=True)
class Compared:
    """Rows beside what this run has put in before them.

    Attributes:
        content: A hash of each row.
        is_repeat: Whether the same row came before it.
    """

    content: pl.Series
    is_repeat: pl.Series


class Duplicates:
    """What one run has put in so far.

    Args:
        connection: The raw database, with the tables of `superseding`.
        batch_id: The batch being loaded.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, batch_id: int) -> None:
        self.connection = connection
        self.batch_id = batch_id
        self._run = connection.cursor()
        ((database,),) = connection.execute("select current_database()").fetchall()
        self._run.execute(f"use {quote(database)}")  # a cursor does not begin where its connection is
        self._has_older: dict[str, bool] = {}

    def close(self) -> None:
        """Forget all of it."""
        self._run.close()

    def among(self, feed: str, rows: pl.DataFrame, parts: pl.Series) -> pl.Series:
        """Which of these rows repeat an earlier one. Remembers them for those that follow.

        Args:
            feed: The feed.
            rows: Its stored columns, all of them, typed.
            parts: The part that each row comes from, for `forget`.
        """
        return self.with_older(feed, rows, self.within_run(feed, rows, parts))

    def within_run(self, feed: str, rows: pl.DataFrame, parts: pl.Series) -> Compared:
        """The half of `among` that uses no connection but its own, so that another thread may do it ahead."""
        seen = self._seen(feed)
        content = _content(feed, rows)
        self._run.register("arriving", pl.DataFrame({"content": content, "part": parts}).to_arrow())
        known = self._run.sql(f"select content from arriving where content in (from {seen} select content)")  # noqa: S608
        hits = known.pl()["content"]
        self._run.execute(f"insert into {seen} select content, part from arriving")  # noqa: S608
        self._run.unregister("arriving")
        # that all of them differ, as nearly always, is found in a quarter of the time
        all_differ = content.n_unique() == content.len()
        repeats = pl.repeat(False, content.len(), eager=True) if all_differ else ~content.is_first_distinct()
        return Compared(content, repeats | content.is_in(hits.implode()) if hits.len() else repeats)

    def with_older(self, feed: str, rows: pl.DataFrame, compared: Compared) -> pl.Series:
        """The other half: rows of earlier runs are looked at as well."""
        if not self._has_older[feed]:
            return compared.is_repeat
        hits = self._older(feed, rows)
        return compared.is_repeat | compared.content.is_in(hits.implode()) if hits.len() else compared.is_repeat

    def forget(self, feed: str, parts: Iterable[int]) -> None:
        """Rows of these parts have been taken back."""
        self._run.execute(
            f"delete from {self._seen(feed)} where list_contains($parts, part)",  # noqa: S608
            {"parts": list(parts)},
        )

    def _seen(self, feed: str) -> str:
        name = f"temp.{quote(f'seen_{feed}')}"
        if feed not in self._has_older:
            self._run.execute(f"create or replace temp table {quote(f'seen_{feed}')} (content ubigint, part bigint)")
            found = self._run.execute(
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
