"""Rules of rows: run the data tests of the project on the built tables, and explain failures with rows.

The tests belong to `dbt_project/`, their compiled queries to `data_tests`. They run without dbt, whose own work around
each query takes twice as long as the query.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import duckdb

from orderhouse.audit.built import rows
from orderhouse.audit.checks import EXAMPLES, AuditCheck, as_sentence, as_words
from orderhouse.audit.data_tests import DataTest
from orderhouse.storage.sql_names import quote
from orderhouse.transform import ModelEvent

__all__ = ["Outcome", "explain_tests", "run_tests"]

# Texts of failed and passed generic tests; the column is put in front.
DEMANDS = {
    "unique": "must be unique, but some values appear more than once",
    "not_null": "must be there, but is missing",
    "accepted_values": "holds values that are not in the list",
    "relationships": "names something that is not there",
}
HOLDINGS = {
    "unique": "is different in every row",
    "not_null": "is there in every row",
    "accepted_values": "holds only values that are in the list",
    "relationships": "names only what is there",
}


@dataclass(frozen=True)
class Outcome:
    """Outcome of one test.

    Attributes:
        status: `pass`, `fail`, `warn`, or `error` if it did not run.
        failures: Number of failing rows.
        message: The database's error.
    """

    test: DataTest
    status: str
    failures: int
    message: str
    seconds: float


def run_tests(
    connection: duckdb.DuckDBPyConnection,
    tests: Iterable[DataTest],
    *,
    on_event: Callable[[ModelEvent], None] | None = None,
) -> list[Outcome]:
    """Run tests on the built warehouse.

    Args:
        connection: The built warehouse.
        tests: The tests.
        on_event: Called for each test when it starts and when it ends.
    """
    connection.execute("set preserve_insertion_order = false")
    try:
        return [_run(connection, test, on_event or (lambda event: None)) for test in tests]
    finally:
        connection.execute("reset preserve_insertion_order")


def _run(connection: duckdb.DuckDBPyConnection, test: DataTest, on_event: Callable[[ModelEvent], None]) -> Outcome:
    event = ModelEvent(test.unique_id, test.schema, test.name, "test", "started")
    on_event(event)
    began = time.monotonic()
    failures, status, message = 0, "pass", ""
    try:
        found = connection.execute(f"select count(*) from ({test.sql}\n) as failing").fetchall()  # noqa: S608 - compiled by dbt
        failures = int(found[0][0])
    except duckdb.Error as error:
        status, message = "error", str(error)
    if failures:
        status = "warn" if test.severity == "warn" else "fail"
    outcome = Outcome(test, status, failures, message, time.monotonic() - began)
    on_event(replace(event, status=status, seconds=outcome.seconds, message=message))
    return outcome


def explain_tests(connection: duckdb.DuckDBPyConnection, outcomes: Iterable[Outcome]) -> list[AuditCheck]:
    """Return one check per test, with up to five rows of each failed test."""
    return [_check(connection, outcome) for outcome in outcomes]


def _check(connection: duckdb.DuckDBPyConnection, outcome: Outcome) -> AuditCheck:
    """Return the check of one test."""
    test = outcome.test
    passed = outcome.status == "pass"
    broken = outcome.status == "error"
    warns = test.severity == "warn" and not broken
    table = _table(test.relation)
    return AuditCheck(
        name=test.name,
        kind="reconciliation" if "reconciliation" in table or "reconciliation" in test.tags else "dbt_test",
        table=table,
        passed=passed,
        severity="warn" if warns else "error",
        failed_rows=outcome.failures,
        detail=_holding(test, table) if passed else _detail(outcome, broken=broken),
        examples=() if passed or broken else _examples(connection, test),
        seconds=outcome.seconds,
    )


def _table(relation: str | None) -> str:
    """Return `schema.table` of `"database"."schema"."table"`."""
    return ".".join(relation.replace('"', "").split(".")[-2:]) if relation else "the warehouse"


def _holding(test: DataTest, table: str) -> str:
    """Return the rule of a passed test as a sentence."""
    if test.description or test.kind is None:
        return f"{_one_line(test.description)}." if test.description else as_sentence(test.name)
    return f"{test.column or 'The row'} of {table} {HOLDINGS.get(test.kind, f'passes {test.kind}')}."


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


def _detail(outcome: Outcome, *, broken: bool) -> str:
    test = outcome.test
    if broken:
        return f"The test did not run: {' '.join(outcome.message.split())} Look at {test.path}."
    return f"{_one_line(test.description or _demand(test))}. Look at dbt_project/{test.path}."


def _demand(test: DataTest) -> str:
    if test.kind is None:
        return f"It must hold that {test.name.removeprefix('assert_').replace('_', ' ')}"
    return f"{test.column or 'The row'} {DEMANDS.get(test.kind, f'breaks {test.kind}')}"


def _examples(connection: duckdb.DuckDBPyConnection, test: DataTest) -> tuple[str, ...]:
    found: list[str] = []
    if test.kind in DEMANDS and test.relation and test.column:
        found = _rows_behind(connection, test.sql, test.relation, test.column)
    return tuple(found or _failing_rows(connection, test.sql))


def _rows_behind(connection: duckdb.DuckDBPyConnection, test_sql: str, relation: str, column: str) -> list[str]:
    """Return the whole rows behind a generic test, which itself selects only the wrong values, in its first column."""
    try:
        value = quote(connection.execute(f"describe {test_sql}").fetchall()[0][0])
        query = f"""
            select tested.* from {relation} as tested
            where exists (
                select 1 from ({test_sql}) as failing where failing.{value} is not distinct from tested.{quote(column)}
            )
            limit {EXAMPLES}
        """  # noqa: S608 - SQL that dbt compiled, and quoted names
        found = rows(connection, query)
    except duckdb.Error:
        return []
    return [as_words({column: row.get(column), **row}) for row in found]


def _failing_rows(connection: duckdb.DuckDBPyConnection, test_sql: str) -> list[str]:
    try:
        found = rows(connection, f"select * from ({test_sql}) as failing limit {EXAMPLES}")  # noqa: S608 - compiled by dbt
    except duckdb.Error as error:
        return [f"the rows could not be read: {str(error).splitlines()[0]}"]
    return [as_words(row) for row in found]
