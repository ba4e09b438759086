"""Formats of numbers, words and times."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from shared import formats


def test_money_has_the_minor_units_of_its_currency() -> None:
    assert formats.money(Decimal("1234.5"), "EUR") == "EUR 1,234.50"
    assert formats.money(Decimal("1234"), "JPY") == "JPY 1,234"
    assert formats.money(Decimal("1.2345"), "KWD") == "KWD 1.234"
    assert formats.money(None, "EUR") == "–"


def test_large_amounts_are_shortened_and_small_ones_are_not() -> None:
    assert formats.short_money(Decimal("9999.99"), "EUR") == "EUR 9,999.99"
    assert formats.short_money(Decimal("-1234567"), "EUR") == "EUR -1.23 M"
    assert formats.compact(123_456) == "123.5 k"


def test_words_are_written_for_people() -> None:
    assert formats.label("part_shipped") == "Part shipped"
    assert formats.label("not_tracked") == "Not tracked"
    assert formats.label(None) == "–"


def test_instants_are_shown_in_the_business_time_zone() -> None:
    assert formats.instant(datetime(2026, 3, 31, 23, 30), "Europe/Berlin") == "1 Apr 2026, 01:30"
    assert formats.instant(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "America/Sao_Paulo") == "31 Jan 2026, 20:30"
    assert formats.day(date(2026, 3, 1)) == "1 Mar 2026"


def test_a_promise_of_a_day_is_shown_without_a_time() -> None:
    begins, ends = datetime(2026, 1, 7, 23), datetime(2026, 1, 8, 22, 59, 59, 999_999)
    assert formats.promise(begins, True, "Europe/Berlin") == "8 Jan 2026"
    assert formats.promise(begins, False, "Europe/Berlin") == "8 Jan 2026, 00:00"
    assert formats.promise(None, True, "Europe/Berlin") == "–"
    assert formats.instant(ends, "Europe/Berlin") == "8 Jan 2026"
    assert formats.instant(ends.replace(microsecond=0), "Europe/Berlin") == "8 Jan 2026, 23:59"


def test_ages_are_in_their_largest_unit() -> None:
    assert formats.age(59) == "just now"
    assert formats.age(3_700) == "1 hour ago"
    assert formats.age(200_000) == "2 days ago"


def test_durations_turn_into_days_after_three() -> None:
    assert formats.hours(71.9) == "71.9 h"
    assert formats.hours(84) == "3.5 days"
