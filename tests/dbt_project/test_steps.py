"""Steps of a stored model, read from the files of the project.

A step is an ephemeral model that filters by the watermark of the stored model in its config `step_of`. A second reader
has another watermark, so it would miss rows without an error.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
floor_plan = runpy.run_path(str(MODELS.parent / "lint" / "floor_plan.py"))
STEP_OF = re.compile(r"\bstep_of='(\w+)'")


def read_models(folder: Path) -> dict[str, dict[str, Any]]:
    """Return every model of a folder by name, with its code and the `step_of` of its config."""
    codes = {path.stem: path.read_text(encoding="utf-8") for path in folder.rglob("*.sql")}
    return {name: {"name": name, "raw_code": code, "config": config_of(code)} for name, code in codes.items()}


def config_of(code: str) -> dict[str, str]:
    found = STEP_OF.search(code)
    return {"step_of": found[1]} if found else {}


def faults_of(models: dict[str, dict[str, Any]]) -> list[str]:
    return [
        fault
        for node in models.values()
        for fault in floor_plan["faults_of_steps"](
            node, [models[name] for name in floor_plan["REFERENCE"].findall(node["raw_code"]) if name in models]
        )
    ]


def test_a_step_is_read_by_its_stored_model_and_its_other_steps_only() -> None:
    models = read_models(MODELS)
    steps = [node for node in models.values() if node["config"]]

    assert len(steps) >= 20
    assert all("materialized='ephemeral'" in step["raw_code"] for step in steps)
    assert all(step["config"]["step_of"] in models for step in steps)
    assert faults_of(models) == []


def test_a_second_reader_of_a_step_is_found() -> None:
    models = read_models(MODELS)
    code = "select * from {{ ref('int_orders_settled') }}"
    models["fct_planted"] = {"name": "fct_planted", "raw_code": code, "config": {}}

    assert faults_of(models) == [
        "fct_planted refers to int_orders_settled, a step of int_order_states. "
        "Only int_order_states and its other steps may refer to it."
    ]
