"""Tests that every comparison has: one for each table, and one for each column that is known to differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.running import run_orderhouse
from tests.oracle.comparison import Comparison, compare_home
from tests.oracle.known import KNOWN

__all__ = ["assert_table_agrees", "compare_built", "known_columns"]

SHOWN = 10
# A world without carts, or without anything wrong, has none of these.
MAY_BE_EMPTY = ("fct_carts", "fct_exceptions")


def compare_built(home: Path, sources: Path, as_of: str = "data") -> Comparison:
    """Ingest and build a home, and compare it. What the audit says of a world is not asked."""
    run_orderhouse("ingest", "--sources", str(sources), home=home)
    run_orderhouse("build", "--sources", str(sources), "--as-of", as_of, home=home)
    return compare_home(home)


def known_columns(worlds: str) -> list[Any]:
    """Return the columns that are known to differ in some worlds, as parameters of a test that must fail."""
    return [
        pytest.param(table, column, marks=pytest.mark.xfail(strict=True, reason=reason), id=f"{table}.{column}")
        for (where, table, column), reason in KNOWN.items()
        if where == worlds
    ]


def assert_table_agrees(compared: Comparison, worlds: str, table: str) -> None:
    """Fail if a cell of a table differs whose column is not known to differ."""
    found = [each for each in compared.differences if each.table == table and (worlds, table, each.column) not in KNOWN]
    shown = "\n".join(str(each) for each in found[:SHOWN])
    assert not found, f"{len(found)} cells differ, for example:\n{shown}"
    assert compared.cells[(table, "row")] or table in MAY_BE_EMPTY, f"nothing of {table} was compared"
