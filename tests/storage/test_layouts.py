"""Tests of layouts: earlier files are brought forward whole or not at all, later ones are refused with a sentence."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from orderhouse import faults
from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import publish
from orderhouse.settings import Settings
from orderhouse.storage import layouts
from orderhouse.storage.layouts import LAYOUTS, MIGRATIONS, Migration, layout_of
from orderhouse.storage.readers import open_published
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

from tests.properties.killing import KILLED, ended, start
from tests.serve.built_home import make_build

NEXT = LAYOUTS["raw"] + 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home with one batch, a vault and a published version."""
    found = make_build(tmp_path)
    publish(found)
    with open_raw(found) as raw:
        raw.execute("insert into raw.batches values (1, now()::timestamp, now()::timestamp)")
    open_vault(found).connection.close()
    return found


def change(path: Path, statement: str) -> None:
    path.chmod(0o600)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{path}' as held")
        connection.execute("use held")
        connection.execute(statement)


def _double(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("alter table raw.batches add column doubled bigint")
    connection.execute("update raw.batches set doubled = 2 * batch_id")


def with_a_migration(apply: Callable[[duckdb.DuckDBPyConnection], None] = _double) -> None:
    """Give the present program one more migration of raw databases."""
    MIGRATIONS["raw"] = (*MIGRATIONS["raw"], Migration(NEXT, "batches are doubled", apply))
    LAYOUTS["raw"] = NEXT


def migrate_in_a_process(home: str, fault: str) -> None:
    """Bring a home forward, and be killed by a fault."""
    with_a_migration()
    os.environ[faults.VARIABLE] = fault
    open_raw(Settings(home=Path(home))).close()


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the program one more migration for a test."""
    monkeypatch.setattr(layouts, "MIGRATIONS", dict(MIGRATIONS))
    monkeypatch.setattr(layouts, "LAYOUTS", dict(LAYOUTS))
    layouts.MIGRATIONS["raw"] = (*MIGRATIONS["raw"], Migration(NEXT, "batches are doubled", _double))
    layouts.LAYOUTS["raw"] = NEXT


def doubled(settings: Settings) -> list[tuple[int]]:
    with open_raw(settings, read_only=True) as raw:
        return raw.execute("select doubled from raw.batches").fetchall()


def test_versions_of_migrations_have_no_gaps() -> None:
    for kind, migrations in MIGRATIONS.items():
        assert [each.version for each in migrations] == list(range(2, LAYOUTS[kind] + 1))


def test_new_files_have_the_present_layout(settings: Settings) -> None:
    with open_raw(settings, read_only=True) as raw, open_vault(settings) as vault:
        assert (layout_of(raw), layout_of(vault.connection)) == (LAYOUTS["raw"], LAYOUTS["vault"])


def test_file_of_a_release_without_versions_is_of_version_one_and_brought_forward(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (settings.raw_db, settings.vault_db):
        change(path, "drop schema meta cascade")
    with open_raw(settings, read_only=True) as raw:
        assert layout_of(raw) == 1
    with caplog.at_level(logging.WARNING):
        open_raw(settings).close()
    assert "To go back to the earlier release, restore a backup" in caplog.text
    with open_raw(settings) as raw, open_vault(settings) as vault:
        assert (layout_of(raw), layout_of(vault.connection)) == (LAYOUTS["raw"], LAYOUTS["vault"])
        assert raw.execute("select count(*) from raw.batches").fetchall() == [(1,)]


def test_migration_is_done_once(settings: Settings, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("one_more")
    for _ in range(2):
        open_raw(settings).close()
    assert doubled(settings) == [(2,)]


def test_killed_migration_leaves_the_file_as_it_was_and_runs_again(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    assert ended(start(migrate_in_a_process, str(settings.home), "migrated_raw")) in KILLED
    with open_raw(settings) as raw:
        assert layout_of(raw) == NEXT - 1
        assert "doubled" not in [name for name, *_ in raw.execute("describe raw.batches").fetchall()]
    request.getfixturevalue("one_more")
    open_raw(settings).close()
    assert doubled(settings) == [(2,)]


def test_failed_migration_is_taken_back(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: duckdb.DuckDBPyConnection) -> None:
        _double(connection)
        raise RuntimeError("no")

    monkeypatch.setattr(layouts, "MIGRATIONS", {"raw": (Migration(NEXT, "fails", fail),)})
    monkeypatch.setattr(layouts, "LAYOUTS", {**LAYOUTS, "raw": NEXT})
    with contextlib.closing(duckdb.connect(":memory:")) as connection:
        connection.execute(f"attach '{settings.raw_db}' as held")
        connection.execute("use held")
        with pytest.raises(RuntimeError, match="no"):
            layouts.bring_forward(connection, "raw", settings.raw_db)
        assert layout_of(connection) == NEXT - 1
        assert "doubled" not in [name for name, *_ in connection.execute("describe raw.batches").fetchall()]


def test_file_of_a_later_release_is_refused_with_a_sentence(settings: Settings) -> None:
    later = "insert into meta.layouts values (99, now()::timestamp, '9.9')"
    version = next(settings.published.glob("warehouse-*.duckdb"))
    change(version, "create table meta.layouts as select 99 as version")
    with pytest.raises(OrderhouseError, match=r"A later release wrote .*warehouse-1.duckdb: its layout has version 99"):
        open_published(settings)
    change(settings.vault_db, later)
    with pytest.raises(OrderhouseError, match=r"A later release wrote .*vault.duckdb"):
        open_vault(settings)
    change(settings.raw_db, later)
    for read_only in (True, False):
        with pytest.raises(OrderhouseError, match=r"A later release wrote .*raw.duckdb.*restore a backup"):
            open_raw(settings, read_only=read_only)
