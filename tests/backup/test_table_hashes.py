"""Tests of the hashes of tables: equal rows are equal in any order, and every change of a value is found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orderhouse.backup.manifest import BackedUpFile, BackupManifest
from orderhouse.backup.putting_back import put_back
from orderhouse.backup.repository import Repository
from orderhouse.backup.table_hashes import TableHashes, differing, table_hashes
from orderhouse.errors import OrderhouseError

ROWS = "(values (1, 'a', 7), (2, null, 7)) as t(id, text, _batch_id)"


def hashed(folder: Path, query: str, *more: str) -> TableHashes:
    path = folder / f"{len(list(folder.iterdir()))}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema meta; create schema intermediate")
        connection.execute(f"create table marts.fct_orders as {query}")
        connection.execute("create table meta.build as select uuid() as build_id")
        for statement in more:
            connection.execute(statement)
    return table_hashes(path)


def test_order_of_rows_and_the_batch_of_the_build_do_not_count(tmp_path: Path) -> None:
    expected = hashed(tmp_path, f"from {ROWS}")
    assert list(expected) == ["marts.fct_orders"]
    assert differing(expected, hashed(tmp_path, f"from {ROWS} order by id desc")) == []
    assert differing(expected, hashed(tmp_path, f"select * replace (9 as _batch_id) from {ROWS}")) == []


def test_changed_values_lost_rows_and_missing_tables_are_named(tmp_path: Path) -> None:
    expected = hashed(tmp_path, f"from {ROWS}", "create table intermediate.int_orders as select 1 as id")
    found = hashed(tmp_path, f"select * replace (coalesce(text, '') as text) from {ROWS}")
    assert differing(expected, found) == [
        "intermediate.int_orders is missing.",
        "marts.fct_orders has other content in the same number of rows (2).",
    ]
    assert differing(hashed(tmp_path, f"from {ROWS}"), hashed(tmp_path, f"from {ROWS} limit 1")) == [
        "marts.fct_orders has 1 rows, and had 2."
    ]


def test_manifest_cannot_name_a_file_outside_the_home(tmp_path: Path) -> None:
    file = BackedUpFile("../outside", 0, "", 0o600, 0, ())
    manifest = BackupManifest(1, "x", "", "", "", "", None, None, "", 1, 1, "", "", 0, {}, None, (file,))
    with pytest.raises(OrderhouseError, match="names a file outside the home"):
        put_back(Repository(str(tmp_path / "place")), manifest, tmp_path / "home", lambda text: None)
    assert not (tmp_path / "outside").exists()
