"""Compiled text of models, data tests and unit tests of a built home, as dbt renders them for a full build.

The models come from `orderhouse.transform.compiled`. dbt is started once more for the tests, and the outcome is kept in
the home. Which checks notice a mutant belongs to `checks`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.transform.compiled import CompiledModel, compiled_models, values_of_build
from orderhouse.transform.dbt import invoke, parsed_project, project_folder, target_folder
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.variables import build_variables, tracking_salt
from orderhouse.vault.keys import load_keys

__all__ = ["DataTest", "Project", "UnitTest", "compiled_project"]


@dataclass(frozen=True)
class DataTest:
    """One data test of severity `error`.

    Attributes:
        name: Its name.
        is_identity: True for a test of its own file, whose name is a sentence; False for a generic test of a column.
        reads: Names of the models that it reads.
        sql: The query, which returns rows that break the rule.
    """

    name: str
    is_identity: bool
    reads: list[str]
    sql: str


@dataclass(frozen=True)
class UnitTest:
    """One unit test of dbt: a model over given rows, and the rows that are expected.

    Attributes:
        name: Its name.
        model: The model.
        sql: The model's query; what it reads are common table expressions with the given rows.
        rows: The expected rows, with the columns that are compared.
        expected: A query for the expected rows instead.
    """

    name: str
    model: str
    sql: str
    rows: list[dict[str, Any]]
    expected: str | None


@dataclass(frozen=True)
class Project:
    """Everything that dbt compiles for a home.

    Attributes:
        models: The stored models and views by name, in order.
        values: The values of the build by their marks in the text of the models.
        layers: Folder of every model, ephemeral ones included, such as `marts/revenue`.
        data_tests: The data tests, identities first.
        unit_tests: The unit tests by model.
    """

    models: Mapping[str, CompiledModel]
    values: Mapping[str, str]
    layers: Mapping[str, str]
    data_tests: list[DataTest]
    unit_tests: Mapping[str, list[UnitTest]]


def compiled_project(home: Path, *, with_unit_tests: bool = True) -> Project:
    """Return the compiled project of a built home, with or without its unit tests."""
    settings = Settings(home=home)
    record = load_record(settings)
    assert record is not None, f"{home} is not built"
    models = compiled_models(settings, record)
    kind = "checks" if with_unit_tests else "data-tests"
    file = target_folder(settings) / f"{kind}-{project_hash(project_folder())[:16]}.json"
    if not file.exists():
        file.write_text(json.dumps(_checks(settings, record, with_unit_tests)), encoding="utf-8")
    stored = json.loads(file.read_text(encoding="utf-8"))
    units: dict[str, list[UnitTest]] = {}
    for each in stored["unit_tests"]:
        units.setdefault(each["model"], []).append(UnitTest(**each))
    data_tests = [DataTest(**each) for each in stored["data_tests"]]
    return Project(models, values_of_build(settings, record), stored["layers"], data_tests, units)


def _checks(settings: Settings, record: BuildRecord, with_unit_tests: bool) -> dict[str, Any]:
    secrets = {"tracking_salt": tracking_salt(load_keys(settings).inner)}

    def run(*command: str, variables: Mapping[str, object]) -> list[Any]:
        outcome = invoke(settings, command, variables=variables, secrets=secrets)
        assert outcome.success, outcome.exception
        return list(outcome.result.results)

    nodes = [result.node for result in run("compile", "--select", "test_type:data", variables=build_variables(record))]
    tests = [
        DataTest(
            node.name,
            node.test_node_type == "singular",
            [each.rsplit(".", 1)[-1] for each in node.depends_on.nodes],
            node.compiled_code,
        )
        for node in nodes
        if str(node.resource_type) == "test" and str(node.config.severity).lower() == "error"
    ]
    units: list[UnitTest] = []
    if with_unit_tests:
        with _only_compiling(lambda unit: units.append(unit)):
            run("test", "--select", "test_type:unit", variables={})  # as the suite runs them, in UTC
    layers = {
        node.name: str(Path(node.path).parent)
        for node in parsed_project(settings).nodes.values()
        if str(node.resource_type) == "model"
    }
    return {
        "data_tests": [asdict(test) for test in sorted(tests, key=lambda test: (not test.is_identity, test.name))],
        "unit_tests": [asdict(unit) for unit in sorted(units, key=lambda unit: (unit.model, unit.name))],
        "layers": dict(sorted(layers.items())),
    }


@contextmanager
def _only_compiling(found: Callable[[UnitTest], None]) -> Any:
    """Make dbt compile unit tests where it would run them, and tell each of them."""
    from dbt.task.test import TestRunner, UnitTestResultData

    def compile_only(runner: Any, definition: Any, manifest: Any) -> Any:
        own = runner.build_unit_test_manifest_from_test(definition, manifest)
        node = runner.compiler.compile_node(own.nodes[definition.unique_id], own, {})
        rows = [dict(row) for row in node.config.expected_rows]
        found(UnitTest(definition.name, definition.model, node.compiled_code, rows, node.config.expected_sql))
        return node, UnitTestResultData(should_error=False, adapter_response={}, diff=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestRunner, "execute_unit_test", compile_only)
        yield
