"""Restatements of a closed month, their causes and the closing itself, computed a second time on a chaotic world.

Half of the rows of every feed arrive before the closing and half after it, so that nearly every order is restated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.running import run_orderhouse
from tests.oracle.chaos import AS_OF, write_chaos
from tests.oracle.closed_months import Cells, Closing, causes, closings_of, known_world, restatements
from tests.oracle.comparison import Comparison, compare_table, world_of_home
from tests.oracle.journal import BALANCING
from tests.oracle.rows import World
from tests.oracle.state import state_of

MONTH = "2026-05"
CLOSING = {
    "kind": "close_month", "subject_kind": "period", "subject_id": MONTH, "actor": "controller", "role": "finance"
}  # fmt: skip


@dataclass(frozen=True)
class Closed:
    """A home with a closed month, the world that it holds, and what the oracle says of it."""

    home: Path
    world: World
    closing: Closing
    restated: Cells

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Query the built tables."""
        with duckdb.connect(str(self.home / "warehouse" / "warehouse.duckdb"), read_only=True) as built:
            built.execute("set timezone = 'UTC'")
            return built.execute(query).fetchall()


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Closed:
    """Return a world of two seeds, of which May was closed between its two deliveries."""
    home = tmp_path_factory.mktemp("closed")
    sources = write_chaos(home / "worlds", range(2))
    files = {path: path.read_text().splitlines(keepends=True) for path in sorted((home / "worlds").glob("*/*.ndjson"))}
    for path, lines in files.items():
        path.write_text("".join(lines[: len(lines) // 2]))
    run_orderhouse("ingest", "--sources", str(sources), home=home)
    now = datetime.now(UTC).isoformat()
    for path, lines in files.items():
        rest = lines[len(lines) // 2 :]
        if path.stem == "actions":
            rest += [
                json.dumps({**CLOSING, "action_id": name, "occurred_at": now}) + "\n" for name in ("first", "then")
            ]
        path.write_text("".join(rest))
    run_orderhouse("ingest", "--sources", str(sources), home=home)
    run_orderhouse("build", "--sources", str(sources), "--as-of", AS_OF, home=home)
    world = world_of_home(home)
    (closing,) = closings_of(world)
    known = state_of(known_world(home / "warehouse" / "raw.duckdb", world, closing))
    return Closed(home, world, closing, restatements(closing, known, state_of(world)))


def test_every_restatement_agrees(closed: Closed) -> None:
    found = Comparison()
    with duckdb.connect(str(closed.home / "warehouse" / "warehouse.duckdb"), read_only=True) as built:
        built.execute("set timezone = 'UTC'")
        compare_table(built, "fct_restatements", closed.restated, found)
    assert not found.differences, "\n".join(str(each) for each in found.differences[:10])
    measured = {(key[1], key[10]) for key in closed.restated}
    assert {("revenue", "returns"), ("journal", "balance"), ("orders", "due")} <= measured


def test_every_cause_of_a_restatement_agrees(closed: Closed) -> None:
    built = closed.rows(
        "select month, subject_kind, subject_id, feed, _file_id, _record from marts.fct_restatement_causes"
    )
    subjects = {(key[8], key[9]) for key in closed.restated}
    mart = {(month, (kind, name), *more) for month, kind, name, *more in built if (kind, name) in subjects}
    oracle = causes(closed.closing, closed.world, closed.restated)
    assert mart == oracle
    assert len(built) == len(set(built))
    assert {feed for _, _, feed, _, _ in oracle} >= {
        "orders",
        "order_lines",
        "payments",
        "shipments",
        "returns",
        "fx_rates",
    }


def test_a_closed_month_says_how_much_was_restated(closed: Closed) -> None:
    own = {key: cells for key, cells in closed.restated.items() if key[6] not in BALANCING}
    net_sales = [
        cells["difference_amount_reporting"]
        for key, cells in own.items()
        if (key[2], key[10]) == ("placed", "net_sales")
    ]
    ((month, action_id, actor, is_frozen, first, following, subjects, difference),) = closed.rows(
        "select month, action_id, actor, is_frozen, first_date, next_date, restated_subjects_count, "
        "net_sales_difference_amount_reporting from marts.fct_closed_months"
    )
    assert (month, action_id, actor, is_frozen) == (MONTH, "first", "controller", True)
    assert (first, following) == (closed.closing.first, closed.closing.following)
    assert subjects == len({(key[8], key[9]) for key in closed.restated})
    assert difference == (None if None in net_sales else sum(each for each in net_sales if each))
    ((counted, listed),) = closed.rows(
        "select (select restated_figures_count from marts.fct_closed_months), "
        "(select count(*) from marts.fct_restatements)"
    )
    assert counted == listed > 400
