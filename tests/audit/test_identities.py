"""Tests that each identity of the audit holds in a small built world, and fails once a fault is planted.

A fault is planted into the compiled text of a test: a query that changes a column, or repeats or leaves out a row,
stands in place of the table. Nothing is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest
from orderhouse.audit.data_tests import data_tests
from orderhouse.settings import Settings
from orderhouse.simulate import simulate
from orderhouse.simulate.options import Mess
from orderhouse.transform import build_variables, load_record

from tests.audit.planted_faults import FAULTS, INVENTED, NOT_IDENTITIES, TWICE, WITHOUT_ONE, WITHOUT_ONE_WHERE
from tests.integration.running import PROJECT, run_steps
from tests.properties.stated_payouts import stated_payouts

TESTS = {path.stem.removeprefix("assert_") for path in (PROJECT / "dbt_project" / "tests").glob("assert_*.sql")}


@dataclass(frozen=True)
class Built:
    """Tables of a built home, and the compiled tests by name."""

    connection: duckdb.DuckDBPyConnection
    compiled: Mapping[str, str]

    def failing(self, name: str, table: str = "", fault: str = "") -> int:
        """Return the number of rows that a test finds, with a fault in one of its tables if one is given."""
        text = self.compiled[f"assert_{name}"]
        if table:
            places = set(re.findall(rf'"\w+"\."\w+"\."{table}"', text))
            assert places, f"{name} does not read {table}"
            for place in places:
                text = text.replace(place, f"({_planted(place, fault)})")
        return len(self.connection.execute(text).fetchall())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("identities")
    simulate(orders=120, seed=11, to=folder / "feeds", mess=Mess.light(), price_lists=True)
    files = sorted((folder / "feeds").glob("payments-*.csv"))
    payments = pl.concat(pl.read_csv(file, infer_schema=False) for file in files)
    stated_payouts(payments).write_csv(folder / "feeds" / "payouts-stated.csv")
    home = folder / "home"
    _write_members(home / "campaigns" / "members.ndjson")
    run_steps(home, folder / "feeds" / "sources.yaml")
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for name in ("raw", "work", "warehouse"):
        connection.execute(f"attach '{home}/warehouse/{name}.duckdb' as {name} (read_only)")
    connection.execute("use warehouse")
    settings = Settings(home=home)
    record = load_record(settings)
    assert record is not None
    tests = data_tests(settings, {**build_variables(record), "audited_batch_id": -1})
    return Built(connection, {test.name: test.sql for test in tests})


def _write_members(path: Path) -> None:
    """Make every customer of the world a member of a campaign, as the start of one does."""
    path.parent.mkdir(parents=True)
    member = {"campaign_id": "spring", "assigned_at": "2026-01-01T00:00:00Z", "attribution_days": 400}
    member |= {"purpose": "news", "channel": "email"}
    arms = ("treated", "treated", "held_out", "held_out", "global_control")
    rows = [
        {**member, "customer_key": f"c:C-{number:08d}", "arm": arms[number % len(arms)]} for number in range(1, 121)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _planted(place: str, fault: str) -> str:
    """Return a query on a table with the fault."""
    # The same row each time, whatever order the build wrote them in.
    _, _, condition = fault.partition(WITHOUT_ONE_WHERE)
    one = f"(select * from {place} where {condition or 'true'} order by all limit 1)"
    if fault == TWICE:
        return f"select * from {place} union all {one}"
    if fault == WITHOUT_ONE or condition:
        return f"select * from {place} except all {one}"
    changes = [change.split(" = ", 1) for change in fault.removeprefix(INVENTED).split("; ")]
    if fault.startswith(INVENTED):
        values = ", ".join(f"{expression} as {column}" for column, expression in changes)
        return f"select * from {place} union all by name select {values}"
    replaced = ", ".join(f"{expression} as {column}" for column, expression in changes)
    return f"select * replace ({replaced}) from {place}"


def test_every_test_of_the_project_has_a_fault_that_it_must_notice() -> None:
    assert set(FAULTS) == TESTS - NOT_IDENTITIES


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_an_identity_holds_until_a_fault_is_planted(built: Built, name: str) -> None:
    assert built.failing(name) == 0
    unnoticed = [(table, fault) for table, fault in FAULTS[name] if built.failing(name, table, fault) == 0]
    assert unnoticed == []
