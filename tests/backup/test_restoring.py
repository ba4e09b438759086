"""Tests of restores: what comes back, what is refused, and what a kill leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orderhouse import faults
from orderhouse.backup import rebuilding, restoring
from orderhouse.backup.erased_tokens import announce_erasures, listed_tokens
from orderhouse.backup.manifest import BackupManifest, read_manifest
from orderhouse.backup.repository import Repository
from orderhouse.backup.restoring import TablesDiffer, restore
from orderhouse.backup.taking import back_up
from orderhouse.cli.application import run_command
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage import layouts
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.transform import building, dbt
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import open_vault

from tests.backup.conftest import ANN, BEN, Shop, content
from tests.ingest.landing import ORDERS_HEADER
from tests.properties.killing import KILLED, ended, start
from tests.properties.thoroughness import times

KILLS = ["restore_file:3", "restore_moved:2", "restore_built", "restore_epoch", "restore_obeyed", "restore_moved"]


def taken(shop: Shop) -> BackupManifest:
    return back_up(shop.settings, shop.place, wait_seconds=0).manifest


def restore_in_a_process(place: str, home: str, project: str, fault: str) -> None:
    """Restore, and be killed by a fault."""
    dbt.project_folder = building.project_folder = lambda: Path(project)  # type: ignore[attr-defined]
    os.environ[faults.VARIABLE] = fault
    restore(Settings(home=Path(home)), place)


def sources_of_raw(settings: Settings) -> list[tuple[object, ...]]:
    with open_raw(settings, read_only=True) as raw:
        return raw.execute("select order_id, _batch_id from raw.orders order by 1").fetchall()


def test_restored_home_has_the_same_tables_people_and_originals(shop: Shop, restored: Settings) -> None:
    manifest = taken(shop)
    done = restore(restored, shop.place)
    assert content(restored.home) == content(shop.settings.home)
    assert done.rebuilt is not None and done.rebuilt.compared >= 3 and not done.rebuilt.differences
    assert done.epoch == manifest.epoch + 1
    assert sources_of_raw(restored) == sources_of_raw(shop.settings)
    with open_vault(restored) as vault, open_raw(restored, read_only=True) as raw:
        values = {value for (value,) in vault.connection.execute("select value from personal").fetchall()}
        kept = Originals(restored, vault.keys)
        files = raw.execute("select file_id, path, size_bytes from raw.files").fetchall()
        assert all(kept.file(*file).open().read() for file in files)
    assert {ANN, BEN} <= values
    assert (restored.operations / "operations.sqlite").exists()
    assert restored.vault.stat().st_mode & 0o077 == 0 and restored.vault_keys.stat().st_mode & 0o077 == 0
    assert not restored.restoring.exists()


def test_backup_taken_while_runs_follow_each_other_restores_to_what_was_published_then(
    shop: Shop, restored: Settings
) -> None:
    shop.write("feeds/orders-C.csv", ORDERS_HEADER + "C,2026-01-03T10:00:00Z,2026-01-03T10:00:00Z,EUR,\n")
    shop.ingest()  # received, but not published yet
    taken(shop)
    shop.publish()
    done = restore(restored, shop.place)
    assert done.rebuilt is not None and done.rebuilt.compared and not done.rebuilt.differences
    assert len(content(restored.home)["orders"]) == 2  # type: ignore[arg-type]
    assert [order for order, _ in sources_of_raw(restored)] == ["A", "B", "C"]


def test_tables_are_compared_though_the_record_of_the_build_was_lost(shop: Shop, restored: Settings) -> None:
    (shop.settings.warehouse / "build.json").unlink()
    taken(shop)
    done = restore(restored, shop.place)
    assert done.rebuilt is not None and done.rebuilt.compared >= 3 and not done.rebuilt.differences


def test_nothing_is_lost_or_kept_wrongly_after_a_restore_and_another_file(shop: Shop, restored: Settings) -> None:
    taken(shop)
    shop.deliver("X", 3, BEN)
    restore(restored, shop.place)
    (shop.folder / "feeds" / "orders-X.csv").unlink()
    shop.write("feeds/orders-Y.csv", ORDERS_HEADER + "Y,2026-01-04T10:00:00Z,2026-01-04T10:00:00Z,EUR,\n")
    back = Shop(shop.folder)
    restored.home.rename(shop.folder / "back")
    shop.settings.home.rename(shop.folder / "former")
    (shop.folder / "back").rename(shop.folder / "home")
    back.ingest()
    back.publish()
    assert [order for order, _ in content(back.settings.home)["orders"]] == ["A", "B", "Y"]  # type: ignore[attr-defined]


def test_home_with_anything_in_it_is_refused(shop: Shop, restored: Settings) -> None:
    taken(shop)
    restored.home.mkdir()
    (restored.home / "notes.txt").write_text("mine")
    with pytest.raises(OrderhouseError, match=r"is not empty: it holds notes.txt"):
        restore(restored, shop.place)
    assert [path.name for path in restored.home.iterdir()] == ["notes.txt"]


def test_damaged_backup_is_refused_before_anything_is_in_force(shop: Shop, restored: Settings) -> None:
    manifest = taken(shop)
    for name in ("warehouse/raw.duckdb", "vault/keys"):
        file = manifest.find(name)
        assert file is not None
        path = next(Path(shop.place, "chunks").rglob(file.chunks[0]))
        path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(OrderhouseError, match=r"damaged in vault/keys, warehouse/raw.duckdb. Nothing was restored"):
        restore(restored, shop.place)
    assert not restored.raw_db.exists()
    with pytest.raises(OrderhouseError, match="has not ended"), run_lock(restored, "run"):
        pass


def test_backup_of_a_later_release_is_refused(shop: Shop, restored: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    taken(shop)
    monkeypatch.setitem(restoring.LAYOUTS, "raw", layouts.LAYOUTS["raw"] - 1)
    with pytest.raises(OrderhouseError, match=r"A later release took the backup .* Install that release"):
        restore(restored, shop.place)


def test_second_restore_into_the_same_home_is_refused(shop: Shop, restored: Settings) -> None:
    taken(shop)
    with restoring._alone(restored), pytest.raises(LockHeld, match="Another restore into"):
        restore(restored, shop.place)


def test_place_without_backups_is_refused(shop: Shop, restored: Settings) -> None:
    with pytest.raises(OrderhouseError, match="There is no backup in"):
        restore(restored, shop.place)
    taken(shop)
    with pytest.raises(OrderhouseError, match="There is no backup 1 in"):
        restore(restored, shop.place, backup_id="1")


@pytest.mark.parametrize("fault", KILLS[: times(2, many=len(KILLS))])
def test_killed_restore_is_continued_by_the_same_command(
    shop: Shop, restored: Settings, small_project: Path, fault: str
) -> None:
    taken(shop)
    assert ended(start(restore_in_a_process, shop.place, str(restored.home), str(small_project), fault)) in KILLED
    with pytest.raises(OrderhouseError, match="has not ended"), run_lock(restored, "run"):
        pass
    restore(restored, shop.place)
    assert content(restored.home) == content(shop.settings.home)
    with run_lock(restored, "run"):
        assert sources_of_raw(restored) == sources_of_raw(shop.settings)


def test_people_erased_after_the_backup_stay_erased(shop: Shop, restored: Settings) -> None:
    taken(shop)
    sources = str(shop.sources_file)
    left = shop.settings.home / ".snapshot-of-a-killed-backup"
    left.mkdir()
    (left / ".lock").touch()
    assert run_command(["--home", str(shop.settings.home), "erase", ANN, "--yes", "--sources", sources]) == 0
    assert not left.exists()
    done = restore(restored, shop.place)
    assert done.obeyed == len(listed_tokens(shop.settings)) > 0
    assert content(restored.home) == content(shop.settings.home)
    found = {path: path.read_bytes() for path in restored.vault.rglob("*") if path.is_file()}
    assert not [path for path, text in found.items() if ANN.encode() in text]
    with open_vault(restored) as vault, open_raw(restored, read_only=True) as raw:
        kept = Originals(restored, vault.keys)
        files = raw.execute("select file_id, path, size_bytes from raw.files where path like '%-A.csv'").fetchall()
        assert all(ANN.encode() not in kept.file(*file).open().read() for file in files)
        assert BEN in {value for (value,) in vault.connection.execute("select value from personal").fetchall()}


def test_erasure_is_named_where_the_backups_are_out_of_reach(
    shop: Shop, restored: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    taken(shop)
    Path(shop.place).rename(shop.folder / "unplugged")
    sources = str(shop.sources_file)
    assert run_command(["--home", str(shop.settings.home), "erase", ANN, "--yes", "--sources", sources]) == 0
    assert "out of reach and do not know of this erasure" in capsys.readouterr().out.replace("\n", " ")
    assert not Path(shop.place).exists()
    (shop.folder / "unplugged").rename(shop.place)
    assert announce_erasures(shop.settings) == []
    assert Repository(shop.place).erased_tokens() == listed_tokens(shop.settings)
    _ = restored


def _with_other_hash(shop: Shop, manifest: BackupManifest) -> None:
    path = Path(shop.place, "backups", f"{manifest.backup_id}.json")
    assert manifest.published is not None
    rows, _hash = manifest.published.tables["marts.fct_orders"]
    manifest.published.tables["marts.fct_orders"] = (rows, "0-0")
    path.write_bytes(manifest.to_bytes())
    assert read_manifest(path.read_bytes(), "") == manifest


def test_tables_that_differ_from_the_backup_are_refused_by_name(shop: Shop, restored: Settings) -> None:
    _with_other_hash(shop, taken(shop))
    with pytest.raises(TablesDiffer, match=r"marts.fct_orders has other content in the same number of rows \(2\)"):
        restore(restored, shop.place)
    assert not restored.published.exists()
    done = restore(restored, shop.place, accept_differences=True)
    assert done.rebuilt is not None and len(done.rebuilt.differences) == 1
    assert content(restored.home) == content(shop.settings.home)


def test_tables_of_other_definitions_are_named_and_not_refused(
    shop: Shop, restored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_other_hash(shop, taken(shop))
    monkeypatch.setattr(rebuilding, "changed_parts", lambda before, after: ["the dbt project"])
    done = restore(restored, shop.place)
    assert done.rebuilt is not None and done.rebuilt.changed == ("the dbt project",)
