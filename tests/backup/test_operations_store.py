"""Tests of backups of an operations store in PostgreSQL: its rows come back, into PostgreSQL or a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import psycopg
import pytest
from orderhouse.backup.restoring import restore
from orderhouse.backup.taking import back_up
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries, record, verify
from orderhouse.settings import Settings

from tests.backup.conftest import Shop
from tests.operations.conftest import postgresql

__all__ = ["postgresql"]

Databases = tuple[str, str]


@pytest.fixture
def databases(postgresql: str, tmp_path: Path) -> Databases:
    """Create two empty databases; return their addresses."""
    names = [f"{part}_{tmp_path.name}".lower() for part in ("shop", "restored")]
    with psycopg.connect(f"{postgresql}/postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f'create database "{name}"')
    return f"{postgresql}/{names[0]}", f"{postgresql}/{names[1]}"


@pytest.fixture
def filled(shop: Shop, databases: Databases) -> Settings:
    """Return the settings of a home with a store in PostgreSQL, of which a backup was taken after three rows."""
    settings = shop.settings.model_copy(update={"operations_url": Settings(operations_url=databases[0]).operations_url})
    for number in range(3):
        record(settings, actor="ann", role="admin", action="export", subject=f"table {number}")
    back_up(settings, shop.place, wait_seconds=0)
    return settings


def at(home: Path, address: str | None = None) -> Settings:
    return Settings(home=home, operations_url=address)


def subjects(settings: Settings) -> list[str]:
    return [entry.subject for entry in entries(settings)]


def test_rows_come_back_into_another_database(
    shop: Shop, filled: Settings, databases: Databases, tmp_path: Path
) -> None:
    new = at(tmp_path / "restored", databases[1])
    done = restore(new, shop.place)
    assert subjects(new) == subjects(filled) != []
    assert verify(new).problems == [] and done.notes == []
    assert not (new.operations / "operations.sqlite").exists()
    record(new, actor="ann", role="admin", action="export", subject="later")
    assert verify(new).problems == []


def test_home_restored_without_postgresql_goes_on_with_a_file(shop: Shop, filled: Settings, tmp_path: Path) -> None:
    new = at(tmp_path / "restored")
    restore(new, shop.place)
    assert subjects(new) == subjects(filled) != []
    record(new, actor="ann", role="admin", action="export", subject="later")
    assert verify(new).problems == []
    assert (new.operations / "operations.sqlite").stat().st_mode & 0o077 == 0


def test_database_that_survived_keeps_its_later_rows(
    shop: Shop, filled: Settings, databases: Databases, tmp_path: Path
) -> None:
    record(filled, actor="ann", role="admin", action="export", subject="after the backup")
    new = at(tmp_path / "restored", databases[0])
    assert restore(new, shop.place).notes == []
    assert len(subjects(new)) == 4
    assert list(new.operations.glob("*.sqlite")) == []


def test_database_with_other_rows_is_left_as_it_is_and_named(
    shop: Shop, filled: Settings, databases: Databases, tmp_path: Path
) -> None:
    other = at(tmp_path / "other", databases[1])
    other.home.mkdir()
    record(other, actor="ben", role="admin", action="export", subject="of another home")
    new = at(tmp_path / "restored", databases[1])
    (note,) = restore(new, shop.place).notes
    assert "has rows already and lacks some of the backup" in note and "not-for-the-log" not in note
    assert subjects(new) == ["of another home"]
    with sqlite3.connect(new.operations / "operations-restored.sqlite") as kept:
        assert kept.execute("select count(*) from audit_log").fetchall() == [(3,)]


def test_store_that_cannot_be_reached_is_no_backup_without_it(shop: Shop) -> None:
    address = Settings(operations_url="postgresql://orderhouse:secret@127.0.0.1:1/none").operations_url
    settings = shop.settings.model_copy(update={"operations_url": address})
    with pytest.raises(OrderhouseError, match="The operations store") as refused:
        back_up(settings, shop.place, wait_seconds=0)
    assert "secret" not in refused.value.message
    assert not list(Path(shop.place).glob("backups/*"))
