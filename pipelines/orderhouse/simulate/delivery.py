"""Delivery of clean feed records as files: parts, late rows, duplicates and the other kinds of mess.

Every row that the mess added or moved is logged with its final file and line. The writing of a file belongs in `files`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from orderhouse.simulate.draws import Draws
from orderhouse.simulate.files import FeedFiles
from orderhouse.simulate.options import SimulationOptions

# A column per feed in which two records of one key may differ without changing any result.
_HARMLESS = {
    "orders": "ship_city",
    "customers": "city",
    "products": "name",
    "payments": "provider",
    "shipments": "service",
    "tracking": "location",
}
# Faults of a row: (column, text in its place, rule). The last two rules need a text format.
_FAULTS: dict[str, list[tuple[str, str, str]]] = {
    "orders": [
        ("currency", "XQZ", "unknown_currency"),
        ("shipping_amount", "free", "text_in_number"),
        ("updated_at", "2026-02-30T10:00:00Z", "impossible_date"),
    ],
    "order_lines": [
        ("quantity", "-2", "negative_quantity"),
        ("unit_price", "n/a", "text_in_number"),
        ("updated_at", "31/31/2026", "impossible_date"),
    ],
    "payments": [
        ("currency", "XQZ", "unknown_currency"),
        ("amount", "twelve", "text_in_number"),
        ("occurred_at", "2026-13-01T00:00:00Z", "impossible_date"),
    ],
    "shipments": [
        ("quantity", "-1", "negative_quantity"),
        ("quantity", "some", "text_in_number"),
        ("shipped_at", "2026-04-31T08:00:00Z", "impossible_date"),
    ],
    "tracking": [("occurred_at", "yesterday", "impossible_date")],
    "returns": [("quantity", "-1", "negative_quantity"), ("occurred_at", "2026-00-10T08:00:00Z", "impossible_date")],
    "stock": [("quantity", "many", "text_in_number"), ("occurred_at", "2026-06-31T08:00:00Z", "impossible_date")],
    "inbound": [("quantity", "-5", "negative_quantity"), ("expected_at", "soon", "impossible_date")],
    "customers": [("updated_at", "0000-00-00", "impossible_date")],
    "products": [("updated_at", "0000-00-00", "impossible_date")],
    "fx_rates": [("quote", "XQZ", "unknown_currency"), ("rate_date", "2026-02-29", "impossible_date")],
}
_TYPED_RULES = ("unknown_currency", "negative_quantity")
_UNKNOWN_WORDS = {
    "payments": ("payment_id", "kind", "chargeback_review"),
    "tracking": (None, "status", "sorted_at_hub"),
    "returns": (None, "status", "inspected"),
}
_EVENT_ID = {"payments": "payment_id", "shipments": "shipment_id", "returns": "return_id"}
_LOG = {
    "kind": pl.String,
    "rule": pl.String,
    "feed": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "record": pl.Int64,
}


@dataclass
class Delivery:
    """The delivery of one request. Call `deliver` per feed and part in order, then `finish` once."""

    options: SimulationOptions
    draws: Draws
    files: FeedFiles
    rows: Counter[str] = field(default_factory=Counter)
    mess: Counter[str] = field(default_factory=Counter)
    stray: Counter[str] = field(default_factory=Counter)
    log: list[pl.DataFrame] = field(default_factory=list)
    _carried: dict[str, pl.DataFrame] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)

    def deliver(self, feed: str, frame: pl.DataFrame) -> None:
        """Send one part of a feed; late rows wait for the next part."""
        if frame.is_empty():
            return
        if self.options.mess.is_tidy:
            self._write(feed, frame.sort("_at", maintain_order=True).drop("_at"), None)
            return
        frame = frame.with_columns(pl.lit(None, pl.String).alias("_mess"))
        keys = np.arange(len(frame), dtype=np.int64) + self._seen[feed]
        self._seen[feed] += len(frame)
        here, later = self._move(feed, frame, keys)
        added = self._added(feed, frame, keys)
        waiting = self._carried.pop(feed, frame.clear())
        self._carried[feed] = pl.concat([later, *(rows for rows, is_late in added if is_late)])
        self._send(feed, pl.concat([here, waiting, *(rows for rows, is_late in added if not is_late)]))

    def finish(self) -> None:
        """Send the waiting rows, as one more file per feed."""
        for feed, frame in sorted(self._carried.items()):
            if len(frame):
                self._send(feed, frame)

    def mess_log(self) -> pl.DataFrame:
        """Return one row per injected row: kind, rule, feed, file, line (of the text file) and record (1-based)."""
        return pl.concat([pl.DataFrame(schema=_LOG), *self.log])

    def _move(self, feed: str, frame: pl.DataFrame, keys: np.ndarray) -> tuple[pl.DataFrame, pl.DataFrame]:
        mess, draws = self.options.mess, self.draws
        late = draws.chance(keys, f"late {feed}", mess.late)
        is_out_of_order = draws.chance(keys, f"out of order {feed}", mess.out_of_order) & ~late
        tagged = frame.with_columns(
            pl.when(pl.Series(late))
            .then(pl.lit("late|"))
            .when(pl.Series(is_out_of_order))
            .then(pl.lit("out_of_order|"))
            .alias("_mess")
        )
        return tagged.filter(~pl.Series(late)), tagged.filter(pl.Series(late))

    def _added(self, feed: str, frame: pl.DataFrame, keys: np.ndarray) -> list[tuple[pl.DataFrame, bool]]:
        mess, draws = self.options.mess, self.draws

        def chosen(kind: str, share: float) -> pl.DataFrame:
            return frame.filter(pl.Series(draws.chance(keys, f"{kind} {feed}", share)))

        again = chosen("duplicates", mess.duplicates).with_columns(pl.lit("duplicate|").alias("_mess"))
        at_once = again.gather_every(2)
        added = [(at_once, False), (again.gather_every(2, 1), True)]
        if feed in _HARMLESS:
            other = chosen("conflicts", mess.conflicts)
            added.append((_conflicting(other, _HARMLESS[feed]), False))
        orphans = self._orphans(feed, chosen("orphans", mess.orphans))
        added.append((orphans, False))
        added.append((_unknown(feed, chosen("unknown words", mess.unknown_words)), False))
        added.extend((rows, False) for rows in self._malformed(feed, chosen("malformed", mess.malformed)))
        return added

    def _orphans(self, feed: str, rows: pl.DataFrame) -> pl.DataFrame:
        if feed not in (*_EVENT_ID, "order_lines"):
            return rows.clear()
        changes = [pl.lit("XX-").add(pl.col("order_id").str.slice(3)).alias("order_id")]
        if feed in _EVENT_ID:
            changes.append((pl.col(_EVENT_ID[feed]) + "-STRAY").alias(_EVENT_ID[feed]))
        if feed == "payments":
            changes.append(pl.lit(None, pl.String).alias("return_id"))
            changes.append(pl.lit(None, pl.String).alias("parent_payment_id"))
        if feed == "returns":
            rows = rows.filter(pl.col("status") == "requested")
        if feed == "shipments":
            changes.append(pl.lit("SKU-STRAY").alias("sku"))
            changes.append(pl.lit(None, pl.String).alias("tracking_number"))
            for warehouse, units in rows.select("warehouse_id", "quantity").iter_rows():
                self.stray[warehouse] += units
        return rows.with_columns(*changes, pl.lit("orphan|").alias("_mess"))

    def _malformed(self, feed: str, rows: pl.DataFrame) -> list[pl.DataFrame]:
        as_text = self.options.file_format == "csv"
        faults = [fault for fault in _FAULTS.get(feed, []) if as_text or fault[2] in _TYPED_RULES]
        broken = []
        for turn, (column, text, rule) in enumerate(faults):
            if column == "quote" and not as_text:
                continue
            part = rows.gather_every(len(faults), turn)
            tag = pl.lit(f"malformed|{rule}|{column}|{text}").alias("_mess")
            broken.append(part.with_columns(tag))
        return broken

    def _send(self, feed: str, frame: pl.DataFrame) -> None:
        is_out_of_order = pl.col("_mess").str.starts_with("out_of_order").fill_null(False)
        order = pl.when(is_out_of_order).then(-pl.col("_at")).otherwise(pl.col("_at"))
        frame = frame.sort(~is_out_of_order, order, maintain_order=True).drop("_at")
        tags = frame.get_column("_mess")
        self._write(feed, _break_values(frame, as_text=self.options.file_format == "csv").drop("_mess"), tags)

    def _write(self, feed: str, frame: pl.DataFrame, tags: pl.Series | None) -> None:
        self.parts[feed] += 1
        path = self.files.write(feed, self.parts[feed], frame)
        self.rows[feed] += len(frame)
        if tags is not None and tags.null_count() < len(tags):
            self._log(feed, path, tags)

    def _log(self, feed: str, path: Path, tags: pl.Series) -> None:
        header = 1 if self.options.file_format == "csv" else 0
        record = pl.int_range(1, len(tags) + 1, dtype=pl.Int64, eager=True).alias("record")
        part = tags.str.split("|")
        entries = pl.DataFrame(
            {
                "kind": part.list.get(0, null_on_oob=True),
                "rule": part.list.get(1, null_on_oob=True),
                "feed": pl.repeat(feed, len(tags), dtype=pl.String, eager=True),
                "file": pl.repeat(path.name, len(tags), dtype=pl.String, eager=True),
                "line": record + header,
                "record": record,
            }
        ).filter(pl.col("kind").is_not_null())
        self.log.append(entries)
        for kind, count in entries.group_by("kind").len().sort("kind").iter_rows():
            self.mess[kind] += count


def _conflicting(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    other = pl.lit("Otherwise").alias(column)
    return rows.with_columns(other, pl.lit("conflict|").alias("_mess"))


def _unknown(feed: str, rows: pl.DataFrame) -> pl.DataFrame:
    if feed not in _UNKNOWN_WORDS:
        return rows.clear()
    identity, column, word = _UNKNOWN_WORDS[feed]
    changes = [pl.lit(word).alias(column), pl.lit("unknown_word|").alias("_mess")]
    if identity:
        changes.append((pl.col(identity) + "-NEW").alias(identity))
    return rows.with_columns(changes)


def _break_values(frame: pl.DataFrame, *, as_text: bool) -> pl.DataFrame:
    """Insert the wrong values: as text where the format is text, else in the column's own type."""
    fault = pl.col("_mess").str.split("|")
    is_fault = pl.col("_mess").str.starts_with("malformed").fill_null(False)
    broken = frame.filter(is_fault).select(fault.list.get(2).alias("column"), fault.list.get(3).alias("value")).unique()
    if as_text and len(broken):
        frame = frame.with_columns(_text(name, kind) for name, kind in frame.schema.items())
    for column in sorted(set(broken.get_column("column").to_list())):
        hit = is_fault & (fault.list.get(2, null_on_oob=True) == column)
        value = fault.list.get(3, null_on_oob=True).cast(frame.schema[column], strict=False)
        frame = frame.with_columns(pl.when(hit).then(value).otherwise(pl.col(column)).alias(column))
    return frame


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    if isinstance(kind, pl.Datetime):
        return pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return pl.col(name).cast(pl.String)
