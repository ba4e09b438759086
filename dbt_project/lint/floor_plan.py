"""Check of the floor plan of the dbt project; part of `make check`.

Run as `python dbt_project/lint/floor_plan.py [PROJECT]`. dbt parses the project and builds it from empty feeds in a
temporary home, so that the columns compared with the `.yml` files are those that the tables really have. SQL style is
sqlfluff's part.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
from orderhouse.settings import Settings
from orderhouse.storage.predictions import create_missing
from orderhouse.storage.warehouse import open_raw

__all__ = ["LONGEST_MODEL", "REFERENCE", "built_project", "faults", "faults_of_steps", "main"]

PROJECT = Path(__file__).resolve().parents[1]
# A model refers to its own layer and to the layers before it; ops and quality are referred to by no other layer.
LAYERS = ("staging", "intermediate", "marts", "kpis", "ops", "quality")
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "marts": ("fct_", "dim_"),
    "kpis": ("int_kpi_", "fct_kpi_", "kpi_"),
}
LAYER_PREFIXES = ("stg_", "int_", "fct_", "dim_")
# The clock is published under the name that readers ask for.
NAMED_FOR_READERS = {"as_of"}
LONGEST_MODEL = 200
REFERENCE = re.compile(r"\b(?:published_)?ref\(\s*['\"](\w+)['\"]\s*\)")

Node = Mapping[str, Any]


def faults(manifest: Node, columns: Mapping[str, list[str]]) -> list[str]:
    """Return one sentence per broken rule, each naming its model.

    Args:
        manifest: dbt's `manifest.json`.
        columns: Columns of every built table and view, by `schema.table`.
    """
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    found: list[str] = []
    for node in sorted(models.values(), key=lambda node: str(node["name"])):
        references = [models[name] for name in node["depends_on"]["nodes"] if name in models]
        found += _faults_of_references(node, references)
        found += faults_of_steps(node, references)
        found += _faults_of_name(node)
        found += _faults_of_length(node)
        found += _faults_of_descriptions(node, columns.get(f"{node['schema']}.{node['name']}"))
    return found


def _layer(node: Node) -> str:
    return str(node["fqn"][1])


def _faults_of_references(node: Node, references: list[Node]) -> Iterator[str]:
    layer, said = _layer(node), set(REFERENCE.findall(node["raw_code"]))
    for other in references:
        if not _may_refer(layer, _layer(other)):
            yield f"{node['name']} ({layer}) refers to {other['name']} ({_layer(other)}): references go up one way."
    # A reference that only a loop, a list or a macro makes is hidden from a reader of the file.
    for other in references:
        if other["name"] not in said:
            yield (
                f"{node['name']} refers to {other['name']} without naming it in its file. "
                f"Import it in a CTE, or add `-- depends_on: {{{{ ref('{other['name']}') }}}}`."
            )


def faults_of_steps(node: Node, references: list[Node]) -> Iterator[str]:
    """Yield one sentence per step that the model reads although it is a step of another stored model.

    A step filters by the watermark of its stored model, so any other reader would miss rows.
    """
    for other in references:
        stored = _step_of(other)
        if stored and stored not in (node["name"], _step_of(node)):
            yield (
                f"{node['name']} refers to {other['name']}, a step of {stored}. "
                f"Only {stored} and its other steps may refer to it."
            )


def _step_of(node: Node) -> str | None:
    stored = node.get("config", {}).get("step_of")
    return str(stored) if stored else None


def _may_refer(layer: str, other: str) -> bool:
    if layer not in LAYERS or other not in LAYERS:
        return False
    return layer == other or (other not in ("ops", "quality") and LAYERS.index(other) < LAYERS.index(layer))


def _faults_of_name(node: Node) -> Iterator[str]:
    name, layer = str(node["name"]), _layer(node)
    if layer not in LAYERS:
        yield f"{name} lies in models/{layer}, which is no layer. The layers are {', '.join(LAYERS)}."
    elif layer in PREFIXES:
        if not name.startswith(PREFIXES[layer]) and name not in NAMED_FOR_READERS:
            yield f"{name} lies in {layer}, whose names begin with {' or '.join(PREFIXES[layer])}."
    elif name.startswith(LAYER_PREFIXES):
        yield f"{name} lies in {layer}, whose names have no prefix."


def _faults_of_length(node: Node) -> Iterator[str]:
    lines = len(node["raw_code"].splitlines())
    if lines > LONGEST_MODEL:
        yield f"{node['name']} has {lines} lines; a model has {LONGEST_MODEL} at most. Split it by thought."


def _faults_of_descriptions(node: Node, built: list[str] | None) -> Iterator[str]:
    described = {name: str(column["description"]).strip() for name, column in node["columns"].items()}
    if not str(node["description"]).strip():
        yield f"{node['name']} has no description in its .yml."
    if built is None:
        yield f"{node['name']} was not built, so its columns are unknown."
        return
    for column in built:
        if not described.get(column):
            yield f"{node['name']}.{column} has no description in the .yml of the model."
    for column in described:
        if column not in built:
            yield f"{node['name']}.{column} is described in the .yml, but the model has no such column."


def built_project(project: Path, home: Path) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Build a project from empty feeds and return its manifest and the columns of what it built.

    Raises:
        RuntimeError: The project does not parse, or a model fails.
    """
    from dbt.cli.main import dbtRunner

    settings = Settings(home=home)
    open_raw(settings).close()
    create_missing(settings)
    os.environ["ORDERHOUSE_HOME"] = str(home)
    folders = [f"--project-dir={project}", f"--profiles-dir={project}", f"--target-path={home}", f"--log-path={home}"]
    kinds = ["--resource-type", "seed", "--resource-type", "model"]
    outcome = dbtRunner().invoke(["build", *kinds, *folders, "--log-level=none", "--no-version-check"])
    if not outcome.success:
        failed = [
            f"{result.node.name}: {result.message}" for result in outcome.result or [] if result.status == "error"
        ]
        raise RuntimeError(f"dbt could not build {project}. " + "\n".join(failed or [str(outcome.exception)]))
    _close_files()
    manifest: dict[str, Any] = json.loads((home / "manifest.json").read_text(encoding="utf-8"))
    return manifest, _columns(settings, manifest)


def _close_files() -> None:
    """Close the files that dbt-duckdb keeps open for a next command."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    held = DuckDBConnectionManager._ENV
    if held is not None:
        held.close()
    DuckDBConnectionManager.close_all_connections()


def _columns(settings: Settings, manifest: Node) -> dict[str, list[str]]:
    """Return the columns of every model: of its relation, or of its query where dbt stores none."""
    with duckdb.connect() as connection:
        for path in (settings.raw_db, settings.work_db, settings.warehouse_db, settings.predictions_db):
            connection.execute(f"attach '{path}' as {path.stem} (read_only)")  # noqa: S608 - a path of our own making
        return {
            f"{node['schema']}.{node['name']}": _columns_of(connection, node)
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model"
        }


def _columns_of(connection: duckdb.DuckDBPyConnection, node: Node) -> list[str]:
    rows = f"({node['compiled_code']})" if node["config"]["materialized"] == "ephemeral" else node["relation_name"]
    described = connection.execute(f"describe select * from {rows}")  # noqa: S608 - dbt's own relation or query
    return [str(name) for name, *_ in described.fetchall()]


def main(arguments: list[str]) -> int:
    """Print every fault and return 1 if there is one.

    Args:
        arguments: Folder of the project, if it is not the one that this file stands in.
    """
    with tempfile.TemporaryDirectory() as home:
        found = faults(*built_project(Path(arguments[0]) if arguments else PROJECT, Path(home)))
    for fault in found:
        print(fault)
    print(f"The floor plan of the dbt project has {len(found)} faults." if found else "The floor plan is kept.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
