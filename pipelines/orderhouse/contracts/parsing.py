"""Parsing of text into contract types. It is strict: text that is not exactly of the type breaks a named rule.

Nothing is rounded, guessed or converted through a float. Each way to fail is a rule, with a mask of the rows that
break it. The sentences of the rules belong in `sentences`, how a source writes values in `notation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from orderhouse.contracts.codes import COUNTRIES
from orderhouse.contracts.columns import AMOUNT_LIMIT, POLARS_TYPES, UNITS_LIMIT, WHOLE_DIGITS, kind_of
from orderhouse.contracts.contract import Contract
from orderhouse.contracts.country_names import codes_of_names
from orderhouse.contracts.notation import NUMERIC, Notation
from orderhouse.contracts.written_days import with_written_days

__all__ = ["TEXTS", "Parsed", "as_text", "cleaned", "parse"]

# ASCII digits only: \d would match the digits of every script, which the casts below reject.
INSTANT = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?)?"
    r"(?: ?(Z|z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}))?$"
)
UTC_SECONDS = "2026-01-02T03:04:05Z"
LOCAL_SECONDS = "2026-01-02T03:04:05"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
NUMBER = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
MIDNIGHT = r"[T ]00:00(?::00(?:\.0+)?)?$"
WHOLE = r"^[+-]?(?:[0-9]+(?:\.0*)?|\.0+)$"
TRUE = ["true", "t", "yes", "y", "1"]
FALSE = ["false", "f", "no", "n", "0"]

TEXTS = ("text", "currency", "country")

# The first and, not included, the last day and microsecond of the years 1 to 9999, counted from 1970.
CALENDAR: dict[pl.DataType, tuple[int, int]] = {
    pl.Date(): (-719_162, 2_932_897),
    pl.Datetime("us"): (-719_162 * 86_400_000_000, 2_932_897 * 86_400_000_000),
}

Failures = dict[str, pl.Series]


@dataclass(frozen=True)
class Parsed:
    """Typed columns, and the broken rules (``column|rule``), each with a mask of the rows that break it."""

    frame: pl.DataFrame
    failures: Failures = field(default_factory=dict)


def cleaned(frame: pl.DataFrame, names: Iterable[str] | None = None) -> pl.DataFrame:
    """Return a frame with text trimmed and empty text as null, in the named columns or in all."""
    texts = pl.col([name for name in (frame.columns if names is None else names) if frame.schema[name] == pl.String])
    trimmed = frame.with_columns(texts.str.strip_chars())
    blank = trimmed.select((texts == "").any())
    return trimmed.with_columns(pl.col(column.name).replace("", None) for column in blank.iter_columns() if column[0])


def parse(contract: type[Contract], frame: pl.DataFrame, notation: Notation) -> Parsed:
    """Convert every contract column to its type.

    Args:
        contract: The contract of the feed.
        frame: Contract columns, as text or already typed. Missing columns become null, other columns stay as they are.
            Text columns must be clean. A value to be typed is trimmed only if it does not parse as it is, because most
            columns need no trimming.
        notation: How the source writes numbers and instants. Of typed columns only local times need it, for their zone.

    Returns:
        The typed frame, with the rows of the input in their order, and the rules that rows broke.
    """
    columns: list[pl.Series] = []
    failures: Failures = {}
    for name, column in contract.fields().items():
        kind = kind_of(column)
        if name not in frame.columns:
            columns.append(pl.Series(name, [None], dtype=POLARS_TYPES[kind]).new_from_index(0, frame.height))
            continue
        values = frame[name]
        if values.dtype == POLARS_TYPES[kind] and kind not in TEXTS:
            too_large = _too_large(values) if kind in WHOLE_DIGITS else None
            if too_large is not None and too_large.any():
                failures[f"{name}|in_range"] = too_large
            if kind == "instant":
                values, broken = _placed(values, notation.time_zone)
                failures |= {f"{name}|{rule}": mask for rule, mask in broken.items() if mask.any()}
            columns.append(_within_calendar(name, values, failures))
            continue
        text, written = as_text(values), notation if values.dtype == pl.String else Notation(notation.time_zone)
        typed, broken = _parse_column(kind, text, written)
        # Only values with spaces around them need a second pass, and such columns are rare.
        if any(mask.any() for mask in broken.values()):
            typed, broken = _parse_column(kind, cleaned(text.to_frame()).to_series(), written)
        failures |= {f"{name}|{rule}": mask for rule, mask in broken.items() if mask.any()}
        columns.append(_within_calendar(name, typed.alias(name), failures))
    return _with_promised_days(contract, frame, notation, Parsed(frame.with_columns(columns), failures))


def as_text(values: pl.Series) -> pl.Series:
    """Return typed values of Parquet files as the text that a text file would contain."""
    dtype = values.dtype
    if dtype == pl.String:
        return values
    if isinstance(dtype, pl.Datetime):
        return values.dt.to_string("iso:strict") if dtype.time_zone else values.dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    if dtype.is_nested() or dtype == pl.Binary:
        return values.map_elements(str, return_dtype=pl.String)
    if dtype.is_float():
        values = values.fill_nan(None)
    return values.cast(pl.String)


def _within_calendar(name: str, values: pl.Series, failures: Failures) -> pl.Series:
    """Return days and instants without those beyond the years 1 to 9999 in UTC, which are added to the failures.

    The numbers behind the values are compared, because Python has no such day and polars ends on one far beyond.
    """
    if values.dtype not in CALENDAR:
        return values
    first, last = CALENDAR[values.dtype]
    numbers = values.to_physical()
    least, most = numbers.min(), numbers.max()
    if not isinstance(least, int) or not isinstance(most, int) or (least >= first and most < last):
        return values
    beyond = ((numbers < first) | (numbers >= last)).fill_null(False)
    failures[f"{name}|in_calendar"] = beyond
    return values.set(beyond, None)


def _with_promised_days(contract: type[Contract], frame: pl.DataFrame, notation: Notation, parsed: Parsed) -> Parsed:
    """Replace promises that were given as calendar days by these days."""
    typed, failures = parsed.frame, dict(parsed.failures)
    for name, flag in contract.promises().items():
        if name not in frame.columns or frame[name].null_count() == frame.height:
            continue
        text = as_text(frame[name])
        written = notation.iso_instants(text) if frame.schema[name] == pl.String else text
        instants, flags, is_day = with_written_days(written, typed[name], typed[flag])
        typed = typed.with_columns(instants.alias(name), flags.alias(flag))
        # A day needs no offset and meets no clock change.
        for rule in ("has_offset", "in_clock_gap"):
            mask = failures.pop(f"{name}|{rule}", None)
            if mask is not None and (mask & ~is_day).any():
                failures[f"{name}|{rule}"] = mask & ~is_day
    return Parsed(typed, failures)


def _parse_column(kind: str, text: pl.Series, notation: Notation) -> tuple[pl.Series, Failures]:
    if text.null_count() == text.len():
        return text.cast(POLARS_TYPES[kind]), {}
    if kind == "instant":
        return _instant(notation.iso_instants(text), notation.time_zone)
    if kind == "date":
        return _date(notation.iso_instants(text))
    parser = _PARSERS.get(kind)
    if parser is None:
        return text, {}
    if notation.decimal is None or kind not in NUMERIC:
        return parser(text)
    plain = notation.plain_numbers(text)
    typed, failures = parser(plain)
    return typed, failures | {"as_declared": plain.is_null() & text.is_not_null()}


def _instant(text: pl.Series, zone: str | None) -> tuple[pl.Series, Failures]:
    """Parse instants: a column of one uniform form in one step, any other value by value."""
    typed = _uniform_instants(text, UTC_SECONDS, "UTC")
    if typed is not None:
        return typed.dt.replace_time_zone(None), {}
    local = _uniform_instants(text, LOCAL_SECONDS, None) if zone else None
    if local is not None:
        return _placed(local, zone)
    return _instant_of_any_form(text, zone)


def _uniform_instants(text: pl.Series, form: str, zone: str | None) -> pl.Series | None:
    """Return instants that all have one form; None if they may not have it.

    For text of a certain length Arrow accepts exactly one form, with or without a zone offset. Arrow reads a value in
    45 ns. polars needs 220 ns, with a pattern that verifies the form.
    """
    if (text.str.len_bytes() != len(form)).any():
        return None
    try:
        typed = pc.cast(text.to_arrow(), pa.timestamp("us", zone))
    except pa.ArrowInvalid:
        return None
    return pl.Series(text.name, typed)


def _placed(local: pl.Series, zone: str | None) -> tuple[pl.Series, Failures]:
    """Return the instants of typed local times, by the rules for local times in text."""
    given = local.is_not_null()
    if zone is None:
        return local, {"has_offset": given}
    utc = _to_utc(local, zone)
    return utc, {"in_clock_gap": given & utc.is_null()}


def _parse_clock(text: pl.Series, form: str) -> pl.Series:
    """Parse without polars' cache of parsed texts, which triples the time where few texts are equal."""
    return text.str.to_datetime(form, time_unit="us", strict=False, cache=False)


def _instant_of_any_form(text: pl.Series, zone: str | None) -> tuple[pl.Series, Failures]:
    parts = text.str.extract_groups(INSTANT).struct.unnest()
    parts.columns = ["day", "minute", "second", "fraction", "offset"]
    day, offset = parts["day"], parts["offset"]
    clock = parts.select(
        pl.format("{}T{}:{}", "day", pl.col("minute").fill_null("00:00"), pl.col("second").fill_null("00"))
    ).to_series()
    local = _parse_clock(clock, "%Y-%m-%dT%H:%M:%S")
    # Instants are stored in microseconds, so further digits are cut off.
    micros = parts["fraction"].str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    local = local + micros.cast(pl.Duration("us"))
    shift = _offset_minutes(offset)
    with_offset = local - (shift * 60_000_000).cast(pl.Duration("us"))
    unreadable = text.is_not_null() & day.is_null()
    missing = day.is_not_null() & local.is_null()
    # Real offsets reach from -12 to +14 hours; the limit leaves a margin.
    too_far = offset.is_not_null() & (shift.abs() > 18 * 60)
    without = local.is_not_null() & offset.is_null()
    failures = {"an_instant": unreadable, "exists": missing | too_far.fill_null(False)}
    if zone is None:
        failures["has_offset"] = without
        utc = with_offset
    else:
        of_zone = _to_utc(local, zone)
        failures["in_clock_gap"] = without & of_zone.is_null()
        utc = of_zone.zip_with(without, with_offset)
    bad = failures["exists"]
    return utc.set(bad, None) if bad.any() else utc, failures


def _offset_minutes(offset: pl.Series) -> pl.Series:
    """Return minutes east of UTC; Z becomes null."""
    digits = offset.str.replace_all(r"[^0-9]", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(2, 2).cast(
        pl.Int64, strict=False
    )
    return minutes.zip_with(~offset.str.starts_with("-").fill_null(False), -minutes)


def _to_utc(local: pl.Series, zone: str) -> pl.Series:
    """Convert local times to UTC: an ambiguous time takes its first offset, one that does not exist becomes null."""
    placed = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _date(text: pl.Series) -> tuple[pl.Series, Failures]:
    """Parse days; a day written as its midnight, as databases export it, is accepted."""
    text = text.str.replace(MIDNIGHT, "")
    looks = text.str.contains(DATE)
    typed = text.str.to_date("%Y-%m-%d", strict=False)
    typed = typed.set(~looks.fill_null(True), None)
    return typed, {"a_date": ~looks.fill_null(True), "exists": looks.fill_null(False) & typed.is_null()}


def _too_large(values: pl.Series) -> pl.Series:
    limit = UNITS_LIMIT if values.dtype == pl.Int64 else AMOUNT_LIMIT
    return ~values.is_between(-limit, limit, closed="none").fill_null(True)


def _decimal(places: int, whole_digits: int) -> Callable[[pl.Series], tuple[pl.Series, Failures]]:
    fits = rf"^[+-]?0*[0-9]{{0,{whole_digits}}}(?:\.[0-9]{{0,{places}}}0*)?$"
    whole_fits = rf"^[+-]?0*[0-9]{{0,{whole_digits}}}(?:\.[0-9]*)?$"
    dtype = pl.Decimal(18, places)

    def parser(text: pl.Series) -> tuple[pl.Series, Failures]:
        typed = text.cast(dtype, strict=False)
        # The cast rounds surplus decimals, so its result counts only where the text has the exact form.
        if typed.null_count() == text.null_count() and text.str.contains(fits).all():
            return typed, {}
        is_number = text.str.contains(NUMBER).fill_null(True)
        whole = text.str.contains(whole_fits).fill_null(True)
        few = text.str.contains(rf"^[^.]*(?:\.[0-9]{{0,{places}}}0*)?$").fill_null(True)
        failures = {
            "a_number": ~is_number,
            f"at_most_{places}_decimals": is_number & ~few,
            "in_range": is_number & ~whole,
        }
        return typed.set(~(is_number & whole & few), None), failures

    return parser


def _units(text: pl.Series) -> tuple[pl.Series, Failures]:
    typed = text.cast(pl.Int64, strict=False)
    if typed.null_count() == text.null_count() and not _too_large(typed).any():
        return typed, {}
    whole = text.str.contains(WHOLE).fill_null(True)
    typed = text.str.replace(r"^([+-]?)\.", "${1}0.").str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    typed = typed.set(~whole, None)
    too_large = whole & text.is_not_null() & (typed.is_null() | _too_large(typed))
    return typed.set(too_large, None), {"a_whole_number": ~whole, "in_range": too_large}


def _boolean(text: pl.Series) -> tuple[pl.Series, Failures]:
    # Most files write true and false, which need no change of case.
    plain = text == "true"
    if (plain | (text == "false")).all():
        return plain, {}
    lower = text.str.to_lowercase()
    yes, no = lower.is_in(TRUE), lower.is_in(FALSE)
    typed = yes.set(~(yes | no).fill_null(True), None)
    return typed, {"true_or_false": text.is_not_null() & ~(yes | no)}


def _upper(text: pl.Series) -> tuple[pl.Series, Failures]:
    """Return codes in upper case; only the distinct codes are compared, because they are few."""
    codes = text.unique().drop_nulls()
    return (text if (codes == codes.str.to_uppercase()).all() else text.str.to_uppercase()), {}


def _country(text: pl.Series) -> tuple[pl.Series, Failures]:
    """Return codes in upper case, also for English names of countries; a name that is unknown stays as it is."""
    codes, _ = _upper(text)
    names = codes.unique().drop_nulls()
    names = names.filter(~names.is_in(COUNTRIES))
    return (codes.replace(codes_of_names(names)) if names.len() else codes), {}


_PARSERS: dict[str, Callable[[pl.Series], tuple[pl.Series, Failures]]] = {
    "money": _decimal(4, WHOLE_DIGITS["money"]),
    "number": _decimal(4, WHOLE_DIGITS["number"]),
    "rate": _decimal(8, 10),
    "units": _units,
    "bool": _boolean,
    "currency": _upper,
    "country": _country,
}
