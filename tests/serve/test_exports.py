"""Tests of exports: their content, and that they can be verified."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import duckdb
import openpyxl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.exports import export
from orderhouse.serve.manifest import read_manifest
from orderhouse.serve.publishing import publish
from orderhouse.serve.verifying import verify
from orderhouse.settings import Settings

from tests.serve.built_home import due, make_build, make_version


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home with one version. Tests only read it."""
    return make_version(tmp_path_factory.mktemp("home"))[0]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_export_is_verified_by_deriving_it_again(published: Settings, tmp_path: Path, format: str) -> None:
    manifest = export(published, ["ops.orders", "fct_orders"], format=format, to=str(tmp_path))
    assert [(table.table, table.rows) for table in manifest.tables] == [("ops.orders", 100), ("marts.fct_orders", 100)]
    found = verify(published, str(tmp_path / "manifest.json"))
    assert found.passed and found.is_derived


def test_manifest_says_what_it_came_from(published: Settings, tmp_path: Path) -> None:
    export(published, ["orders"], format="csv", to=str(tmp_path), where="is_late")
    manifest = read_manifest(tmp_path / "manifest.json")
    assert (manifest.version, manifest.build_id, manifest.rows) == (1, "first", 50)
    assert manifest.tables[0].files[0].path == "orders.csv"
    assert "where (is_late)" in manifest.tables[0].query


def test_money_keeps_every_digit(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="csv", to=str(tmp_path))
    rows = {row["order_id"]: row["due_amount"] for row in read_csv(tmp_path / "orders.csv")}
    assert Decimal(rows["OH-0099"]) == due(99)
    export(published, ["ops.orders"], format="parquet", to=str(tmp_path))
    query = "select distinct typeof(due_amount) from read_parquet(?)"
    with duckdb.connect() as connection:
        assert connection.execute(query, [str(tmp_path / "orders.parquet")]).fetchall() == [("DECIMAL(18,4)",)]


def test_text_that_a_spreadsheet_would_run_is_disarmed_in_csv(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="csv", to=str(tmp_path))
    codes = [row["discount_code"] for row in read_csv(tmp_path / "orders.csv")][:4]
    assert codes == ["'=2+3", "'-5", "", "plain"]


def test_text_is_left_alone_when_asked(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="csv", to=str(tmp_path), guards_formulas=False)
    assert read_csv(tmp_path / "orders.csv")[0]["discount_code"] == "=2+3"


def test_spreadsheet_holds_text_as_text_and_amounts_as_numbers(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="xlsx", to=str(tmp_path))
    sheet = openpyxl.load_workbook(tmp_path / "orders.xlsx").active
    header, first = list(sheet.iter_rows(max_row=2))
    cells = dict(zip([cell.value for cell in header], first, strict=True))
    assert (cells["discount_code"].data_type, cells["discount_code"].value) == ("s", "=2+3")
    assert (cells["due_amount"].data_type, cells["due_amount"].value) == ("n", 1.1)
    assert cells["placed_at"].is_date


def test_amount_too_long_for_a_spreadsheet_is_written_as_text(tmp_path: Path) -> None:
    extra = "create table marts.large as select 99999999999999.1234::decimal(18, 4) as large_amount"
    settings, _ = make_version(tmp_path / "home", extra=extra)
    export(settings, ["large"], format="xlsx", to=str(tmp_path))
    assert openpyxl.load_workbook(tmp_path / "large.xlsx").active["A2"].value == "99999999999999.1234"


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_partitions_hold_their_rows_and_are_verified(published: Settings, tmp_path: Path, format: str) -> None:
    manifest = export(published, ["ops.orders"], format=format, to=str(tmp_path), partition_by=["ship_country"])
    folders = {Path(file.path).parts[1] for file in manifest.tables[0].files}
    assert folders == {"ship_country=DE", "ship_country=FR", "ship_country=__HIVE_DEFAULT_PARTITION__"}
    assert manifest.rows == 100
    assert verify(published, str(tmp_path)).passed


def test_changed_file_is_found(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="csv", to=str(tmp_path))
    path = tmp_path / "orders.csv"
    path.write_text(path.read_text().replace("OH-0007", "OH-0008", 1))
    assert verify(published, str(tmp_path)).problems == [
        "orders.csv is not the file that was exported: its SHA-256 differs."
    ]


def test_missing_file_is_found(published: Settings, tmp_path: Path) -> None:
    export(published, ["ops.orders"], format="csv", to=str(tmp_path))
    (tmp_path / "orders.csv").unlink()
    assert verify(published, str(tmp_path)).problems == ["orders.csv is missing."]


def test_export_of_a_version_that_is_gone_is_compared_with_its_manifest_alone(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path / "home", "a")
    export(settings, ["ops.orders"], format="csv", to=str(tmp_path / "out"))
    for build in "bcd":
        make_build(tmp_path / "home", build)
        publish(settings)
    found = verify(settings, str(tmp_path / "out"))
    assert found.passed and not found.is_derived


def test_unknown_table_names_the_nearest(published: Settings, tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="Did you mean ops.orders"):
        export(published, ["ops.order"], format="csv", to=str(tmp_path))


@pytest.mark.parametrize(
    "where", ["true); drop table ops.orders; select (1", "no_such_column = 1", "1 = 1) union all (select 1"]
)
def test_condition_that_is_none_is_refused(published: Settings, tmp_path: Path, where: str) -> None:
    with pytest.raises(OrderhouseError, match="--where"):
        export(published, ["ops.orders"], format="csv", to=str(tmp_path), where=where)
    assert list(tmp_path.iterdir()) == []


def test_condition_cannot_read_other_files(published: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(OrderhouseError, match="read_csv is not allowed"):
        export(published, ["ops.orders"], format="csv", to=str(tmp_path), where=f"exists (from read_csv('{secret}'))")


def test_export_that_fails_leaves_nothing_behind(published: Settings, tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="partition"):
        export(published, ["ops.orders"], format="csv", to=str(tmp_path), partition_by=["planet"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_export_to_an_address_is_sent_whole_and_verified_from_there(
    published: Settings, tmp_path: Path, format: str
) -> None:
    place = f"{tmp_path.as_uri()}/a%20bucket"
    export(published, ["ops.orders"], format=format, to=place, partition_by=["is_late"])
    assert (tmp_path / "a bucket" / "manifest.json").exists()
    assert verify(published, f"{place}/manifest.json").passed
    assert verify(published, place).passed


def test_store_that_cannot_be_reached_is_said_in_a_sentence(published: Settings) -> None:
    with pytest.raises(OrderhouseError, match="nowhere://bucket"):
        export(published, ["ops.orders"], format="csv", to="nowhere://bucket/folder")


def test_text_that_is_longer_than_a_cell_is_refused_and_not_cut(tmp_path: Path) -> None:
    extra = "create table marts.notes as select repeat('x', 32768) as note"
    settings, _ = make_version(tmp_path / "home", extra=extra)
    with pytest.raises(OrderhouseError, match="row 2, column note has 32,768 characters, but a cell"):
        export(settings, ["notes"], format="xlsx", to=str(tmp_path / "out"))
    assert not (tmp_path / "out" / "notes.xlsx").exists()
