"""Patched records of tables: CSV, Parquet and workbooks. A patched record keeps the position of the received one.

The patches themselves belong in `orderhouse.files.patches`. The readers of tables pass their records through here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import polars as pl

from orderhouse.files.patches import PatchMisfit, Received, RecordPatch, RecordPatches, unknown_field
from orderhouse.sources.readers.records import RECORD, Malformed, Records

__all__ = ["patched_records"]

Row = dict[str, Any]


def patched_records(
    read: Iterator[Records], patches: RecordPatches | None, delimiter: str | None = None
) -> Iterator[Records]:
    """Yield the records of a table with its patches applied.

    Args:
        read: Records as received, in order.
        patches: Patches of this file; None if there are none, which costs nothing.
        delimiter: Delimiter with which a record can be given as a line of text; None if it cannot.
    """
    if patches is None or not patches.by_record:
        return read
    return (_patched(records, patches, delimiter) for records in read)


def _patched(records: Records, patches: RecordPatches, delimiter: str | None) -> Records:
    frame = records.frame
    schema = pl.Schema({name: dtype for name, dtype in frame.schema.items() if name != RECORD})
    patched_rows: dict[int, Row] = {}
    for row in _for_python(frame.filter(pl.col(RECORD).is_in(list(patches.by_record)))).iter_rows(named=True):
        number = row.pop(RECORD)
        received = Received({name: None if value is None else str(value) for name, value in row.items()})
        fields = patches.apply(number, received, partial(_with_fields, row, schema, delimiter))
        if fields is not None:
            patched_rows[number] = fields
    kept: list[Malformed] = []
    for each in records.malformed:
        fields = None
        if each.record in patches.by_record:
            received = Received(dict.fromkeys(schema.names()), each.text, is_readable=False)
            fields = patches.apply(each.record, received, partial(_whole, schema, delimiter))
        if fields is None:
            kept.append(each)
        else:
            patched_rows[each.record] = fields
    if not patched_rows:
        return records
    rows = pl.DataFrame([{**row, RECORD: number} for number, row in patched_rows.items()], schema=frame.schema)
    others = frame.filter(~pl.col(RECORD).is_in(list(patched_rows)))
    return Records(pl.concat([others, rows]).sort(RECORD, maintain_order=True), kept, unusable=records.unusable)


def _for_python(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows whose days and instants beyond the years that Python has are null: no contract accepts them."""
    days = pl.selectors.temporal()
    return frame.with_columns(pl.when(days.dt.year().is_between(1, 9999)).then(days))


def _with_fields(row: Row, schema: Mapping[str, pl.DataType], delimiter: str | None, patch: RecordPatch) -> Row:
    """Return a row with the fields of a patch, each converted to the type of its column."""
    if patch.text is not None:
        row = _of_text(patch.text, schema, delimiter)
    for name in patch.fields:
        if name not in schema:
            raise unknown_field(name, schema)
    return {**row, **{name: _typed(name, text, schema[name]) for name, text in patch.fields.items()}}


def _whole(schema: Mapping[str, pl.DataType], delimiter: str | None, patch: RecordPatch) -> Row:
    """Return a row for a record that cannot be read: every value comes from the patch."""
    if patch.text is None:
        unknown = [name for name in patch.fields if name not in schema]
        if unknown:
            raise unknown_field(unknown[0], schema)
        missing = [name for name in schema if name not in patch.fields]
        if missing:
            raise PatchMisfit(
                f"the record cannot be read, so each of its fields has to be given; {', '.join(missing)} "
                f"{'are' if len(missing) > 1 else 'is'} not. Give the whole record instead with --text"
            )
    return _with_fields(dict.fromkeys(schema), schema, delimiter, patch)


def _of_text(text: str, schema: Mapping[str, pl.DataType], delimiter: str | None) -> Row:
    if delimiter is None:
        raise PatchMisfit("a record of this kind of file has no text: say with --set what each field should be")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise PatchMisfit(f"the text given for the record cannot be read: {error}") from None
    if len(rows) != 1:
        raise PatchMisfit(f"the text given for the record is {len(rows)} records")
    if len(rows[0]) != len(schema):
        raise PatchMisfit(
            f"the text given for the record has {len(rows[0])} fields, the header {len(schema)}: {', '.join(schema)}"
        )
    return {name: value or None for name, value in zip(schema, rows[0], strict=True)}


def _typed(name: str, text: str, dtype: pl.DataType) -> Any:
    """Return a value converted to the type of its column; in a CSV file it stays text."""
    if text == "":
        return None
    if dtype == pl.String:
        return text
    given = pl.Series([text])
    try:
        if isinstance(dtype, pl.Datetime):
            instant = given.str.to_datetime(time_unit=dtype.time_unit, time_zone=dtype.time_zone, strict=True)
            return instant[0]
        if dtype == pl.Date:
            return given.str.to_date(strict=True)[0]
        if dtype == pl.Boolean:
            return {"true": True, "false": False}[text.lower()]
        return given.cast(dtype, strict=True)[0]
    except (pl.exceptions.PolarsError, KeyError):
        raise PatchMisfit(f"what is given for {name} is none of its values, which are of type {dtype}") from None
