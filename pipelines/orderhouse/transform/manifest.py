"""Reader of dbt's manifest file that does not import dbt."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["clock_models", "prediction_models", "read_manifest"]

NOT_STORED = ("view", "ephemeral")
PREDICTIONS = "predictions"
READS_THE_CLOCK = re.compile(r"""var\(\s*['"](as_of|wall_clock)['"]""")


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest as plain values."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def clock_models(manifest: dict[str, Any]) -> list[str]:
    """Return the names of the stored models that read the clock, or read a model that does.

    Only these can change with a later instant.
    """
    nodes = manifest["nodes"]
    macros = {name for name, macro in manifest["macros"].items() if READS_THE_CLOCK.search(macro["macro_sql"])}
    waiting = [
        name
        for name, node in nodes.items()
        if node["resource_type"] == "model"
        and (READS_THE_CLOCK.search(node["raw_code"]) or macros.intersection(node["depends_on"]["macros"]))
    ]
    return _stored_from(manifest, waiting)


def prediction_models(manifest: dict[str, Any]) -> list[str]:
    """Return the names of the stored models that read predictions, or read a model that does."""
    sources = manifest["sources"].items()
    read = [name for name, source in sources if source["source_name"] == PREDICTIONS]
    return _stored_from(manifest, [child for name in read for child in manifest["child_map"].get(name, [])])


def _stored_from(manifest: dict[str, Any], waiting: list[str]) -> list[str]:
    """Return the names of the stored models among some nodes and everything that reads them."""
    nodes = manifest["nodes"]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in nodes and nodes[name]["resource_type"] == "model" and name not in reached:
            reached.add(name)
            waiting += manifest["child_map"].get(name, [])
    return sorted(nodes[name]["name"] for name in reached if nodes[name]["config"]["materialized"] not in NOT_STORED)
