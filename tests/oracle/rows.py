"""Accepted rows of a home, read from its raw tables, with mapped words and coverage.

SQL is used to read and for nothing else. Which version of a record counts belongs in `versions`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from tests.oracle.versions import Row, grouped, versions, winner

__all__ = ["ENUMERATED", "KEYS", "World", "read_world"]

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"

# Versioned feeds and event feeds with the columns of their keys.
KEYS: dict[str, tuple[str, ...]] = {
    "orders": ("order_id",),
    "order_lines": ("order_id", "line_id"),
    "payments": ("payment_id",),
    "payouts": ("movement_id",),
    "shipments": ("shipment_id", "order_id", "line_id"),
    "tracking": ("shipment_id", "carrier", "tracking_number", "status", "occurred_at"),
    "returns": ("return_id", "line_id", "status", "occurred_at"),
    "stock": ("movement_id",),
    "inbound": ("po_id", "sku", "warehouse_id"),
    "products": ("sku",),
    "customers": ("customer_id",),
    "price_lists": ("price_list_id", "sku", "currency", "valid_from"),
    "fx_rates": ("rate_date", "base", "quote"),
    "carts": ("cart_id", "sku", "status", "occurred_at"),
    "feedback": ("feedback_id",),
    "actions": ("action_id",),
    "campaign_members": ("campaign_id", "customer_key"),
    "suppressions": ("suppression_id",),
}
VERSIONED = ("orders", "order_lines", "inbound", "products", "customers", "price_lists")
ENUMERATED = {
    "orders": ("order_type", "payment_terms"),
    "payments": ("kind",),
    "payouts": ("kind",),
    "tracking": ("status",),
    "returns": ("status",),
    "stock": ("kind",),
    "products": ("kind",),
    "carts": ("status",),
    "actions": ("kind",),
}
LABELS = {
    "shipments": ("carrier",),
    "tracking": ("carrier",),
    "customers": ("customer_group",),
    "price_lists": ("customer_group",),
}


@dataclass
class World:
    """Everything that was accepted: all rows of every feed, coverage, actions that go back, and the clock."""

    feeds: dict[str, list[Row]]
    coverage: dict[str, set[str]]
    as_of: datetime
    time_zone: ZoneInfo
    reporting_currency: str
    write_back: dict[tuple[str, str], date] = field(default_factory=dict)
    _current: dict[str, list[Row]] = field(default_factory=dict)

    def events(self, feed: str) -> list[Row]:
        """Return the row that counts of every event, or the current version of every record."""
        if feed not in self._current:
            groups = grouped(self.feeds[feed], lambda row: tuple(row["_raw"][name] for name in KEYS[feed]))
            if feed in VERSIONED:
                self._current[feed] = [versions(rows)[-1] for rows in groups.values()]
            else:
                self._current[feed] = [winner(rows, is_payment=feed == "payments") for rows in groups.values()]
        return self._current[feed]

    @cached_property
    def sources_without_orders(self) -> list[str]:
        """Return the sources that have no orders of their own."""
        return [source for source, feeds in self.coverage.items() if "orders" not in feeds]

    def tracks(self, source: str, feed: str) -> bool:
        """Return true if the orders of a source are tracked for a feed."""
        return feed in self.coverage.get(source, ()) or any(
            feed in self.coverage[other] for other in self.sources_without_orders
        )

    def moves_stock(self, source: str) -> bool:
        """Return true if the stock rows of a source count: a shop that reports no shipments has no levels."""
        return source in self.sources_without_orders or self.tracks(source, "shipments")


def read_world(
    raw_file: Path, as_of: datetime, time_zone: str, reporting_currency: str, known_at: datetime | None = None
) -> World:
    """Read the accepted rows of a home from its raw database, without superseded ones.

    Args:
        raw_file: The raw database.
        as_of: Clock of the build.
        time_zone: Business time zone.
        reporting_currency: Reporting currency.
        known_at: An instant: rows received later are left out. Nothing may have been superseded.
    """
    with duckdb.connect(str(raw_file), read_only=True) as raw:
        raw.execute("set timezone = 'UTC'")
        loads = raw.execute("select source, file_id, batch_id from raw.raw.superseded_loads").fetchall()
        superseded = {tuple(row) for row in loads}
        repaired = raw.execute(
            "select source, file_id, feed, record, batch_id from raw.raw.superseded_replays"
        ).fetchall()
        replays = {tuple(row) for row in repaired}
        meanings = _Meanings(raw)
        feeds = {feed: _rows(raw, feed, superseded, replays, meanings) for feed in KEYS}
        if known_at is not None:
            assert not superseded and not replays, "what was superseded later was known earlier"
            feeds = {feed: [row for row in rows if row["_received_at"] <= known_at] for feed, rows in feeds.items()}
        coverage: dict[str, set[str]] = {}
        for source, feed in raw.execute("select source, feed from raw.raw.coverage").fetchall():
            coverage.setdefault(source, set()).add(feed)
        for source, feed, received_at in raw.execute(
            "select source, feed, min(received_at) from raw.raw.quarantine where feed is not null group by all"
        ).fetchall():
            is_known = known_at is None or received_at <= known_at
            if is_known and not any(row["_raw"]["_source"] == source for row in feeds.get(feed, ())):
                coverage.get(source, set()).discard(feed)
        declared = raw.execute("select source, kind, since from raw.raw.write_back").fetchall()
    write_back = {(source, kind): since for source, kind, since in declared if source is not None}
    return World(feeds, coverage, as_of, ZoneInfo(time_zone), reporting_currency, write_back)


def _rows(
    raw: duckdb.DuckDBPyConnection,
    feed: str,
    superseded: set[tuple[object, ...]],
    replays: set[tuple[object, ...]],
    meanings: _Meanings,
) -> list[Row]:
    cursor = raw.execute(f"select * from raw.raw.{feed}")
    names = [column[0] for column in cursor.description or []]
    rows = []
    for values in cursor.fetchall():
        stored = dict(zip(names, values, strict=True))
        at = (stored["_source"], stored["_file_id"])
        if (*at, stored["_batch_id"]) in superseded or (*at, feed, stored["_record"], stored["_batch_id"]) in replays:
            continue
        row = {**stored, "_raw": stored}
        for name in ENUMERATED.get(feed, ()):
            row[name] = meanings.of(stored["_source"], feed, name, stored[name])
        for name in LABELS.get(feed, ()):
            row[name] = meanings.of_label(stored["_source"], feed, name, stored[name])
        rows.append(row)
    return rows


class _Meanings:
    """Vocabularies: of one source, of a format, and the words of the warehouse."""

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        with (SEEDS / "canonical_vocabulary.csv").open(newline="") as file:
            self.canonical = {(row["feed"], row["column_name"], row["word"]) for row in csv.DictReader(file)}
        with (SEEDS / "format_vocabulary.csv").open(newline="") as file:
            self.formats = {
                (row["format"], row["feed"], row["column_name"], row["word"].lower()): row["meaning"]
                for row in csv.DictReader(file)
            }
        self.format_of = dict(raw.execute("select source, format from raw.raw.sources order by batch_id").fetchall())
        self.own = {
            (source, feed, name, word.lower()): meaning
            for source, feed, name, word, meaning in raw.execute(
                "select source, feed, column_name, word, meaning from raw.raw.words order by batch_id"
            ).fetchall()
        }

    def _mapped(self, source: str, feed: str, name: str, word: str) -> str | None:
        own = self.own.get((source, feed, name, word))
        return own or self.formats.get((self.format_of.get(source, ""), feed, name, word))

    def of(self, source: str, feed: str, name: str, word: str | None) -> str | None:
        """Return our word for a source's word; `unknown` if it is in no vocabulary."""
        if word is None:
            return None
        mapped = self._mapped(source, feed, name, word.lower())
        if mapped:
            return mapped
        return word.lower() if (feed, name, word.lower()) in self.canonical else "unknown"

    def of_label(self, source: str, feed: str, name: str, word: str | None) -> str | None:
        """Return the mapped name; a name in no vocabulary stays as written, in lower case."""
        if word is None:
            return None
        return self._mapped(source, feed, name, word.lower()) or word.lower()
