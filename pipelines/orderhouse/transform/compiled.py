"""The SQL of every model, compiled for a full build, so that models can be computed in memory on chosen rows.

dbt compiles the models once per state of the project and the settings, against an empty home. Clock and batch are
markers in the compiled text, and so is the secret salt of tracking ids; `CompiledModel.text` puts a build's own values
in their place. The choice of rows belongs to `orderhouse.serve`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, write_atomically
from orderhouse.storage.database_files import make_database
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.dbt import in_words, invoke, parsed_project, project_folder, target_folder
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.variables import build_variables, tracking_salt
from orderhouse.vault.keys import load_keys

__all__ = ["CompiledModel", "compiled_models", "values_of_build"]

# dbt's cache of the parsed project; with it the compilation starts ten seconds earlier.
PARSED_PROJECT = "partial_parse.msgpack"
# Number of the form in which compiled models are kept; a file of another form is compiled anew.
FORMAT = 2
# Marks for the values of a build. dbt reads the clock as an instant or as `data`, so its mark is an instant.
MARKS = {
    "as_of": "2097-01-02 03:04:05.000006",
    "wall_clock": "2098-01-02 03:04:05.000006",
    "batch_id": 998877665544,
    "tracking_salt": "(the salt of tracking ids)",
}


@dataclass(frozen=True)
class CompiledModel:
    """One stored model or view.

    Attributes:
        name: Its name, as `ref` takes it.
        database: `work` or `warehouse`.
        schema: Its schema.
        is_view: True for a view.
        sql: The compiled query with marks.
        reads: Names of the stored models, views and seeds that it reads, also through ephemeral models; feeds and
            ledgers as `raw.<name>`, because views of `ops` and `quality` bear the same names.
    """

    name: str
    database: str
    schema: str
    is_view: bool
    sql: str
    reads: list[str]

    def text(self, values: Mapping[str, str]) -> str:
        """Return the query with the values of a build, from `values_of_build`."""
        text = self.sql
        for mark, value in values.items():
            text = text.replace(mark, value)
        return text


def values_of_build(settings: Settings, record: BuildRecord) -> dict[str, str]:
    """Return the value of a build by mark: its clock, batch and salt."""
    given = {**build_variables(record), "tracking_salt": tracking_salt(load_keys(settings).inner)}
    return {str(mark): str(given[name]) for name, mark in MARKS.items()}


def compiled_models(settings: Settings, record: BuildRecord) -> dict[str, CompiledModel]:
    """Return every stored model and view by name, in an order in which each reads only those before it.

    Args:
        settings: Settings of the home.
        record: The build whose settings count.

    Raises:
        OrderhouseError: dbt cannot compile the project.
    """
    shaping = [record.business_time_zone, record.reporting_currency, record.as_of_mode == "data"]
    key = hashlib.sha256(json.dumps([FORMAT, project_hash(project_folder()), *shaping]).encode()).hexdigest()[:16]
    file = target_folder(settings) / f"compiled-{key}.json"
    if not file.exists():
        models = _compile(settings, record)
        for older in target_folder(settings).glob("compiled-*.json"):
            older.unlink(missing_ok=True)
        write_atomically(file, json.dumps([asdict(model) for model in models]))
    loaded = [CompiledModel(**values) for values in json.loads(file.read_text(encoding="utf-8"))]
    return {model.name: model for model in loaded}


def _compile(settings: Settings, record: BuildRecord) -> list[CompiledModel]:
    """Compile the project against an empty home, in which every incremental model is built in full."""
    variables = build_variables(record) | {name: MARKS[name] for name in ("wall_clock", "batch_id")}
    if record.as_of_mode != "data":
        variables["as_of"] = MARKS["as_of"]
    with tempfile.TemporaryDirectory(prefix="orderhouse-") as folder:
        empty = settings.model_copy(update={"home": Path(folder)})
        target_folder(empty).mkdir(mode=0o700)
        parsed = target_folder(settings) / PARSED_PROJECT
        if parsed.exists():
            shutil.copy(parsed, target_folder(empty) / PARSED_PROJECT)
        open_raw(empty).close()
        for path in (empty.warehouse_db, empty.work_db):
            make_database(path)
            with duckdb.connect(str(path)) as connection:
                connection.execute("create schema meta; create table meta.watermarks (model varchar, batch_id bigint)")
        outcome = invoke(
            empty,
            ["compile", "--full-refresh"],
            variables=variables,
            secrets={"tracking_salt": str(MARKS["tracking_salt"])},
        )
        if not outcome.success:
            raise OrderhouseError(f"The dbt project does not compile: {in_words(outcome.exception)}")
        compiled = {result.node.unique_id: result.node.compiled_code for result in outcome.result.results}
        return _in_order(parsed_project(empty).nodes, compiled)


def _in_order(nodes: Mapping[str, object], compiled: Mapping[str, str]) -> list[CompiledModel]:
    """Return the models, each after those that it reads."""
    ordered: dict[str, CompiledModel] = {}

    def stored(unique_id: str) -> list[str]:
        """Return the stored relations that stand for a node: itself, or what an ephemeral model reads."""
        node = nodes.get(unique_id)
        if unique_id.startswith("source."):
            return [".".join(unique_id.split(".")[-2:])]
        if _materialized(node) != "ephemeral":
            return [unique_id.rsplit(".", 1)[-1]]
        return [name for read in _reads(node) for name in stored(read)]

    def visit(unique_id: str) -> None:
        node = nodes.get(unique_id)
        name = unique_id.rsplit(".", 1)[-1]
        if node is None or _kind(node) != "model" or name in ordered:
            return
        for read in _reads(node):
            visit(read)
        if _materialized(node) != "ephemeral":
            reads = list(dict.fromkeys(each for read in _reads(node) for each in stored(read)))
            ordered[name] = CompiledModel(
                name,
                str(getattr(node, "database", "")),
                str(getattr(node, "schema", "")),
                _materialized(node) == "view",
                compiled[unique_id],
                reads,
            )

    for unique_id in sorted(nodes):
        visit(unique_id)
    return list(ordered.values())


def _kind(node: object) -> str:
    return str(getattr(node, "resource_type", ""))


def _materialized(node: object) -> str:
    return str(getattr(getattr(node, "config", None), "materialized", ""))


def _reads(node: object) -> list[str]:
    return list(getattr(getattr(node, "depends_on", None), "nodes", []))
