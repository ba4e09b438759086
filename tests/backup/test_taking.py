"""Tests of taking, listing, verifying and pruning backups."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse import faults
from orderhouse.backup.contents import DERIVED, PRIMARY
from orderhouse.backup.keeping import list_backups, prune, verify_backups
from orderhouse.backup.repository import CHUNK_BYTES, Repository
from orderhouse.backup.snapshot import left_snapshots
from orderhouse.backup.taking import TakenBackup, back_up
from orderhouse.cli.application import run_command
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import BACKUP, run_lock

from tests.backup.conftest import Shop
from tests.ingest.landing import ORDERS_HEADER
from tests.properties.killing import KILLED, ended, start


def taken(shop: Shop, wait_seconds: float = 0) -> TakenBackup:
    return back_up(shop.settings, shop.place, wait_seconds=wait_seconds)


def chunks_of(shop: Shop) -> dict[str, Path]:
    return {path.name: path for path in Path(shop.place, "chunks").rglob("*") if path.is_file()}


def take_in_a_process(home: str, sources: str, place: str, fault: str) -> None:
    """Take a backup, and be killed by a fault."""
    os.environ[faults.VARIABLE] = fault
    back_up(Settings(home=Path(home), sources=Path(sources)), place, wait_seconds=0)


def prune_in_a_process(place: str, fault: str) -> None:
    os.environ[faults.VARIABLE] = fault
    prune(place, 1)


def test_every_path_of_a_home_is_backed_up_or_can_be_made_again() -> None:
    paths = {
        name
        for name, found in vars(Settings).items()
        if isinstance(found, property) and "Path" in str(_return_of(found))
    }
    assert paths <= PRIMARY | DERIVED
    assert not PRIMARY & DERIVED


def _return_of(found: property) -> object:
    return found.fget.__annotations__["return"] if found.fget else ""


def test_second_backup_stores_only_what_is_new(shop: Shop) -> None:
    assert taken(shop).new_files > 5
    before = chunks_of(shop)
    assert taken(shop).new_files == 0
    assert chunks_of(shop).keys() == before.keys()
    found, problems = list_backups(shop.place)
    assert (len(found), problems) == (2, [])


def test_files_that_begin_alike_share_their_chunks(tmp_path: Path) -> None:
    repository = Repository(str(tmp_path))
    repository.begin_writing()
    start_of_file = os.urandom(CHUNK_BYTES)
    names = ("one", "two")
    for name in names:
        (tmp_path / name).write_bytes(start_of_file + name.encode())
    with contextlib.ExitStack() as stack:
        stored = list(repository.add(stack.enter_context((tmp_path / name).open("rb")) for name in names))
    assert stored[0][2][0] == stored[1][2][0]
    assert len(list((tmp_path / "chunks").rglob("*/*"))) == 3


def test_only_the_owner_may_read_a_backup(shop: Shop) -> None:
    taken(shop)
    found = [Path(shop.place), *Path(shop.place).rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in found} == {0}


def test_run_that_meets_a_backup_waits_and_is_told(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with run_lock(shop.settings, BACKUP):
        released = threading.Timer(0.5, lambda: None)
        waiting = threading.Thread(target=_lock_once, args=(shop.settings,))
        waiting.start()
        released.start()
        time.sleep(0.5)
    waiting.join(20)
    assert not waiting.is_alive()
    assert any("Waiting for backup" in record.getMessage() for record in caplog.records)


def _lock_once(settings: Settings) -> None:
    with run_lock(settings, "run", wait_seconds=0):
        pass


def test_backup_that_meets_a_run_waits_for_it(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with run_lock(shop.settings, "run"):
        with pytest.raises(LockHeld, match=r"held by run \(process"):
            taken(shop)
        thread = threading.Thread(target=taken, args=(shop, 60.0))
        with caplog.at_level(logging.WARNING):
            thread.start()
            time.sleep(0.5)
        assert not list(Path(shop.place).rglob("*.json"))
    thread.join(60)
    assert len(list_backups(shop.place)[0]) == 1


@pytest.mark.parametrize("fault", ["backup_copied", "backup_chunk:3", "backup_before_manifest"])
def test_killed_backup_leaves_no_manifest_and_the_next_one_clears_up(shop: Shop, fault: str) -> None:
    sources = str(shop.sources_file)
    home = str(shop.settings.home)
    assert ended(start(take_in_a_process, home, sources, shop.place, fault)) in KILLED
    assert list_backups(shop.place) == ([], [])
    assert bool(left_snapshots(shop.settings)) == (fault != "backup_before_manifest")
    Path(shop.place, "chunks", "aa").mkdir(parents=True, exist_ok=True)
    draft = Path(shop.place, "chunks", "aa", ".half.part")
    draft.write_bytes(b"half")
    taken(shop)
    assert not left_snapshots(shop.settings)
    assert not draft.exists()
    assert verify_backups(shop.place).problems == []


def test_backups_of_two_homes_are_not_mixed(shop: Shop, tmp_path: Path) -> None:
    taken(shop)
    other = Shop(tmp_path / "other")
    other.folder.mkdir()
    other.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    other.write("feeds/orders-Z.csv", ORDERS_HEADER)
    other.ingest()
    with pytest.raises(OrderhouseError, match="holds backups of another home"):
        back_up(other.settings, shop.place, wait_seconds=0)


def test_backup_is_not_put_into_a_folder_that_is_backed_up(shop: Shop) -> None:
    with pytest.raises(OrderhouseError, match="is itself backed up"):
        back_up(shop.settings, str(shop.settings.landing / "backups"), wait_seconds=0)


def test_home_without_rows_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="nothing to back up"):
        back_up(Settings(home=tmp_path / "home"), str(tmp_path / "backups"), wait_seconds=0)


def test_webhook_bodies_that_wait_to_be_received_are_backed_up(shop: Shop) -> None:
    landing = shop.settings.landing
    landing.mkdir()
    received = next((shop.folder / "feeds").iterdir())
    (landing / "received.csv").write_bytes(received.read_bytes())
    (landing / "waiting.csv").write_text("new")
    (landing / ".half.part").write_text("half")
    manifest = taken(shop).manifest
    assert [file.path for file in manifest.files if file.path.startswith("landing/")] == ["landing/waiting.csv"]


def test_operations_are_copied_while_a_program_writes_to_them(shop: Shop, tmp_path: Path) -> None:
    path = shop.settings.operations / "operations.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("pragma journal_mode = wal")
        writer.execute("insert into outbox values ('committed')")
        writer.execute("begin immediate")
        writer.execute("insert into outbox values ('not committed')")
        manifest = taken(shop).manifest
        writer.execute("rollback")
    file = manifest.find("operations/operations.sqlite")
    assert file is not None
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(b"".join(Repository(shop.place).read_chunk(chunk) for chunk in file.chunks))
    with contextlib.closing(sqlite3.connect(copy)) as found:
        assert found.execute("select message from outbox").fetchall() == [("hello",), ("committed",)]


def test_damaged_published_version_is_left_out_and_said(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    for path in shop.settings.published.glob("*.json"):
        path.write_bytes(b"{")
    manifest = taken(shop).manifest
    assert manifest.published is None
    assert manifest.find("warehouse/raw.duckdb") is not None
    assert "The published version is left out of the backup" in caplog.text


def test_prune_removes_old_backups_and_nothing_that_a_kept_one_names(shop: Shop) -> None:
    taken(shop)
    shop.write("feeds/orders-C.csv", ORDERS_HEADER)
    shop.ingest()
    newest = taken(shop).manifest
    assert len(prune(shop.place, 1).removed) == 1
    assert chunks_of(shop).keys() == newest.chunks
    assert verify_backups(shop.place).problems == []
    with pytest.raises(OrderhouseError, match="at least 1"):
        prune(shop.place, 0)


@pytest.mark.parametrize("fault", ["prune_manifest", "prune_chunk"])
def test_killed_prune_hurts_no_backup_that_is_kept(shop: Shop, fault: str) -> None:
    taken(shop)
    shop.write("feeds/orders-C.csv", ORDERS_HEADER)
    shop.ingest()
    newest = taken(shop).manifest
    assert ended(start(prune_in_a_process, shop.place, fault)) in KILLED
    assert verify_backups(shop.place, newest.backup_id).problems == []
    prune(shop.place, 1)
    assert chunks_of(shop).keys() == newest.chunks


def test_prune_removes_nothing_while_a_kept_manifest_cannot_be_read(shop: Shop) -> None:
    taken(shop)
    newest = taken(shop).manifest
    path = Path(shop.place, "backups", f"{newest.backup_id}.json")
    path.write_bytes(path.read_bytes().replace(b"raw.duckdb", b"raw.duckdc"))
    before = chunks_of(shop)
    with pytest.raises(OrderhouseError, match="is damaged"):
        prune(shop.place, 1)
    assert chunks_of(shop) == before
    assert len(list_backups(shop.place)[1]) == 1


def _damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    match how:
        case "flipped":
            content[len(content) // 2] ^= 1
        case "zeros":
            content = bytearray(len(content))
        case "truncated":
            content = content[: len(content) // 2]
    path.write_bytes(content)
    if how == "missing":
        path.unlink()


@pytest.mark.parametrize("how", ["flipped", "zeros", "truncated", "missing"])
@pytest.mark.parametrize("kind", ["warehouse/raw.duckdb", "vault/originals/"])
def test_damaged_chunk_is_found_and_written_again_by_the_next_backup(
    shop: Shop, kind: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = taken(shop).manifest
    file = next(file for file in manifest.files if file.path.startswith(kind))
    _damage(chunks_of(shop)[file.chunks[0]], how)
    assert run_command(["backup", "verify", shop.place]) == 1
    assert file.path in capsys.readouterr().err
    taken(shop)
    assert run_command(["backup", "verify", shop.place]) == 0


def test_place_before_the_name_of_a_command_takes_a_backup(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(shop.settings.home)]
    assert run_command([*home, "backup", shop.place]) == 0
    assert run_command([*home, "backup", "list", shop.place]) == 0
    assert run_command([*home, "backup", "prune", shop.place, "--keep", "1"]) == 0
    printed = capsys.readouterr().out
    assert "are new or changed" in printed and "Removed 0 backups" in printed


@pytest.fixture
def locked_place(shop: Shop) -> Iterator[str]:
    """Yield a place that another process uses."""
    with Repository(shop.place).turn("prune"):
        yield shop.place


def test_place_in_use_is_refused_by_name(shop: Shop, locked_place: str) -> None:
    with pytest.raises(LockHeld, match="Another process uses"):
        taken(shop)
