"""Fixtures of a small home with everything that a backup holds: rows, people, originals, tables, operations."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.serve.publishing import publish
from orderhouse.settings import Settings
from orderhouse.storage.build_record import record_audit
from orderhouse.transform import build, building, dbt

from tests.ingest.landing import ORDERS_HEADER, Landing
from tests.transform.small_project import write_project

ANN, BEN = "ann.quitten@example.com", "ben.holunder@example.com"
ORDER = "{id},2026-01-0{day}T10:00:00Z,2026-01-0{day}T10:00:00Z,EUR,{email}\n"


class Shop(Landing):
    """Home of one shop, with the small dbt project."""

    @property
    def place(self) -> str:
        """Return the folder of its backups."""
        return str(self.folder / "backups")

    def deliver(self, name: str, day: int, email: str) -> None:
        """Write a file with one order, and receive, build and publish it."""
        self.write(f"feeds/orders-{name}.csv", ORDERS_HEADER + ORDER.format(id=name, day=day, email=email))
        self.ingest()
        self.publish()

    def publish(self) -> None:
        """Build and publish what was received."""
        build(self.settings, as_of="data")
        record_audit(self.settings, passed=True)
        publish(self.settings)


@pytest.fixture(scope="package", autouse=True)
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write the small project in the place of the real one."""
    folder = write_project(tmp_path_factory.mktemp("small") / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "project_folder", lambda: folder)
        patch.setattr(building, "project_folder", lambda: folder)
        yield folder


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory, small_project: Path) -> Shop:
    """Make the home once."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    shop.deliver("A", 1, ANN)
    shop.deliver("B", 2, BEN)
    (shop.settings.operations).mkdir()
    with sqlite3.connect(shop.settings.operations / "operations.sqlite") as store:
        store.execute("create table outbox (message text)")
        store.execute("insert into outbox values ('hello')")
    store.close()
    return shop


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    """Return a copy of the home, whose sources file reads the copied feeds."""
    shutil.copytree(made.folder, tmp_path / "shop")
    return Shop(tmp_path / "shop")


@pytest.fixture
def restored(tmp_path: Path) -> Settings:
    """Return the settings of a home that does not exist yet."""
    return Settings(home=tmp_path / "restored")


def content(home: Path) -> dict[str, object]:
    """Return what readers see in a home: the orders, and the ages of the published version."""
    import duckdb

    path = home / "published" / (home / "published" / "current").read_text().strip()
    with duckdb.connect(str(path), read_only=True) as version:
        return {
            "orders": version.execute("select order_id, placed_at from marts.fct_orders order by all").fetchall(),
            "ages": version.execute("select * from marts.fct_ages order by all").fetchall(),
        }
