"""Tests of rows that another program puts into a table: copied once, behind a cursor, and traced to file and line."""

from __future__ import annotations

from pathlib import Path

import duckdb
import psycopg
import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import StoreRefused
from orderhouse.ingest import table_batches
from orderhouse.ingest.looking import Looks
from orderhouse.sources.config.sources_file import load_sources

from tests.ingest.landing import Landing
from tests.operations.conftest import postgresql

__all__ = ["postgresql"]

DECLARED = """
sources:
  erp:
    format: table
    feed: orders
    path: landing/erp
    time_zone: UTC
    table: {{{place}, name: sales.orders, cursor: changed_at{more}}}
    columns: {{number: order_id, changed_at: [placed_at, updated_at]}}
    constants: {{currency: EUR}}
"""
CREATE = "create table sales.orders (number varchar(9), changed_at timestamp, note varchar(40))"


class Erp:
    """A table in a DuckDB file or in PostgreSQL, and the home that reads it."""

    def __init__(self, landing: Landing, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.landing = landing
        self.address = address
        monkeypatch.setenv("ERP_DATABASE", address)
        self.declare()
        self.execute("create schema sales", CREATE)

    def declare(self, more: str = "") -> None:
        """Write the sources file."""
        place = "database_env: ERP_DATABASE" if "://" in self.address else "database: erp.duckdb"
        self.landing.declare(DECLARED.format(place=place, more=more))

    def execute(self, *statements: str) -> None:
        """Run statements in the database, as its loader would."""
        if "://" in self.address:
            with psycopg.connect(self.address, autocommit=True) as server:
                for statement in statements:
                    server.execute(statement.encode())
            return
        with duckdb.connect(self.address) as file:
            for statement in statements:
                file.execute(statement)

    def add(self, *rows: tuple[str, str, str]) -> None:
        """Add rows of number, instant and note."""
        self.execute(*(f"insert into sales.orders values ('{number}', '{at}', '{note}')" for number, at, note in rows))

    def files(self) -> list[str]:
        """Return the names of the copied files."""
        return sorted(path.name for path in (self.landing.folder / "landing" / "erp").iterdir() if path.name[0] != ".")

    def orders(self) -> list[tuple[str, str]]:
        """Return number and instant of the accepted orders."""
        rows = self.landing.query(
            "select order_id, updated_at::varchar from raw.orders where not _is_duplicate order by all"
        )
        return [(number, at) for number, at in rows]


@pytest.fixture(params=["duckdb", "postgresql"])
def erp(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Erp:
    """Return an empty table and its home."""
    if request.param == "duckdb":
        return Erp(Landing(tmp_path), str(tmp_path / "erp.duckdb"), monkeypatch)
    server = request.getfixturevalue("postgresql")
    name = f"erp_{abs(hash(tmp_path)) % 10**9}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    return Erp(Landing(tmp_path), f"{server}/{name}", monkeypatch)


def test_each_receipt_takes_the_rows_behind_the_last_cursor(erp: Erp) -> None:
    erp.landing.ingest()
    assert erp.files() == []
    erp.add(("1", "2026-03-01 10:00:00", 'a "quoted", note'), ("2", "2026-03-01 11:00:00", ""))
    erp.landing.ingest()
    erp.landing.ingest()
    assert len(erp.files()) == 1
    erp.add(("3", "2026-03-02 09:00:00.123456", "Grüße"))
    erp.landing.ingest()
    assert len(erp.files()) == 2
    assert erp.orders() == [
        ("1", "2026-03-01 10:00:00"),
        ("2", "2026-03-01 11:00:00"),
        ("3", "2026-03-02 09:00:00.123456"),
    ]
    assert {path.stat().st_mode & 0o777 for path in (erp.landing.folder / "landing" / "erp").glob("erp-*")} == {0o600}


def test_rows_lead_to_the_line_of_a_file(erp: Erp) -> None:
    erp.add(("1", "2026-03-01 10:00:00", ""), ("2", "2026-03-01 11:00:00", ""))
    erp.landing.ingest()
    [name] = erp.files()
    places = erp.landing.query(
        "select files.path, orders._record from raw.orders as orders inner join raw.files as files "
        "on files.file_id = orders._file_id order by all"
    )
    first = 2 if name.endswith(".csv") else 1
    assert places == [(f"landing/erp/{name}", first), (f"landing/erp/{name}", first + 1)]


def test_rows_of_late_transactions_are_found_by_the_overlap(erp: Erp) -> None:
    erp.declare(", overlap: 600")
    erp.add(("1", "2026-03-01 10:00:00", ""))
    erp.landing.ingest()
    erp.add(("2", "2026-03-01 09:55:00", ""), ("3", "2026-03-01 09:40:00", ""), ("4", "2026-03-01 10:01:00", ""))
    erp.landing.ingest()
    assert [number for number, _ in erp.orders()] == ["1", "2", "4"]
    assert erp.landing.query("select sum(duplicate)::int from raw.files") == [(1,)]


def test_a_lost_note_or_a_kill_before_it_repeats_rows_that_are_duplicates(
    erp: Erp, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp.add(("1", "2026-03-01 10:00:00", ""))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(table_batches, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            erp.landing.ingest()
    erp.add(("2", "2026-03-01 11:00:00", ""))
    erp.landing.ingest()
    assert [number for number, _ in erp.orders()] == ["1", "2"]
    (erp.landing.folder / "landing" / "erp" / ".cursor.json").write_text("{damaged")
    erp.add(("3", "2026-03-01 12:00:00", ""))
    erp.landing.ingest()
    assert [number for number, _ in erp.orders()] == ["1", "2", "3"]


def test_many_rows_become_several_files_and_rows_of_one_cursor_stay_together(erp: Erp) -> None:
    erp.add(*((str(number), f"2026-03-01 10:00:0{number // 2}", "") for number in range(7)))
    [source] = load_sources(erp.landing.sources_file).sources.values()
    assert source.table is not None
    table_batches.fetch_batches(source, source.table, rows_per_file=3)
    assert len(erp.files()) == 2
    erp.landing.ingest()
    assert len(erp.orders()) == 7


def test_new_rows_are_noticed_and_the_check_shows_the_first(erp: Erp, capsys: pytest.CaptureFixture[str]) -> None:
    sources = load_sources(erp.landing.sources_file).sources.values()
    looks = Looks()
    before = looks.look(sources).marks
    erp.add(("1", "2026-03-01 10:00:00", ""))
    assert looks.look(sources, again=before.keys()).marks != before
    assert run_command(["sources", "check", "--sources", str(erp.landing.sources_file)]) == 0
    shown = capsys.readouterr().out
    assert "orders: 1 row, 1 accepted" in shown
    assert "note" in shown
    assert not (erp.landing.folder / "landing").exists() or not erp.files()


def test_a_table_that_cannot_be_read_is_named_and_stops_no_other_source(erp: Erp) -> None:
    erp.execute("drop table sales.orders")
    erp.landing.sources_file.write_text(
        erp.landing.sources_file.read_text() + "  files: {format: canonical, feed: orders, path: more/*}\n"
    )
    erp.landing.write(
        "more/a.csv", "order_id,placed_at,updated_at,currency\n9,2026-03-01T00:00:00Z,2026-03-01T00:00:00Z,EUR\n"
    )
    result = erp.landing.ingest()
    assert [number for number, _ in erp.orders()] == ["9"]
    [note] = [note for note in result.notes if "erp" in note]
    assert note.startswith("Source erp could not be read: the table sales.orders: ")
    assert "orderhouse:" not in note


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("    feed: orders\n", ""), "needs the key 'feed'"),
        (("path: landing/erp", "path: landing/*.csv"), "needs one folder as `path`"),
        (("database: erp.duckdb", "database: postgresql://u:p@db/x"), "an address may hold a password"),
        (("database: erp.duckdb, ", ""), "give `database`"),
        (("cursor: changed_at", "cursr: changed_at"), "did you mean 'cursor'"),
        (("format: table", "format: canonical"), "`table` is for `format: table`"),
    ],
)
def test_mistakes_of_the_declaration_are_named(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    landing = Landing(tmp_path)
    landing.declare(DECLARED.format(place="database: erp.duckdb", more="").replace(*change))
    with pytest.raises(OrderhouseError, match=sentence):
        load_sources(landing.sources_file)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landing = Landing(tmp_path)
    landing.declare(DECLARED.format(place="database_env: ERP_DATABASE", more=""))
    monkeypatch.delenv("ERP_DATABASE", raising=False)
    [source] = load_sources(landing.sources_file).sources.values()
    assert source.table is not None
    with pytest.raises(OrderhouseError, match="The variable ERP_DATABASE, with .* is not set"):
        table_batches.newest_cursor(source, source.table)
    monkeypatch.setenv("ERP_DATABASE", "none.duckdb")
    with pytest.raises(StoreRefused, match=r"there is no file .*none\.duckdb"):
        table_batches.newest_cursor(source, source.table)
    monkeypatch.setenv("ERP_DATABASE", "postgresql://orderhouse:secret@127.0.0.1:9/none")
    with pytest.raises(StoreRefused) as refused:
        table_batches.newest_cursor(source, source.table)
    assert "secret" not in refused.value.message
