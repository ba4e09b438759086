"""Data tests of the dbt project, compiled once and kept in the home.

dbt compiles them once per state of the project and the settings. Clock and batches are marks in the compiled text, and
a build's own values are put in their place. Running the tests belongs to `row_tests`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.transform import dbt
from orderhouse.transform.compiled import MARKS
from orderhouse.transform.fingerprint import project_hash

__all__ = ["DataTest", "data_tests"]

# Number of the form in which tests are kept; a file of another form is compiled anew.
FORMAT = 1
# Mark for the greatest batch that an audit has covered.
AUDITED_BATCH = 998877665543
PLAIN = {"fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0", "limit": None}


@dataclass(frozen=True)
class DataTest:
    """One data test of the project.

    Attributes:
        sql: The compiled query, whose rows break the rule.
        severity: `error` or `warn`, as the project declares.
        relation: `"database"."schema"."table"` that it is declared on, else the first that it selects from.
        kind: `unique`, `not_null` … for a generic test; None for a test written as a query.
        path: Path of its file, from the project's folder.
    """

    unique_id: str
    schema: str
    name: str
    sql: str
    severity: str
    relation: str | None
    kind: str | None
    column: str | None
    description: str
    path: str
    tags: tuple[str, ...] = ()


def data_tests(settings: Settings, variables: Mapping[str, object]) -> list[DataTest]:
    """Return the data tests in the order of their names, with the values of a build.

    Args:
        settings: Settings of the home.
        variables: dbt variables of the build, with `audited_batch_id`.

    Raises:
        OrderhouseError: dbt cannot compile the tests, or one of them does not simply select the rows that break a rule.
    """
    covers_all = int(str(variables["audited_batch_id"])) < 0
    extent = "all" if covers_all else "new"
    marks: dict[str, object] = {name: MARKS[name] for name in ("wall_clock", "batch_id")}
    if variables["as_of"] != "data":
        marks["as_of"] = MARKS["as_of"]
    if not covers_all:
        marks["audited_batch_id"] = AUDITED_BATCH
    marked = {**variables, **marks}
    state = [FORMAT, project_hash(dbt.project_folder()), sorted(marked.items())]
    key = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    file = dbt.target_folder(settings) / f"tests-{extent}-{key}.json"
    if not file.exists():
        tests = _compile(settings, marked)
        for older in file.parent.glob(f"tests-{extent}-*.json"):
            older.unlink(missing_ok=True)
        write_atomically(file, json.dumps([asdict(test) for test in tests]))
    kept = [DataTest(**{**each, "tags": tuple(each["tags"])}) for each in json.loads(file.read_text(encoding="utf-8"))]
    return [replace(test, sql=_with_values(test.sql, marks, variables)) for test in kept]


def _with_values(sql: str, marks: Mapping[str, object], variables: Mapping[str, object]) -> str:
    """Put the values of a build in the places of their marks."""
    for name, mark in marks.items():
        sql = sql.replace(str(mark), str(variables[name]))
    return sql


def _compile(settings: Settings, variables: Mapping[str, object]) -> list[DataTest]:
    outcome = dbt.invoke(settings, ["compile", "--select", "test_type:data"], variables=variables)
    if not outcome.success:
        raise OrderhouseError(f"The dbt tests could not be compiled: {dbt.in_words(outcome.exception)}")
    relations = dbt.relations(settings)
    nodes = [result.node for result in outcome.result.results if str(result.node.resource_type) == "test"]
    return sorted((_plain(node, relations) for node in nodes), key=lambda test: test.name)


def _plain(node: Any, relations: Mapping[str, str]) -> DataTest:
    for option, usual in PLAIN.items():
        if getattr(node.config, option) != usual:
            raise OrderhouseError(
                f"The test {node.name} in {node.original_file_path} sets {option}, which the audit does not know. "
                "Write it so that it selects the rows that break the rule."
            )
    metadata = getattr(node, "test_metadata", None)
    return DataTest(
        unique_id=node.unique_id,
        schema=node.schema,
        name=node.name,
        sql=node.compiled_code,
        severity=str(node.config.severity).lower(),
        relation=_tested([getattr(node, "attached_node", None), *node.depends_on.nodes], relations),
        kind=metadata.name if metadata else None,
        column=getattr(node, "column_name", None),
        description=node.description or "",
        path=node.original_file_path,
        tags=tuple(node.tags),
    )


def _tested(candidates: Sequence[str | None], relations: Mapping[str, str]) -> str | None:
    return next((relations[name] for name in candidates if name is not None and name in relations), None)
