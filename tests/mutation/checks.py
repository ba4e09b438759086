"""Checks that may notice a mutant: unit tests of dbt, the oracle, identities, and generic data tests.

Each check passes on the unchanged tables; one that does not is left out, and so is a cell in which mart and oracle
disagree already.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import duckdb

from tests.mutation.compiled import DataTest, Project, UnitTest
from tests.mutation.derived import Derived
from tests.mutation.mutants import Mutant, Queries
from tests.oracle.comparison import Comparison, compare_table, world_of_home
from tests.oracle.expected import EXPECTED
from tests.oracle.state import state_of

__all__ = ["DataTests", "Oracle", "UnitTests"]


class UnitTests:
    """The unit tests of the models, run on changed queries."""

    def __init__(self, project: Project, queries: Queries) -> None:
        self.project = project
        self.queries = queries
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'")
        self.expected: dict[str, tuple[list[str], list[str]]] = {}
        # A test that reads a stored table, or that this module reads differently than dbt, says nothing here.
        self.usable = {
            model: [test for test in tests if self._is_usable(test)] for model, tests in project.unit_tests.items()
        }

    def failing(self, mutant: Mutant) -> str | None:
        """Return the name of the first unit test that a mutant breaks."""
        for test in self.usable.get(mutant.model, []):
            query = self.queries.mutated_unit_test(test, mutant)
            if query is not None and not self._passes(test, query):
                return test.name
        return None

    def _is_usable(self, test: UnitTest) -> bool:
        try:
            self.expected[test.name] = self._expected(test)
        except duckdb.Error:
            return False
        return self._passes(test, test.sql)

    def _passes(self, test: UnitTest, query: str) -> bool:
        """Return true if a query gives the expected rows, in the columns that the test names."""
        columns, expected = self.expected[test.name]
        try:
            given = self.connection.execute(f"select {', '.join(columns)} from ({query}) as given").fetchall()
        except duckdb.Error:
            return False
        return sorted(map(repr, given)) == expected

    def _expected(self, test: UnitTest) -> tuple[list[str], list[str]]:
        """Return the columns that a test compares and its expected rows, with the types of the model's columns."""
        types = {name: kind for name, kind, *_ in self.connection.execute(f"describe {test.sql}").fetchall()}
        columns = list(test.rows[0]) if test.rows else list(types)
        casts = ", ".join(f"cast({name} as {types[name.lower()]}) as {name}" for name in columns)
        if test.expected:
            found = self.connection.execute(f"select {casts} from ({test.expected}) as expected")
        elif test.rows:
            marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in test.rows)
            values = [None if row[name] is None else str(row[name]) for row in test.rows for name in columns]
            found = self.connection.execute(
                f"select {casts} from (values {marks}) as expected ({', '.join(columns)})", values
            )
        else:
            return columns, []
        return columns, sorted(map(repr, found.fetchall()))


class Oracle:
    """The marts of one world as the oracle expects them; they are computed once."""

    def __init__(self, home: Path) -> None:
        state = state_of(world_of_home(home))
        self.expected = {table: expected(state) for table, expected in EXPECTED.items()}
        self.tables: dict[str, list[str]] = {}
        for table in self.expected:
            self.tables.setdefault(table.partition("/")[0], []).append(table)
        self.agreed: dict[str, set[tuple[Any, ...]]] = {}

    def start(self, derived: Derived) -> None:
        """Note the cells that differ without a change."""
        for name in self.tables:
            self.agreed[name] = self._differing(derived, name)

    def differing(self, derived: Derived, name: str) -> str | None:
        """Return a cell of a table that differs only with the change."""
        if name not in self.tables:
            return None
        new = self._differing(derived, name) - self.agreed[name]
        table, key, column = min(new, key=str) if new else ("", "", "")
        return f"{table}{list(key)}.{column}" if new else None

    def _differing(self, derived: Derived, name: str) -> set[tuple[Any, ...]]:
        found = Comparison()
        for table in self.tables[name]:
            compare_table(derived.connection, table, self.expected[table], found)
        return {(each.table, each.key, each.column) for each in found.differences}


class DataTests:
    """The data tests of severity `error`, run on changed tables."""

    def __init__(self, project: Project, derived: Derived) -> None:
        self.derived = derived
        self.usable = [test for test in project.data_tests if self._passes(test)]

    def failing(self, changed: set[str]) -> DataTest | None:
        """Return the first test that fails, of those that read a changed table."""
        for test in self.usable:
            if not changed.isdisjoint(test.reads) and not self._passes(test):
                return test
        return None

    def _passes(self, test: DataTest) -> bool:
        query = test.sql.replace('"work".', '"warehouse".')
        with contextlib.suppress(duckdb.Error):
            return self.derived.connection.execute(f"select 1 from ({query}) as broken limit 1").fetchone() is None
        return False
