"""Tests of the waiting before another attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from orderhouse.messages.backoff import delay


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (40, 3600), (1 << 30, 3600)]
)
def test_time_doubles_up_to_an_hour(attempts: int, seconds: int) -> None:
    assert delay(attempts, chance=1) == timedelta(seconds=seconds)
    assert delay(attempts, chance=0) == timedelta(seconds=seconds / 2)


def test_waits_of_messages_that_failed_together_differ() -> None:
    assert len({delay(3) for _ in range(20)}) > 10
