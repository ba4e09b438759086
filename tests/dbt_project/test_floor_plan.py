"""The check of the dbt project's floor plan is red on each fault that is planted, and on nothing else."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
faults = runpy.run_path(str(PROJECT / "lint" / "floor_plan.py"))["faults"]

# Enough of the project to build two of its models; the planted faults are added to them.
KEPT = ("dbt_project.yml", "profiles.yml", "lint", "macros", "seeds", "models/docs.md", "models/staging/_sources.yml")
KEPT_MODELS = ("stg_vocabulary", "stg_stock")
DESCRIBED = "{{models: [{{name: {}, description: A, columns: [{{name: order_id, description: B}}]}}]}}"
PLANTED = {
    "marts/fct_planted.sql": "select 1 as order_id",
    "marts/fct_planted.yml": DESCRIBED.format("fct_planted"),
    "intermediate/int_planted.sql": "select planted.order_id from {{ ref('fct_planted') }} as planted",
    "intermediate/int_planted.yml": DESCRIBED.format("int_planted"),
}


def model(layer: str, name: str, code: str = "select 1 as order_id", **changes: Any) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "fqn": ["orderhouse", layer, name],
        "schema": layer,
        "name": name,
        "raw_code": code,
        "description": "One row per order.",
        "columns": {"order_id": {"description": "Order."}},
        "depends_on": {"nodes": []},
        **changes,
    }


def found(*models: dict[str, Any], columns: tuple[str, ...] = ("order_id",)) -> list[str]:
    built = {f"{node['schema']}.{node['name']}": list(columns) for node in models}
    return list(faults({"nodes": {node["name"]: node for node in models}}, built))


def referring(layer: str, name: str, to: str, **changes: Any) -> dict[str, Any]:
    return model(layer, name, f"select * from {{{{ ref('{to}') }}}}", depends_on={"nodes": [to]}, **changes)


def test_planted_faults_are_named_in_a_copy_of_the_project(tmp_path: Path) -> None:
    copy = tmp_path / "dbt_project"
    for name in KEPT:
        source, target = PROJECT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    for name in KEPT_MODELS:
        for suffix in (".sql", ".yml"):
            shutil.copy(PROJECT / "models" / "staging" / f"{name}{suffix}", copy / "models" / "staging")
    for name, text in PLANTED.items():
        (copy / "models" / name).parent.mkdir(exist_ok=True)
        (copy / "models" / name).write_text(text, encoding="utf-8")
    stock = copy / "models" / "staging" / "stg_stock.sql"
    code = stock.read_text(encoding="utf-8")
    stock.write_text(code.replace("select * from final", "select final.*, 1 as planted from final"), encoding="utf-8")

    run = subprocess.run([sys.executable, str(copy / "lint" / "floor_plan.py")], capture_output=True, text=True)

    assert run.returncode == 1, run.stderr
    assert run.stdout.splitlines() == [
        "int_planted (intermediate) refers to fct_planted (marts): references go up one way.",
        "stg_stock.planted has no description in the .yml of the model.",
        "The floor plan of the dbt project has 2 faults.",
    ]


def test_a_model_refers_to_its_own_layer_and_to_lower_ones() -> None:
    assert found(model("marts", "fct_orders"), referring("marts", "fct_ages", "fct_orders")) == []
    assert found(model("staging", "stg_orders"), referring("quality", "files", "stg_orders")) == []
    assert found(model("kpis", "fct_kpi_daily"), referring("ops", "orders", "fct_kpi_daily")) == []


def test_neither_ops_nor_quality_refers_to_the_other() -> None:
    assert found(model("ops", "orders"), referring("quality", "files", "orders")) == [
        "files (quality) refers to orders (ops): references go up one way."
    ]


def test_a_reference_that_only_a_loop_makes_is_a_fault() -> None:
    hidden = model(
        "intermediate",
        "int_all",
        "{% for name in names %}{{ ref(name) }}{% endfor %}",
        depends_on={"nodes": ["int_one"]},
    )
    assert found(model("intermediate", "int_one"), hidden) == [
        "int_all refers to int_one without naming it in its file. "
        "Import it in a CTE, or add `-- depends_on: {{ ref('int_one') }}`."
    ]


def test_a_step_is_read_by_its_stored_model_and_by_its_other_steps_only() -> None:
    step = model("intermediate", "int_lines_summed", config={"step_of": "int_orders"})
    stored = referring("intermediate", "int_orders", "int_lines_summed")
    other_step = referring("intermediate", "int_orders_settled", "int_lines_summed", config={"step_of": "int_orders"})
    second_reader = referring("marts", "fct_lines", "int_lines_summed")
    foreign_step = referring(
        "intermediate", "int_parcels_summed", "int_lines_summed", config={"step_of": "int_parcels"}
    )

    assert found(step, stored, other_step) == []
    assert found(step, stored, second_reader, foreign_step) == [
        "fct_lines refers to int_lines_summed, a step of int_orders. "
        "Only int_orders and its other steps may refer to it.",
        "int_parcels_summed refers to int_lines_summed, a step of int_orders. "
        "Only int_orders and its other steps may refer to it.",
    ]


def test_a_name_shows_the_layer() -> None:
    assert found(model("marts", "int_orders")) == ["int_orders lies in marts, whose names begin with fct_ or dim_."]
    assert found(model("ops", "fct_orders")) == ["fct_orders lies in ops, whose names have no prefix."]
    assert found(model("core", "orders"))[0].startswith("orders lies in models/core, which is no layer.")
    assert found(model("staging", "as_of")) == []


def test_a_model_has_two_hundred_lines_at_most() -> None:
    assert found(model("marts", "fct_orders", "\n" * 200)) == []
    assert found(model("marts", "fct_orders", "\n" * 201)) == [
        "fct_orders has 201 lines; a model has 200 at most. Split it by thought."
    ]


def test_descriptions_are_those_of_the_columns_that_the_table_has() -> None:
    assert found(model("marts", "fct_orders"), columns=("order_id", "sku")) == [
        "fct_orders.sku has no description in the .yml of the model."
    ]
    assert found(model("marts", "fct_orders"), columns=()) == [
        "fct_orders.order_id is described in the .yml, but the model has no such column."
    ]
    assert found(model("marts", "fct_orders", description=" ")) == ["fct_orders has no description in its .yml."]
