"""Comparison of the published marts with the oracle, cell by cell."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from tests.oracle.expected import COMPARED, EXPECTED, KEY_COLUMNS, SHAPED
from tests.oracle.rows import World, read_world
from tests.oracle.state import state_of

__all__ = ["Comparison", "Difference", "compare_home", "compare_table", "world_of_home"]

NEARLY = 1e-6
# Sums of hours are published with four decimals.
HOURS = 0.001


@dataclass(frozen=True)
class Difference:
    """A cell in which mart and oracle disagree; a row that only one of them has disagrees in the column `row`."""

    table: str
    key: tuple[Any, ...]
    column: str
    mart: Any
    oracle: Any

    def __str__(self) -> str:
        return f"{self.table}{list(self.key)}.{self.column}: mart {self.mart}, oracle {self.oracle}"


@dataclass
class Comparison:
    """The cells that were compared, by table and column, and the differences."""

    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def of(self, table: str, column: str) -> list[Difference]:
        """Return the differences of one column."""
        return [each for each in self.differences if (each.table, each.column) == (table, column)]


def world_of_home(home: Path) -> World:
    """Read the accepted rows of a home under the clock, zone and currency of its last build."""
    built = json.loads((home / "warehouse" / "build.json").read_text())
    as_of = datetime.fromisoformat(built["as_of"])
    raw_file = home / "warehouse" / "raw.duckdb"
    return read_world(raw_file, as_of, built["business_time_zone"], built["reporting_currency"])


def compare_home(home: Path, tables: tuple[str, ...] = tuple(EXPECTED)) -> Comparison:
    """Compute every table by the oracle and compare it with the built one."""
    state = state_of(world_of_home(home))
    found = Comparison()
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as marts:
        marts.execute("set timezone = 'UTC'")
        for table in tables:
            compare_table(marts, table, EXPECTED[table](state), found)
    return found


def compare_table(
    marts: duckdb.DuckDBPyConnection, table: str, expected: dict[tuple[Any, ...], dict[str, Any]], found: Comparison
) -> None:
    """Compare one table of a connection with its expected rows, and add what is found."""
    cursor = marts.execute(f"select * from marts.{table.partition('/')[0]}")
    names = [column[0] for column in cursor.description or []]
    keys = KEY_COLUMNS[table]
    unseen = set(expected)
    rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    rows = [row for row in rows if table not in COMPARED or COMPARED[table](row)]
    for row in SHAPED[table](rows) if table in SHAPED else rows:
        key = tuple(row[name] for name in keys)
        if key not in unseen:
            found.differences.append(Difference(table, key, "row", "twice" if key in expected else "present", "absent"))
            continue
        unseen.discard(key)
        for column, oracle in expected[key].items():
            found.cells[(table, column)] += 1
            if not _same(row.get(column, "no such column"), oracle):
                found.differences.append(Difference(table, key, column, row.get(column, "no such column"), oracle))
    found.cells[(table, "row")] += len(expected)
    found.differences += [Difference(table, key, "row", "absent", "present") for key in sorted(unseen, key=str)]


def _same(mart: Any, oracle: Any) -> bool:
    if mart is None or oracle is None:
        return mart is None and oracle is None
    if isinstance(mart, Decimal) and isinstance(oracle, float):
        return abs(float(mart) - oracle) <= HOURS
    if isinstance(mart, float) or isinstance(oracle, float):
        return abs(float(mart) - float(oracle)) <= NEARLY * max(1.0, abs(float(oracle)))
    if isinstance(mart, Decimal) and isinstance(oracle, Decimal | int):
        return mart == Decimal(oracle).quantize(mart)
    return bool(mart == oracle)
