"""Tests of quiet hours and of the languages and time zones of customers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from orderhouse.messages.locales import fallbacks, locale_of, zones_of
from orderhouse.messages.message_file import QuietHours
from orderhouse.messages.quiet_hours import end_of_quiet

HOURS = QuietHours()


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zones", "end"),
    [
        (at(12), ("Europe/Berlin",), None),
        (at(20), ("Europe/Berlin",), at(7, day=11)),
        (at(6, 59), ("Europe/Berlin",), at(7)),
        (at(7), ("Europe/Berlin",), None),
        (at(3), ("Asia/Kolkata",), None),
        (at(2, 29), ("Asia/Kolkata",), at(2, 30)),
        # While it is night in any zone of the country, nobody is told.
        (at(14), ("America/New_York", "Pacific/Honolulu"), at(18)),
        (at(1, 1), ("America/New_York", "Pacific/Honolulu"), at(18)),
        (at(12), ("Europe/London", "Pacific/Auckland"), at(19)),
    ],
)
def test_quiet_hours_end_in_the_zone_of_the_customer(now: datetime, zones: tuple[str, ...], end: datetime) -> None:
    assert end_of_quiet(now, zones, HOURS) == end


def test_first_zone_counts_where_it_would_be_quiet_all_day() -> None:
    long = QuietHours.model_validate({"from": "18:00", "to": "12:00"})
    assert end_of_quiet(at(13), ("Europe/London", "Pacific/Auckland"), long) is None
    assert end_of_quiet(at(19), ("Europe/London", "Pacific/Auckland"), long) == at(12, day=11)


def test_quiet_hours_within_a_day_and_a_change_of_the_clock() -> None:
    noon = QuietHours.model_validate({"from": "12:00", "to": "14:00"})
    assert end_of_quiet(at(12, 20), ("UTC",), noon) == at(14)
    assert end_of_quiet(at(14), ("UTC",), noon) is None
    # Clocks go forward in Berlin in the night to 29 March.
    assert end_of_quiet(at(22, day=28), ("Europe/Berlin",), HOURS) == at(6, day=29)


def test_zones_are_those_of_the_country_or_of_the_business() -> None:
    assert zones_of("DE", "UTC") == ("Europe/Berlin",)
    assert len(zones_of("US", "UTC")) >= 6
    assert zones_of(None, "Europe/Lisbon") == ("Europe/Lisbon",)
    assert zones_of("XX", "Europe/Lisbon") == ("Europe/Lisbon",)


@pytest.mark.parametrize(
    ("language", "country", "locale"),
    [
        ("de", "AT", "de_AT"), (None, "AT", "de_AT"), (None, "BR", "pt_BR"), (None, "FR", "en_FR"), ("de", None, "de"),
        ("fr", "FR", "fr_FR"), (None, None, "en"), ("zz", "DE", "en"), ("de-CH", None, "de_CH"), ("hi", "XX", "hi"),
    ],
)  # fmt: skip
def test_locale_is_the_own_language_then_that_of_the_country(
    language: str | None, country: str | None, locale: str
) -> None:
    assert locale_of(language, country, "en") == locale


def test_fallbacks_go_from_country_to_language_to_the_default() -> None:
    assert fallbacks("de_AT") == ("de_AT", "de", "en")
    assert fallbacks("fr_FR", "pt_BR") == ("fr_FR", "fr", "pt_BR", "pt", "en")
