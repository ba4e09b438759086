"""Tests of the state of every quarantined row, step by step, and of the same state in the published table.

One home is led through every state, decision and outcome. The expected states in `quarantine_states.csv` came from a
second definition of them, since removed, which agreed on every row.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.repair.state import STATES
from orderhouse.transform.dbt import invoke

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order
from tests.repair.mending import Mending

SOURCES = """
sources:
  shop: {{format: canonical, path: feeds/*, columns: {columns}}}
  other_shop: {{format: canonical, path: others/*}}
"""
EXPECTED = Path(__file__).with_name("quarantine_states.csv")
AS_BEFORE, OTHERWISE = "{nothing: channel}", "{discount: discount_amount}"
# Record 2 is in order; the others are broken, the eleventh as a copy of the second.
ORDERS = ORDERS_HEADER + order(1) + order(3, "EURO") + "o4,x\n" + "".join(order(n, "EURO") for n in range(5, 11))
COPY = order(1, "EURO") + order(12, "EURO") + order(13, "EURO")
LINES = LINES_HEADER.replace("discount_amount", "discount") + line(1, "many") + line(2, "few") + line(3, "none")

Standing = tuple[str, int, str, str, str]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Landing:
    """Ingest broken orders, the same file from another source, and lines that another mapping reads differently."""
    place = Landing(tmp_path_factory.mktemp("landing"))
    place.declare(SOURCES.format(columns="{}"))
    place.write("feeds/orders.csv", ORDERS + COPY)
    place.write("others/orders.csv", ORDERS + COPY)
    place.write("feeds/order_lines.csv", LINES)
    place.ingest()
    return place


def steps(landing: Landing) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the steps of an operator, in order, as name and function."""
    mending = Mending(landing.settings)
    ours = "feeds/orders.csv"
    good, bad = {"currency": "EUR"}, {"currency": "EUROS"}
    yield "nothing", lambda: None
    yield "repair one", lambda: mending.repair(3, good, ours)
    yield "repair a copy", lambda: mending.repair(11, good, ours)
    yield "patch one that stays broken", lambda: mending.repair(5, bad, ours)
    yield "take a repair back", lambda: mending.take_back(mending.patch(8, good, ours))
    yield (
        "take back what was carried out",
        lambda: (
            mending.repair(9, good, ours),
            mending.take_back(_repair_of(mending, 9, ours)),
        ),
    )
    yield "repair, then discard", lambda: (mending.repair(10, good, ours), mending.discard(10))
    yield "discard", lambda: mending.discard(7)
    yield "discard, then repair", lambda: (mending.discard(12), mending.repair(12, good, ours))
    yield (
        "repair lines",
        lambda: (
            mending.repair(2, {"quantity": "2"}, "order_lines.csv"),
            mending.repair(4, {"quantity": "no"}, "order_lines.csv"),
        ),
    )
    yield "two rows of one record, one repaired", lambda: _repair_one_of_two(mending)
    yield "look at all again", lambda: _as_if_the_contract_had_changed(mending)
    yield "a record repaired", lambda: _repair_record(mending, 6, "others/orders.csv", {"currency": "EUR"})
    yield "a record that stays broken", lambda: _repair_record(mending, 7, "others/orders.csv", {"currency": "EUROS"})
    yield (
        "a repair of a record taken back",
        lambda: mending.take_back(_repair_record(mending, 8, "others/orders.csv", {"currency": "EUR"})),
    )
    yield (
        "a record repaired that waits, and a row of another",
        lambda: (
            mending.note_record(_id_of(mending, 9, "others/orders.csv"), {"currency": "EUR"}),
            mending.patch(10, good, "others/orders.csv"),
        ),
    )
    yield "what waits carried out", lambda: mending.reread()
    yield "a better patch that waits", lambda: mending.patch(3, {"currency": "USD"}, ours)
    yield "a patch that waits", lambda: mending.patch(6, good, ours)
    yield "another mapping that reads the rows alike", lambda: _remap(landing, AS_BEFORE)
    yield "another mapping that reads the lines otherwise", lambda: _remap(landing, OTHERWISE)


def test_every_row_stands_as_expected_after_every_step_and_is_published_so(landing: Landing) -> None:
    expected = expected_changes()
    seen: set[tuple[Any, Any, Any]] = set()
    before: Counter[Standing] = Counter()
    for name, step in steps(landing):
        step()
        rows = sorted(Mending(landing.settings).rows(), key=lambda row: row["quarantine_id"])
        columns = [column for column in rows[0] if column != "batch_id"]
        assert published(landing, columns) == [{each: row[each] for each in columns} for row in rows], f"after: {name}"
        now = Counter(standing(row) for row in rows)
        assert now - before == expected[name], f"after: {name}"
        before = now
        seen |= {(row["state"], row["repair_kind"], row["replay_outcome"]) for row in rows}
    states, kinds, outcomes = (set(values) for values in zip(*seen, strict=True))
    assert states == set(STATES)
    assert kinds == {None, "patch", "record_patch", "discard", "withdraw"}
    assert outcomes == {None, "accepted", "duplicate", "still_quarantined", "withdrawn"}


def standing(row: dict[str, Any]) -> Standing:
    return row["path"], row["record"], row["state"], row["repair_kind"] or "", row["replay_outcome"] or ""


def expected_changes() -> dict[str, Counter[Standing]]:
    """Read, for each step, the rows whose state changes, and their new state."""
    changes: dict[str, Counter[Standing]] = defaultdict(Counter)
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = (row["path"], int(row["record"]), row["state"], row["decision"], row["outcome"])
            changes[row["step"]][place] = int(row["rows"])
    return changes


def published(landing: Landing, columns: list[str]) -> list[dict[str, Any]]:
    """Return these columns of the quarantine as dbt builds it now."""
    assert invoke(landing.settings, ["run", "--select", "quarantine"], variables={}).success
    warehouse: Path = landing.settings.warehouse_db
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"select {', '.join(columns)} from quality.quarantine order by quarantine_id"
        ).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _repair_of(mending: Mending, record: int, path: str) -> str:
    (row,) = [row for row in mending.rows() if row["record"] == record and row["path"] == path]
    return str(row["repair_id"])


def _id_of(mending: Mending, record: int, path: str) -> str:
    rows = [row for row in mending.rows() if row["record"] == record and row["path"] == path]
    return str(next(row["quarantine_id"] for row in rows if row["state"] != "superseded"))


def _repair_record(mending: Mending, record: int, path: str, fields: dict[str, str]) -> str:
    repair_id, _ = mending.note_record(_id_of(mending, record, path), fields)
    mending.reread()
    return repair_id


def _repair_one_of_two(mending: Mending) -> None:
    """Repair one of two rows of the same record, as of a format that makes several rows of one record."""
    with mending.opened() as (raw, _):
        raw.execute(
            "insert into raw.quarantine select * replace ('twin' as quarantine_id) from raw.quarantine "
            "where record = 13 and source = 'shop' and feed = 'orders'"
        )
    mending.patch_one("twin", {"currency": "EUR"})
    mending.replay()


def _as_if_the_contract_had_changed(mending: Mending) -> None:
    """Check again the rows that have no decision. One of them is now accepted."""
    with mending.opened() as (raw, _):
        raw.execute(
            "update raw.quarantine set row_json = replace(row_json, 'EURO', 'CHF') "
            "where record = 5 and source = 'other_shop'"
        )
    mending.replay(None)


def _remap(landing: Landing, columns: str) -> None:
    landing.declare(SOURCES.format(columns=columns))
    landing.ingest()
