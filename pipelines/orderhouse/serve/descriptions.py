"""Descriptions of published tables and columns, as the data dictionary has them, for pages that list tables.

The texts belong to the `.yml` files of the dbt project. Whether a table is in a version is asked of the version.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orderhouse.access.row_keys import row_keys
from orderhouse.audit.recording import COLUMNS
from orderhouse.packaged import packaged

__all__ = ["TableText", "table_texts"]

BLOCK = re.compile(r"\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}", re.DOTALL)
REFERENCE = re.compile(r"\{\{\s*doc\('(\w+)'\)\s*\}\}")


@dataclass(frozen=True)
class TableText:
    """Description of a table, with those of its columns by name."""

    description: str
    columns: Mapping[str, str]


@functools.cache
def table_texts() -> Mapping[str, TableText]:
    """Return the descriptions of every published table, by `schema.table`."""
    models = packaged("dbt_project") / "models"
    blocks = {name: text for path in sorted(models.rglob("*.md")) for name, text in _blocks(path).items()}
    published = {name.split(".")[1]: name for name in reversed(row_keys())}
    found: dict[str, TableText] = {
        "quality.audit": TableText(
            "One row per check of the audit of this build.", {name: text for name, (_, text) in COLUMNS.items()}
        )
    }
    for path in sorted(models.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            table = _published_name(path.relative_to(models), model["name"], published)
            if table:
                found[table] = _text_of(model, blocks)
    return found


def _published_name(path: Path, model: str, published: Mapping[str, str]) -> str | None:
    """Return `schema.table` of a published model. `ops.shipments` and a mart never share a name."""
    schema = path.parts[0]
    named = f"{schema}.{model}"
    return named if named in row_keys() else published.get(model) if schema in ("kpis", "marts", "staging") else None


def _text_of(model: Mapping[str, Any], blocks: Mapping[str, str]) -> TableText:
    columns = {column["name"]: _resolved(column.get("description", ""), blocks) for column in model.get("columns", [])}
    return TableText(_resolved(model.get("description", ""), blocks), columns)


def _resolved(text: str, blocks: Mapping[str, str]) -> str:
    """Return a description with its references replaced by their blocks, in one line."""
    return " ".join(REFERENCE.sub(lambda match: blocks[match.group(1)], text).split())


def _blocks(path: Path) -> dict[str, str]:
    return dict(BLOCK.findall(path.read_text(encoding="utf-8")))
