"""Columns of Parquet files in types that every later step can hold: texts, numbers, truth values, days and instants.

Content that breaks its own type is damage of the file. A column of another type, such as a list, is unusable: a format
that takes it rejects the file. Reading files belongs in `tables`.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["UnusableColumn", "usable"]

# Two days beyond the years 1 to 9999 in any zone, in seconds. polars ends the process on instants far beyond them.
FIRST, LAST = -62_135_769_600, 253_402_473_600
IN_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
IN_A_DAY = 86_400
DIGITS = 38


class UnusableColumn(Exception):
    """A column whose values cannot be used; the message says of which type they are, and in what form to send them."""


def usable(values: pa.Array) -> pa.Array:
    """Return the values of a column in a type that polars holds without loss.

    Days and instants beyond the years 1 to 9999 become one close to them, which no contract accepts.

    Raises:
        pyarrow.ArrowInvalid: The values break their type: text that is not UTF-8, or a decimal of too many digits.
        UnusableColumn: The type has no meaning in a feed.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return usable(values.dictionary_decode())
    if isinstance(kind, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], pa.string())
    if isinstance(kind, pa.BaseExtensionType):
        return usable(values.storage)
    values.validate(full=True)
    if _is_bytes(kind):
        return _decoded(values)
    if pa.types.is_timestamp(kind):
        return _instants(values)
    if pa.types.is_date(kind):
        return _days(values)
    if pa.types.is_decimal(kind):
        return _decimals(values)
    if pa.types.is_float16(kind):
        return values.cast(pa.float32())
    if not _is_plain(kind):
        raise UnusableColumn(f"is of the type {kind}, which no feed has. Send it as text or as a number")
    return values


def _is_bytes(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _is_plain(kind: pa.DataType) -> bool:
    is_text: bool = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    is_number: bool = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    is_other: bool = pa.types.is_boolean(kind) or pa.types.is_null(kind)
    return is_text or is_number or is_other


def _decoded(values: pa.Array) -> pa.Array:
    """Return bytes as the text that some programs write without marking it as text."""
    text = values.cast(pa.large_binary()).view(pa.large_string())
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        raise UnusableColumn("has bytes that are not text in UTF-8. Send it as text") from None
    return text


def _instants(values: pa.Array) -> pa.Array:
    """Return instants within what polars holds; a zone that it does not know becomes UTC, which moves no instant."""
    kind = values.type
    if kind.unit != "ns":
        values = _within(values.cast(pa.int64()), IN_A_SECOND[kind.unit]).cast(kind)
    try:
        pl.Series(values.slice(0, 0))
    except pl.exceptions.PolarsError:
        return values.cast(pa.timestamp(kind.unit, "UTC"))
    return values


def _days(values: pa.Array) -> pa.Array:
    if pa.types.is_date64(values.type):
        instants = _within(values.cast(pa.int64()), IN_A_SECOND["ms"]).cast(pa.timestamp("ms"))
        return instants.cast(pa.date32(), safe=False)
    days = pc.cast(values.cast(pa.int32()), pa.int64())
    return _clamped(days, FIRST // IN_A_DAY, LAST // IN_A_DAY).cast(pa.int32()).cast(pa.date32())


def _within(numbers: pa.Array, in_a_second: int) -> pa.Array:
    return _clamped(numbers, FIRST * in_a_second, LAST * in_a_second)


def _clamped(numbers: pa.Array, first: int, last: int) -> pa.Array:
    floor = pc.max_element_wise(numbers, pa.scalar(first, pa.int64()), skip_nulls=False)
    return pc.min_element_wise(floor, pa.scalar(last, pa.int64()), skip_nulls=False)


def _decimals(values: pa.Array) -> pa.Array:
    kind = values.type
    if kind.bit_width <= 128 and kind.scale >= 0:
        return values
    try:
        return values.cast(pa.decimal128(DIGITS, min(max(kind.scale, 0), DIGITS)))
    except pa.ArrowInvalid:
        raise UnusableColumn(f"has decimals of more than {DIGITS} digits. Send it with fewer") from None
