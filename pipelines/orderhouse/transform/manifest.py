"""Reader of dbt's manifest file that does not import dbt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["prediction_models", "read_manifest"]

NOT_STORED = ("view", "ephemeral")
PREDICTIONS = "predictions"


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest as plain values."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest


def prediction_models(manifest: dict[str, Any]) -> list[str]:
    """Return the names of the stored models that read predictions, or read a model that does."""
    nodes, children = manifest["nodes"], manifest["child_map"]
    read = [name for name, source in manifest["sources"].items() if source["source_name"] == PREDICTIONS]
    waiting = [child for name in read for child in children.get(name, [])]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in nodes and nodes[name]["resource_type"] == "model" and name not in reached:
            reached.add(name)
            waiting += children.get(name, [])
    return sorted(nodes[name]["name"] for name in reached if nodes[name]["config"]["materialized"] not in NOT_STORED)
