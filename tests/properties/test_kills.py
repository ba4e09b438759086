"""Tests of exactly-once loading under kills: a process killed repeatedly at any moment leaves the same content."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.ingest.landing import Landing
from tests.properties.killing import (
    KILLED,
    Content,
    content_of,
    deliver,
    ended,
    load,
    remove,
    start,
    statements_of,
)
from tests.properties.thoroughness import times

HOMES = times(10, many=150)
LAST_STATEMENTS = times(6, many=114)
KILLS_PER_HOME = 3


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Content, int, float]:
    """Return the raw tables after a load that was not killed, the number of its statements, and its seconds."""
    landing = deliver(tmp_path_factory.mktemp("undisturbed"))
    assert ended(start(load, str(landing.folder), "statement:1000000")) == 0
    statements = statements_of(landing)
    found = content_of(landing)
    assert found.tokens_without_value == 0 and found.originals_missing == []
    other = deliver(tmp_path_factory.mktemp("timed"))
    began = time.monotonic()
    assert ended(start(load, str(other.folder))) == 0
    return found, statements, time.monotonic() - began


def killed_at_statements(landing: Landing, chance: random.Random, statements: int) -> int:
    """Kill loads that follow each other, each before a random statement; return the number killed."""
    for killed in range(KILLS_PER_HOME):
        point = chance.randint(1, statements)
        if ended(start(load, str(landing.folder), f"statement:{point}")) not in KILLED:
            return killed
    return KILLS_PER_HOME


def killed_at_times(landing: Landing, chance: random.Random, seconds: float) -> int:
    """Kill loads from outside after a random time; return the number that were still running."""
    killed = 0
    for _ in range(KILLS_PER_HOME):
        process = start(load, str(landing.folder))
        time.sleep(chance.uniform(0, seconds))
        process.kill()
        killed += ended(process) in KILLED
    return killed


def test_killed_between_any_two_statements_nothing_is_lost_and_nothing_counted_twice(
    tmp_path: Path, undisturbed: tuple[Content, int, float]
) -> None:
    expected, statements, _ = undisturbed
    assert statements > 50

    def one(number: int) -> int:
        chance = random.Random(number)  # noqa: S311
        landing = deliver(_folder(tmp_path, number))
        killed = killed_at_statements(landing, chance, statements)
        _go_on(landing, expected, number)
        return killed

    assert _all(one) >= HOMES


def test_killed_at_any_microsecond_nothing_is_lost_and_nothing_counted_twice(
    tmp_path: Path, undisturbed: tuple[Content, int, float]
) -> None:
    expected, _, seconds = undisturbed

    def one(number: int) -> int:
        chance = random.Random(-number)  # noqa: S311
        landing = deliver(_folder(tmp_path, number))
        killed = killed_at_times(landing, chance, seconds)
        _go_on(landing, expected, number)
        return killed

    assert _all(one) >= HOMES // 2


def test_killed_at_the_last_statements_with_most_committed_already(
    tmp_path: Path, undisturbed: tuple[Content, int, float]
) -> None:
    """At these statements the rows, ledger, declarations, end of the batch and checkpoint follow each other."""
    expected, statements, _ = undisturbed
    points = range(statements, max(statements - LAST_STATEMENTS, 0), -1)
    for point in points:
        landing = deliver(_folder(tmp_path, point))
        assert ended(start(load, str(landing.folder), f"statement:{point}")) == 137
        _go_on(landing, expected, point)


def _folder(tmp_path: Path, number: int) -> Path:
    folder = tmp_path / str(number)
    folder.mkdir()
    return folder


def _go_on(landing: Landing, expected: Content, number: int) -> None:
    """Load once more without a kill, and compare the content."""
    assert ended(start(load, str(landing.folder))) == 0, f"home {number} does not go on"
    assert content_of(landing) == expected, f"home {number} differs"
    assert landing.query("select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined") == [(0,)]
    remove(landing)


def _all(one: object) -> int:
    """Run all homes, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(one, range(1, HOMES + 1)))  # type: ignore[arg-type]
