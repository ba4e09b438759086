"""Tests of the values that `--as-of` accepts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.transform.clock import read_clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_now_is_the_wall_clock_to_the_microsecond() -> None:
    clock = read_clock("now", now=NOON.replace(microsecond=7))
    assert clock.as_of == clock.wall_clock == "2026-03-01 12:00:00.000007"


def test_instant_is_brought_to_utc() -> None:
    assert read_clock("2026-01-31T12:00:00+02:00", now=NOON).as_of == "2026-01-31 10:00:00.000000"


def test_clock_of_the_data_is_left_to_the_models() -> None:
    assert read_clock("data", now=NOON).as_of == "data"


@pytest.mark.parametrize("given", ["yesterday", "2026-01-31", "2026-01-31T12:00:00", "2026-13-01T00:00:00Z", ""])
def test_what_is_no_instant_is_refused(given: str) -> None:
    with pytest.raises(OrderhouseError, match="--as-of"):
        read_clock(given, now=NOON)
