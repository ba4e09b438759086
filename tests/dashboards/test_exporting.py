"""Exports page: its command exports the rows that it counts, and its download is the same file."""

from __future__ import annotations

import shlex
from pathlib import Path

import duckdb
import pytest
from orderhouse.serve.exports import export
from orderhouse.settings import Settings
from shared.formats import label

from tests.dashboards.conftest import Open


def test_command_line_exports_the_rows_that_the_page_counts(published: Path, open_page: Open, tmp_path: Path) -> None:
    app = open_page(published, "exports", table="marts.fct_orders")
    app.multiselect(key="filter_marts.fct_orders").set_value(["channel", "is_late", "due_amount"]).run()
    app.multiselect(key="marts.fct_orders.channel").set_value(["web", "o'brien"])
    app.button_group(key="marts.fct_orders.is_late").set_value([False])
    app.number_input(key="marts.fct_orders.due_amount.from").set_value(100.0).run()
    counted = int(next(metric.value for metric in app.metric if metric.label == "Rows").replace(",", ""))
    words = shlex.split(app.code[0].value)
    where = words[words.index("--where") + 1]
    assert "'o''brien'" in where
    manifest = export(Settings(home=published), [words[2]], format="csv", to=str(tmp_path), where=where)
    assert manifest.tables[0].rows == counted > 0


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_download_is_the_exported_file(form: str, published: Path, open_page: Open, tmp_path: Path) -> None:
    app = open_page(published, "exports", table="marts.dim_products", format=label(form))
    assert not app.exception
    assert f"--format {form}" in app.code[0].value
    export(Settings(home=published), ["marts.dim_products"], format=form, to=str(tmp_path))
    assert any(path.suffix == f".{form}" for path in tmp_path.rglob("*"))


def test_amounts_stay_decimal_in_parquet(published: Path, tmp_path: Path) -> None:
    manifest = export(Settings(home=published), ["marts.fct_orders"], format="parquet", to=str(tmp_path))
    path = tmp_path / manifest.tables[0].files[0].path
    with duckdb.connect() as connection:
        kinds = connection.execute("select distinct typeof(due_amount) from read_parquet(?)", [str(path)]).fetchall()
    assert kinds == [("DECIMAL(18,4)",)]
