"""Rules of rows: run the dbt tests of the project on the built tables, and explain failures with rows.

The tests themselves belong to `dbt_project/`. dbt's unit tests belong to development and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.audit.built import rows
from orderhouse.audit.checks import EXAMPLES, AuditCheck, as_sentence, as_words
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote
from orderhouse.transform import ModelEvent
from orderhouse.transform import dbt as dbt_commands

__all__ = ["RowTest", "explain_tests", "run_tests"]

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
class RowTest:
    """One dbt test and its outcome.

    Attributes:
        status: `pass`, `fail`, `warn`, `error` or `skipped`.
        failures: Number of failing rows.
        severity: `error` or `warn`, as the project declares.
        relation: `"database"."schema"."table"` that it is declared on, else the first that it selects from.
        kind: `unique`, `not_null` … for a generic test; None for a test written as a query.
        path: Path of its file, from the project's folder.
    """

    name: str
    status: str
    failures: int
    message: str
    seconds: float
    severity: str
    relation: str | None
    kind: str | None
    column: str | None
    compiled_sql: str | None
    description: str
    path: str
    tags: tuple[str, ...] = ()


def run_tests(
    settings: Settings,
    variables: Mapping[str, object],
    *,
    on_event: Callable[[ModelEvent], None] | None = None,
) -> list[RowTest]:
    """Run every data test of the project on the built warehouse.

    Args:
        settings: Settings of the home.
        variables: dbt variables of the build.
        on_event: Called for each test when it starts and when it ends.

    Raises:
        OrderhouseError: dbt could not run the tests.
    """
    command = ["test", "--resource-type", "test"]
    outcome = dbt_commands.invoke(settings, command, variables=variables, on_event=on_event)
    results = getattr(outcome.result, "results", None)
    if results is None:
        raise OrderhouseError(f"The dbt tests could not be run: {' '.join(str(outcome.exception).split())}")
    relations = dbt_commands.relations(settings)
    return [_plain(result, relations) for result in results if str(result.node.resource_type) == "test"]


def _plain(result: Any, relations: Mapping[str, str]) -> RowTest:
    node = result.node
    metadata = getattr(node, "test_metadata", None)
    return RowTest(
        name=node.name,
        status=str(result.status),
        failures=result.failures or 0,
        message=result.message or "",
        seconds=float(result.execution_time),
        severity=str(node.config.severity).lower(),
        relation=_tested([getattr(node, "attached_node", None), *node.depends_on.nodes], relations),
        kind=metadata.name if metadata else None,
        column=getattr(node, "column_name", None),
        compiled_sql=getattr(node, "compiled_code", None),
        description=node.description or "",
        path=node.original_file_path,
        tags=tuple(node.tags),
    )


def _tested(candidates: Sequence[str | None], relations: Mapping[str, str]) -> str | None:
    return next((relations[name] for name in candidates if name is not None and name in relations), None)


def explain_tests(connection: duckdb.DuckDBPyConnection, tests: Iterable[RowTest]) -> list[AuditCheck]:
    """Return one check per test, with up to five rows of each failed test."""
    return [_check(connection, test) for test in tests]


def _check(connection: duckdb.DuckDBPyConnection, test: RowTest) -> AuditCheck:
    """Return the check of one test."""
    passed = test.status == "pass"
    broken = test.status not in ("pass", "fail", "warn")
    warns = test.status == "warn" or (test.severity == "warn" and not broken)
    table = _table(test.relation)
    return AuditCheck(
        name=test.name,
        kind="reconciliation" if "reconciliation" in table or "reconciliation" in test.tags else "dbt_test",
        table=table,
        passed=passed,
        severity="warn" if warns else "error",
        failed_rows=test.failures,
        detail=_holding(test, table) if passed else _detail(test, broken=broken),
        examples=() if passed or broken else _examples(connection, test),
        seconds=test.seconds,
    )


def _table(relation: str | None) -> str:
    """Return `schema.table` of `"database"."schema"."table"`."""
    return ".".join(relation.replace('"', "").split(".")[-2:]) if relation else "the warehouse"


def _holding(test: RowTest, table: str) -> str:
    """Return the rule of a passed test as a sentence."""
    if test.description or test.kind is None:
        return f"{_one_line(test.description)}." if test.description else as_sentence(test.name)
    return f"{test.column or 'The row'} of {table} {HOLDINGS.get(test.kind, f'passes {test.kind}')}."


def _one_line(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


def _detail(test: RowTest, *, broken: bool) -> str:
    if broken:
        return f"The test did not run ({test.status}): {' '.join(test.message.split())} Look at {test.path}."
    return f"{_one_line(test.description or _demand(test))}. Look at dbt_project/{test.path}."


def _demand(test: RowTest) -> str:
    if test.kind is None:
        return f"It must hold that {test.name.removeprefix('assert_').replace('_', ' ')}"
    return f"{test.column or 'The row'} {DEMANDS.get(test.kind, f'breaks {test.kind}')}"


def _examples(connection: duckdb.DuckDBPyConnection, test: RowTest) -> tuple[str, ...]:
    if test.compiled_sql is None:
        return ()
    found: list[str] = []
    if test.kind in DEMANDS and test.relation and test.column:
        found = _rows_behind(connection, test.compiled_sql, test.relation, test.column)
    return tuple(found or _failing_rows(connection, test.compiled_sql))


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
