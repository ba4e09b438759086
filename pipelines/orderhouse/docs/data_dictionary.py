"""Generator of the data dictionary: every published table with its grain and the meaning of every column.

`make docs` runs it as `python -m orderhouse.docs.data_dictionary FILE`. The texts belong to the `.yml` files of the dbt
project.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orderhouse.audit.recording import COLUMNS
from orderhouse.settings import Settings
from orderhouse.transform import prepare_manifest

__all__ = ["dictionary", "main"]

# The published schemas, in the order of the page.
SCHEMAS = {
    "marts": "Facts, dimensions and KPIs.",
    "ops": "Tables for operators.",
    "quality": "Files, quarantined rows, and the result of the audit.",
}
# The one published table that dbt does not make.
AUDIT: dict[str, Any] = {
    "schema": "quality",
    "name": "audit",
    "description": "One row per check of the audit of this build.",
    "columns": {name: {"description": meaning} for name, (_, meaning) in COLUMNS.items()},
}
HEADER = """# Data dictionary

Generated from the dbt project by `make docs`. The texts are in the `.yml` beside each model. Amounts are decimals in
the currency beside them; `_amount_reporting` is in the reporting currency. `_at` is an instant in UTC, `_date` a
business day.
"""


def dictionary(manifest: Mapping[str, Any]) -> str:
    """Return the dictionary as Markdown.

    Args:
        manifest: Content of dbt's `manifest.json`.
    """
    models = [node for node in manifest["nodes"].values() if _is_published(node)] + [AUDIT]
    return "\n".join([HEADER, *_contents(models), *_sections(models)]).rstrip() + "\n"


def _is_published(node: Mapping[str, Any]) -> bool:
    """Return True for a model that readers see; steps of models are in no version."""
    materialized = node.get("config", {}).get("materialized")
    return node["resource_type"] == "model" and bool(materialized != "ephemeral")


def _of_schema(models: list[dict[str, Any]], schema: str) -> list[dict[str, Any]]:
    return sorted((model for model in models if model["schema"] == schema), key=lambda model: str(model["name"]))


def _contents(models: list[dict[str, Any]]) -> Iterator[str]:
    for schema, purpose in SCHEMAS.items():
        names = ", ".join(f"[{model['name']}](#{schema}{model['name']})" for model in _of_schema(models, schema))
        yield f"- **{schema}** — {purpose} {names}"
    yield ""


def _sections(models: list[dict[str, Any]]) -> Iterator[str]:
    for schema in SCHEMAS:
        for model in _of_schema(models, schema):
            yield f"## {schema}.{model['name']}\n"
            yield _one_line(model["description"]) + "\n"
            if model["columns"]:
                yield "| column | meaning |\n|---|---|"
                yield from (f"| `{name}` | {_cell(column)} |" for name, column in model["columns"].items())
            yield ""


def _cell(column: Mapping[str, Any]) -> str:
    return _one_line(column["description"]).replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main(arguments: list[str]) -> None:
    """Write the dictionary of the present project to the file named."""
    with tempfile.TemporaryDirectory() as home:
        manifest = json.loads(prepare_manifest(Settings(home=Path(home))).read_text(encoding="utf-8"))
    Path(arguments[0]).write_text(dictionary(manifest), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
