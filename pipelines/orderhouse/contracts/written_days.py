"""Calendar days in columns of instants: promises and estimates that a source gives as a day.

A day belongs to no time zone, so the day as written counts, never the instant that its midnight has in some zone. It is
stored as midnight, and its flag is true. The business time zone is applied by the dbt models.
"""

from __future__ import annotations

import polars as pl

__all__ = ["day_of_midnight", "with_written_days"]

DAY = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})"
LONGEST_DAY = 15
MIDNIGHT = r"[T ]00:00:00(?:\.0+)?"
TIME_OF_DAY = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]"


def day_of_midnight(text: pl.Expr, zone: str = "") -> pl.Expr:
    """Return text without its time of day where that is midnight, for formats that write a day as its midnight.

    Args:
        text: Days and instants in ISO-8601.
        zone: How the format ends its instants: ``Z``, or nothing for local times.
    """
    return text.str.replace(rf"{MIDNIGHT}{zone}\s*$", "")


def with_written_days(text: pl.Series, instants: pl.Series, flags: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return instants and flags with written days in them, and a mask of the rows that are days.

    Args:
        text: Values as written, days in ISO-8601.
        instants: The same values parsed as instants; null where they did not parse.
        flags: True where the source says that the value is a day.
    """
    # Most columns have instants only, of more than the ten letters of a day and some spaces.
    if not flags.any() and (text.str.len_bytes() > LONGEST_DAY).all():
        return instants, flags, pl.repeat(False, text.len(), eager=True)
    day = text.str.extract(DAY).str.to_date("%Y-%m-%d", strict=False)
    is_bare = day.is_not_null() & ~text.str.contains(TIME_OF_DAY).fill_null(False)
    is_day = day.is_not_null() & (is_bare | flags.fill_null(False))
    if not is_day.any():
        return instants, flags, is_day
    midnights = day.cast(pl.Datetime("us"))
    return midnights.zip_with(is_day, instants), is_bare.zip_with(is_bare, flags), is_day
