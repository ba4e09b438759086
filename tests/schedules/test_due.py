"""Due times: on the wall clock of the business time zone, once each, also when clocks are put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.errors import OrderhouseError
from orderhouse.schedules.due import check_cron, last_due, next_due

BERLIN, APIA = "Europe/Berlin", "Pacific/Apia"
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def all_due(cron: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Return the due instants from one to another, each found from the one before."""
    found = []
    due = next_due(cron, zone, begin)
    while due is not None and due <= end:
        found.append(due)
        due = next_due(cron, zone, due)
    return found


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-03-28", "2026-03-28 01:30"),
        ("2026-03-29", "2026-03-29 01:00"),  # 02:30 does not exist: clocks go from 02:00 to 03:00
        ("2026-03-30", "2026-03-30 00:30"),
        ("2026-10-24", "2026-10-24 00:30"),
        ("2026-10-25", "2026-10-25 00:30"),  # 02:30 exists twice
        ("2026-10-26", "2026-10-26 01:30"),
    ],
)
def test_each_day_has_one_due_time(day: str, due: str) -> None:
    begin = at(f"{day} 00:00") - timedelta(hours=2)
    assert all_due("30 2 * * *", BERLIN, begin, begin + timedelta(hours=23)) == [at(due)]


def test_quarters_of_an_hour_that_exists_twice_are_due_once() -> None:
    found = all_due("*/15 2 * * *", BERLIN, at("2026-10-24 12:00"), at("2026-10-25 12:00"))
    assert found == [at(f"2026-10-25 00:{minute:02}") for minute in (0, 15, 30, 45)]


def test_quarters_of_an_hour_that_does_not_exist_are_one_due_time() -> None:
    assert all_due("*/15 2 * * *", BERLIN, at("2026-03-28 12:00"), at("2026-03-29 12:00")) == [at("2026-03-29 01:00")]


def test_a_day_that_does_not_exist_is_due_when_it_ends() -> None:
    assert last_due("0 9 30 12 *", APIA, at("2011-12-30 11:00")) == at("2011-12-30 10:00")


@given(
    st.sampled_from(["30 2 * * *", "0 * * * *", "*/20 1-3 * * *", "0 8 * * 1-5", "0 0 1 * *"]),
    st.sampled_from([BERLIN, APIA, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2011, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - the zone follows
)
def test_the_last_due_time_is_the_one_before_the_next(cron: str, zone: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    last, following = last_due(cron, zone, now), next_due(cron, zone, now)
    assert last is not None and following is not None
    assert last <= now < following
    assert next_due(cron, zone, last) == following
    assert last_due(cron, zone, following - MINUTE) == last
    assert last_due(cron, zone, following) == following


@pytest.mark.parametrize(
    ("cron", "clause"),
    [
        ("0 8 * *", "it has 4 fields"),
        ("0 0 8 * * *", "it has 6 fields"),
        ("61 8 * * *", "bad minute"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("daily", "it has 1 fields"),
        ("0 0 * 2 1#9", "bad day-of-week"),
    ],
)
def test_what_is_no_cron_is_told(cron: str, clause: str) -> None:
    with pytest.raises(OrderhouseError) as raised:
        check_cron(cron)
    assert clause in raised.value.message and "such as 0 8 * * 1-5" in raised.value.message
