"""Tests of promises and estimates that are given as calendar days."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import Parsed, parse
from orderhouse.contracts.written_days import day_of_midnight

TENTH = datetime(2026, 8, 10)


def parsed(written: object, flag: str | None = None, notation: Notation | None = None) -> Parsed:
    """Parse the promise of one order."""
    row = pl.DataFrame({"promised_at": [written], "promise_is_date_only": pl.Series([flag], dtype=pl.String())})
    return parse(CONTRACTS["orders"], row, notation or Notation())


def promise(found: Parsed) -> tuple[object, ...]:
    """Return the promise and its flag."""
    return found.frame.select("promised_at", "promise_is_date_only").row(0)


@pytest.mark.parametrize(
    "written",
    ["2026-08-10", " 2026-08-10 ", "2026-08-10T00:00:00Z", "2026-08-10T00:00:00+14:00", "2026-08-10T23:59:00-11:00"],
)
@pytest.mark.parametrize("zone", [None, "America/Denver"])
def test_a_promised_day_is_the_day_as_written_whatever_its_offset(written: str, zone: str | None) -> None:
    found = parsed(written, "true", Notation(zone))
    assert promise(found) == (TENTH, True)
    assert not found.failures


def test_a_date_without_time_of_day_is_a_day_even_if_the_source_does_not_say_so() -> None:
    assert promise(parsed("2026-08-10")) == (TENTH, True)
    assert promise(parsed("2026-08-10", "false")) == (TENTH, True)
    assert promise(parsed("10.08.2026", notation=Notation(dates=("%d.%m.%Y",)))) == (TENTH, True)


def test_a_promised_day_needs_no_offset_and_a_promised_instant_does() -> None:
    assert promise(parsed("2026-08-10T17:00:00", "true")) == (TENTH, True)
    assert set(parsed("2026-08-10T17:00:00").failures) == {"promised_at|has_offset"}


def test_an_instant_stays_an_instant() -> None:
    assert promise(parsed("2026-08-10T17:00:00+02:00")) == (datetime(2026, 8, 10, 15), None)
    assert promise(parsed("2026-08-10T00:00:00Z", "false")) == (TENTH, False)


def test_a_day_that_does_not_exist_breaks_its_rule() -> None:
    assert set(parsed("2026-02-30", "true").failures) == {"promised_at|exists"}


def test_a_day_of_a_typed_file_is_its_day() -> None:
    assert promise(parsed(datetime(2026, 8, 10, 18), "true")) == (TENTH, True)
    assert promise(parsed(TENTH.date())) == (TENTH, True)


def test_a_source_that_writes_days_as_midnights_says_so_with_the_flag() -> None:
    notation = Notation("Europe/Zurich", dates=("%d.%m.%Y %H:%M",))
    assert promise(parsed("10.08.2026 00:00", "true", notation)) == (TENTH, True)
    assert promise(parsed("10.08.2026 00:00", notation=notation)) == (datetime(2026, 8, 9, 22), None)


def test_only_a_midnight_of_the_formats_notation_is_a_day() -> None:
    written = ["2026-08-10 00:00:00", "2026-08-10T00:00:00.000", "2026-08-10T00:00:00Z", "2026-08-10 10:00:00", None]
    text = pl.DataFrame({"local": written})
    assert text.select(day_of_midnight(pl.col("local")))["local"].to_list() == ["2026-08-10"] * 2 + written[2:]
    assert text.select(day_of_midnight(pl.col("local"), "Z"))["local"].to_list() == [
        *written[:2],
        "2026-08-10",
        *written[3:],
    ]
