"""Profile of the columns of each file: kinds of values, empty values, and words of enumerated columns.

The profile is taken on frames that are in memory anyway, for all waiting files at once. Kinds and empty values come
from an even sample of each file, words from every row. Drift between files is computed in dbt, from
`raw.columns_seen` and `raw.words_seen`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate, groupby
from operator import itemgetter

import duckdb
import numpy as np
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.columns import kind_of
from orderhouse.contracts.notation import NUMERIC
from orderhouse.contracts.sentences import LOOKS_PERSONAL
from orderhouse.ingest.screening import PART
from orderhouse.ingest.transaction import ColumnsSeen, Part, Waiting

__all__ = ["observe", "write_seen"]

# Rows per file, among the rows that are screened together; 28 columns of 100,000 rows take about 3 ms.
SAMPLE_ROWS = 200
MOST_WORDS = 100
# Share of a column's values that must be of a kind for the column to be of it.
MOSTLY = 0.9
NUMBER = r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$"
DAY = r"^\d{4}-\d{2}-\d{2}(?:$|[T ])"
TRUTHS = ["true", "false", "yes", "no", "t", "f", "y", "n"]
# A word has no spaces; a text with spaces may be somebody's name and is not stored.
WORD = r"^\S{1,32}$"
OTHER_WORD = "(other text)"
KINDS = ("empty", "integer", "decimal", "date", "instant", "bool", "text")
# Each kind has nine bits of one integer; a sample of 200 rows per file fits in them.
COUNT_LIMIT = 512
WEIGHTS = {kind: COUNT_LIMIT**place for place, kind in enumerate(KINDS)}


def observe(waiting: Waiting, joined: pl.DataFrame) -> ColumnsSeen:
    """Return the kinds and words of the columns of some rows.

    Args:
        waiting: The frames, each with its part.
        joined: The same rows in one frame, with `_part`; columns as received.
    """
    fields = [name for name in CONTRACTS[waiting.feed].fields() if name in joined.columns]
    return ColumnsSeen(_kinds(waiting, joined, fields), _words(joined, waiting.feed))


def _kinds(waiting: Waiting, joined: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """Return the number of values of each kind, by part and column.

    Each value adds one in the nine bits of its kind, so that a column costs one sum. Counting the kinds one by one took
    ten times as long for ten thousand files of ten rows. Text columns are stacked into one column, since one pass per
    column took seven times as long.
    """
    sample, parts = _sampled(waiting, joined.select(*fields, PART))
    sample = _in_our_notation(sample, waiting)
    texts = [name for name in fields if sample.schema[name] == pl.String]
    typed = [_weight_typed(name, sample.schema[name]) for name in fields if name not in texts]
    index = {"index": PART, "variable_name": "column_name", "value_name": "value"}
    values = sample.unpivot(texts, **index).with_columns(_weight(pl.col("value").cast(pl.String)).alias("value"))
    values = pl.concat([values, sample.select(PART, *typed).unpivot(**index).cast({"value": pl.UInt64})])
    summed = values.group_by(PART, "column_name").sum()
    if parts is not None:
        summed = summed.with_columns(parts.gather(summed[PART]).alias(PART))
    counted = [(pl.col("value") // weight % COUNT_LIMIT).cast(pl.Int64).alias(kind) for kind, weight in WEIGHTS.items()]
    return summed.select(PART, "column_name", *counted)


def _in_our_notation(sample: pl.DataFrame, waiting: Waiting) -> pl.DataFrame:
    """Return the sample with numbers and instants in our notation, so that 12 and 12,50 are of one type."""
    notation, fields = waiting.source.notation, CONTRACTS[waiting.feed].fields()
    if not (notation.decimal or notation.dates):
        return sample
    texts = [column for column in sample.iter_columns() if column.dtype == pl.String]
    numbers = [notation.plain_numbers(each).fill_null(each) for each in texts if kind_of(fields[each.name]) in NUMERIC]
    instants = [notation.iso_instants(each) for each in texts if kind_of(fields[each.name]) in {"instant", "date"}]
    return sample.with_columns(numbers + instants)


def _sampled(waiting: Waiting, joined: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series | None]:
    """Return a sample of the rows of each part, and the parts by number where the sample uses numbers of its own.

    If all parts are small and in one run each, the sample is the whole frame and keeps `_part`. Otherwise `_part` of
    the sample is the number of a run of rows, and the series gives the part of each run.
    """
    runs = [(number, sum(frame.height for _, frame in run)) for number, run in groupby(waiting.frames, itemgetter(0))]
    numbers = [number for number, _ in runs]
    if len(set(numbers)) == len(numbers) and max(height for _, height in runs) <= SAMPLE_ROWS:
        return joined, None
    ends = accumulate(height for _, height in runs)
    rows = [
        np.arange(end - height, end, -(-height // SAMPLE_ROWS)) for end, (_, height) in zip(ends, runs, strict=True)
    ]
    places = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
    sample = joined[np.concatenate(rows)].with_columns(pl.Series(PART, places, dtype=pl.Int64))
    return sample, pl.Series(PART, numbers, dtype=pl.Int64)


def _weight(values: pl.Expr) -> pl.Expr:
    """Return an expression that gives, for each text, one in the bits of its kind."""
    one = {kind: pl.lit(weight, pl.UInt64) for kind, weight in WEIGHTS.items()}
    text = values.str.strip_chars()
    length = text.str.len_bytes()
    number = text.str.contains(NUMBER)
    return (
        pl.when(text.is_null() | (length == 0))
        .then(one["empty"])
        .when(number & text.str.contains(".", literal=True))
        .then(one["decimal"])
        .when(number)
        .then(one["integer"])
        .when(text.str.contains(DAY))
        .then(pl.when(length == 10).then(one["date"]).otherwise(one["instant"]))
        .when(text.str.to_lowercase().is_in(TRUTHS))
        .then(one["bool"])
        .otherwise(one["text"])
    )


def _weight_typed(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return an expression that gives, for each typed value, one in the bits of its kind."""
    is_empty = pl.col(name).is_null()
    return pl.when(is_empty).then(WEIGHTS["empty"]).otherwise(WEIGHTS[_typed(dtype)]).cast(pl.UInt64).alias(name)


def _typed(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "integer"
    if dtype.is_decimal() or dtype.is_float():
        return "decimal"
    kinds = {pl.Date: "date", pl.Boolean: "bool", pl.Null: "empty"}
    return "instant" if isinstance(dtype, pl.Datetime) else kinds.get(type(dtype), "text")


def _words(joined: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return the distinct words of enumerated columns; texts that are not words appear as one placeholder."""
    part = joined[PART][0] if joined[PART].n_unique() == 1 else None
    found: list[pl.DataFrame] = []
    for name in CONTRACTS[feed].enumerated():
        if name not in joined.columns:
            continue
        words = joined[name].cast(pl.String).alias("word")
        if part is None:
            distinct = pl.DataFrame([joined[PART], words]).unique()
        else:
            distinct = words.unique().to_frame().with_columns(pl.lit(part, pl.Int64).alias(PART))
        found.append(distinct.select(PART, pl.lit(name).alias("column_name"), "word"))
    if not found:
        return pl.DataFrame(schema={PART: pl.Int64(), "column_name": pl.String(), "word": pl.String()})
    word = pl.col("word").str.strip_chars()
    is_shown = word.str.contains(WORD) & ~word.str.contains(LOOKS_PERSONAL)
    shown = pl.when(is_shown).then(word).otherwise(pl.lit(OTHER_WORD))
    return pl.concat(found).filter(word.is_not_null() & (word != "")).with_columns(shown.alias("word"))


def write_seen(
    connection: duckdb.DuckDBPyConnection, seen: Iterable[ColumnsSeen], parts: Mapping[int, Part], batch_id: int
) -> None:
    """Append the kinds and words of these parts to `raw.columns_seen` and `raw.words_seen`.

    Observations of other parts are dropped. At most 100 words of a column are stored, the first in order.
    """
    of_parts = pl.DataFrame(
        [
            (number, part.unit.source.name, part.file.file_id, part.feed)
            for number, part in parts.items()
            if part.feed is not None
        ],
        schema={PART: pl.Int64(), "source": pl.String(), "file_id": pl.String(), "feed": pl.String()},
        orient="row",
    )
    seen = list(seen)
    columns = [_ignored(parts)]
    if seen:
        columns.append(_dominant_kinds(pl.concat([each.kinds for each in seen])))
        words = pl.concat([each.words for each in seen]).unique().sort(PART, "column_name", "word")
        words = words.group_by(PART, "column_name", maintain_order=True).head(MOST_WORDS)
        _append(connection, "words_seen", words.join(of_parts, on=PART), batch_id)
    _append(connection, "columns_seen", pl.concat(columns).join(of_parts, on=PART), batch_id)


def _dominant_kinds(counts: pl.DataFrame) -> pl.DataFrame:
    """Return one kind per column of a part: the narrowest kind of at least nine tenths of its values."""
    totals = counts.group_by(PART, "column_name").agg(pl.col(*KINDS).sum())
    rows = pl.sum_horizontal(KINDS)
    enough = (rows - pl.col("empty")) * MOSTLY
    kind = (
        pl.when(rows == pl.col("empty"))
        .then(pl.lit("empty"))
        .when(pl.col("bool") >= enough)
        .then(pl.lit("bool"))
        .when(pl.col("integer") + pl.col("decimal") >= enough)
        .then(pl.when(pl.col("decimal") > 0).then(pl.lit("decimal")).otherwise(pl.lit("integer")))
        .when(pl.col("date") + pl.col("instant") >= enough)
        .then(pl.when(pl.col("instant") > 0).then(pl.lit("instant")).otherwise(pl.lit("date")))
        .otherwise(pl.lit("text"))
    )
    return totals.select(
        PART,
        "column_name",
        kind.alias("kind"),
        rows.alias("rows_seen"),
        pl.col("empty").alias("empty_seen"),
        pl.lit(True).alias("is_used"),
    )


def _ignored(parts: Mapping[int, Part]) -> pl.DataFrame:
    """Return the columns that are not used, of which only the names are known."""
    rows = [(number, name, None, None, None, False) for number, part in parts.items() for name in part.ignored]
    schema = {
        PART: pl.Int64(),
        "column_name": pl.String(),
        "kind": pl.String(),
        "rows_seen": pl.Int64(),
        "empty_seen": pl.Int64(),
        "is_used": pl.Boolean(),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _append(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame, batch_id: int) -> None:
    if rows.height:
        connection.register("incoming", rows.drop(PART).with_columns(batch_id=pl.lit(batch_id, pl.Int64)).to_arrow())
        connection.execute(f"insert into raw.{table} by name select * from incoming")  # noqa: S608 - one of two names
        connection.unregister("incoming")
