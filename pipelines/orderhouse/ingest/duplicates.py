"""Duplicates: find rows whose whole content an earlier live row has already.

A duplicate is stored too, with `_is_duplicate`. Rows are compared by 64-bit hashes of their stored columns. Rows of
this run are compared through a table of hashes; rows of earlier runs are fetched only where they share a key, so that
a few new rows cost one scan of the key columns. "Earlier" means inserted earlier, not a lower `updated_at`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.superseding import is_live
from orderhouse.storage.sql_names import quote

__all__ = ["Compared", "Duplicates", "content_hashes"]


@dataclass(frozen=True)
class Compared:
    """Rows compared with the rows that this run inserted before them.

    Attributes:
        content: One 64-bit hash per row.
        is_repeat: True where the same row came earlier in this run.
    """

    content: pl.Series
    is_repeat: pl.Series


class Duplicates:
    """Hashes of the rows that one run has inserted so far.

    Args:
        connection: The raw database, with the temporary tables of `superseding`.
        batch_id: The batch being loaded.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, batch_id: int) -> None:
        self.connection = connection
        self.batch_id = batch_id
        self._run = connection.cursor()
        ((database,),) = connection.execute("select current_database()").fetchall()
        self._run.execute(f"use {quote(database)}")  # a new cursor starts in the default database
        self._has_older: dict[str, bool] = {}

    def close(self) -> None:
        """Close the cursor; its table of hashes goes with it."""
        self._run.close()

    def find(self, feed: str, rows: pl.DataFrame, parts: pl.Series) -> pl.Series:
        """Return a mask of the rows that repeat an earlier row, and remember all rows for later calls.

        Args:
            feed: The feed.
            rows: All stored columns of the feed, typed.
            parts: The part that each row comes from, for `forget`.
        """
        return self.add_earlier_runs(feed, rows, self.compare_within_run(feed, rows, parts))

    def compare_within_run(self, feed: str, rows: pl.DataFrame, parts: pl.Series) -> Compared:
        """Compare rows with the earlier rows of this run.

        This half of `find` uses a cursor of its own, so that another thread may run it ahead.
        """
        seen = self._seen(feed)
        content = content_hashes(feed, rows)
        self._run.register("arriving", pl.DataFrame({"content": content, "part": parts}).to_arrow())
        known = self._run.sql(f"select content from arriving where content in (from {seen} select content)")  # noqa: S608
        hits = known.pl()["content"]
        self._run.execute(f"insert into {seen} select content, part from arriving")  # noqa: S608
        self._run.unregister("arriving")
        # Nearly always all rows differ, and n_unique finds that in a quarter of the time of is_first_distinct.
        all_differ = content.n_unique() == content.len()
        repeats = pl.repeat(False, content.len(), eager=True) if all_differ else ~content.is_first_distinct()
        return Compared(content, repeats | content.is_in(hits.implode()) if hits.len() else repeats)

    def add_earlier_runs(self, feed: str, rows: pl.DataFrame, compared: Compared) -> pl.Series:
        """Return the mask of `find`: add the rows that repeat a row of an earlier run."""
        if not self._has_older[feed]:
            return compared.is_repeat
        hits = self._older(feed, rows)
        return compared.is_repeat | compared.content.is_in(hits.implode()) if hits.len() else compared.is_repeat

    def forget(self, feed: str, parts: Iterable[int]) -> None:
        """Forget the rows of these parts, because they were removed from the tables again."""
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
        """Return the content hashes of live rows of earlier runs that share a key with these rows."""
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
        return content_hashes(feed, found.cast({name: rows.schema[name] for name in found.columns}))


def content_hashes(feed: str, rows: pl.DataFrame) -> pl.Series:
    """Return one 64-bit hash of the stored columns per row, named `content`."""
    return rows.select(*CONTRACTS[feed].stored_columns()).hash_rows().alias("content")
