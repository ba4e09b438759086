"""Tests of the doctor: each kind of damage to each kind of file is found, named, and repaired only where it is safe."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.doctor.examining import Examination, examine
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.serve.publishing import current_version, versions_locked
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.warehouse import open_raw, run_lock

from tests.backup.conftest import Shop, content

HOWS = ("truncated", "zeros", "flipped", "missing")
KINDS = ("raw", "vault", "keys", "work", "warehouse", "record", "published", "description", "original", "operations",
         "pointer")  # fmt: skip


def damage(path: Path, how: str) -> None:
    """Damage a file. A flipped byte is one of every 512, since a database file also has free blocks.

    SQLite has no checksums: it notices a changed head of a page, which is every 4,096 bytes, and no changed value.
    """
    found = bytearray(path.read_bytes())
    path.chmod(0o600)
    match how:
        case "truncated":
            path.write_bytes(found[: len(found) // 2])
        case "zeros":
            path.write_bytes(bytes(len(found)))
        case "flipped":
            for place in range(4096 if path.suffix == ".sqlite" else len(found) // 3, len(found), 512):
                found[place] ^= 0x55
            path.write_bytes(found)
        case "missing":
            path.unlink()


def named(found: Examination) -> list[str]:
    return [Path(finding.where).name for finding in found.findings]


def file_of(shop: Shop, name: str) -> Path:
    settings = shop.settings
    version = current_version(settings)
    assert version is not None
    original = next(path for path in settings.originals.glob("*/*") if not path.suffix)
    return {
        "raw": settings.raw_db,
        "vault": settings.vault_db,
        "keys": settings.vault_keys,
        "work": settings.work_db,
        "warehouse": settings.warehouse_db,
        "record": settings.warehouse / "build.json",
        "published": version.path,
        "description": version.path.with_suffix(".json"),
        "pointer": settings.published / "current",
        "original": original,
        "operations": settings.operations / "operations.sqlite",
    }[name]


def test_healthy_home_has_no_findings(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = examine(shop.settings)
    assert (found.findings, found.hints, found.repaired) == ([], [], [])
    assert run_command(["--home", str(shop.settings.home), "doctor"]) == 0
    assert "is healthy" in capsys.readouterr().out


@pytest.mark.parametrize("how", HOWS)
def test_damaged_file_of_each_kind_is_found_and_named(shop: Shop, how: str) -> None:
    for name in KINDS:
        path = file_of(shop, name)
        whole = path.read_bytes()
        damage(path, how)
        found = examine(shop.settings)
        if how == "missing" and name in ("original", "operations"):  # it may rightly not be there
            assert found.findings == []
        else:
            # A version without its description is named by itself, a lost version by the pointer.
            expected = {
                "description": path.with_suffix(".duckdb").name,
                "published": "current" if how == "missing" else path.name,
            }.get(name, path.name)
            assert expected in named(found), (name, how, found.findings)
            assert all(finding.what and finding.cure for finding in found.findings)
        path.write_bytes(whole)
        path.chmod(0o600)
    assert examine(shop.settings).findings == []


@pytest.mark.parametrize(("name", "how"), [("work", "flipped"), ("warehouse", "missing")])
def test_derived_tables_are_built_again(shop: Shop, name: str, how: str) -> None:
    before = load_record(shop.settings)
    damage(file_of(shop, name), how)
    found = examine(shop.settings, repairs=True)
    assert found.findings == []
    assert found.repaired == [
        "Built every table from empty files. Next: orderhouse run, which audits and publishes them"
    ]
    after = load_record(shop.settings)
    assert before is not None and after is not None
    assert (after.as_of_mode, after.as_of) == (before.as_of_mode, before.as_of)


@pytest.mark.parametrize("name", ["published", "description", "pointer"])
def test_readers_get_the_newest_version_that_is_whole(shop: Shop, name: str) -> None:
    before = content(shop.settings.home)
    damage(file_of(shop, name), "zeros")
    found = examine(shop.settings, repairs=True)
    assert found.findings == []
    version = current_version(shop.settings)
    assert version is not None and version.number == (2 if name == "pointer" else 1)
    if name == "pointer":
        assert content(shop.settings.home) == before


def test_last_version_is_published_again_from_the_tables_that_it_came_from(shop: Shop) -> None:
    before = content(shop.settings.home)
    for path in shop.settings.published.glob("warehouse-*.duckdb"):
        damage(path, "truncated")
    found = examine(shop.settings, repairs=True)
    assert found.findings == []
    assert "Published version" in found.repaired[-1]
    assert content(shop.settings.home) == before


@pytest.mark.parametrize("name", ["raw", "vault", "keys", "original"])
def test_repair_never_touches_rows_keys_values_and_originals(shop: Shop, name: str) -> None:
    path = file_of(shop, name)
    damage(path, "zeros")
    untouched = {
        each: each.read_bytes()
        for folder in (shop.settings.vault, shop.settings.warehouse)
        for each in folder.rglob("*")
        if each.is_file()
    }
    found = examine(shop.settings, repairs=True)
    assert path.name in named(found)
    assert {each: each.read_bytes() for each in untouched} == untouched


def test_permissions_and_leftovers_are_repaired(shop: Shop) -> None:
    settings = shop.settings
    settings.vault_keys.chmod(0o644)
    settings.vault.chmod(0o755)
    left = [settings.home / ".snapshot-abc", settings.vault / "vault.duckdb.new", settings.published / ".incoming-9"]
    left[0].mkdir()
    (left[0] / "raw.duckdb").write_text("half")
    (left[0] / ".lock").touch()
    for path in left[1:]:
        path.write_text("half")
    assert len(examine(settings).findings) == 5
    settings.vault.chmod(0o755)  # opening the vault corrects its folder
    found = examine(settings, repairs=True)
    assert (len(found.repaired), found.findings) == (5, [])
    assert not any(path.exists() for path in left)
    assert settings.vault_keys.stat().st_mode & 0o777 == 0o600


def test_rows_that_the_ledger_counts_and_the_tables_lack_are_found(shop: Shop) -> None:
    with open_raw(shop.settings) as raw:
        raw.execute("delete from received.orders where order_id = 'A'")
    found = examine(shop.settings)
    assert [finding.what.rpartition("/")[2] for finding in found.findings] == [
        "orders-A.csv: the ledger counts 1 row of orders, and the number stored is 0."
    ]


def test_ledger_whose_counts_do_not_add_up_is_found(shop: Shop) -> None:
    with open_raw(shop.settings) as raw:
        raw.execute("update raw.files set quarantined = 7 where path like '%orders-A.csv'")
    assert "other numbers are accounted for" in examine(shop.settings).findings[0].what


def test_tables_of_other_rows_are_a_hint(shop: Shop) -> None:
    with open_raw(shop.settings) as raw:
        begin_epoch(raw, json.loads(shop.settings.vault_keys.read_text())["fingerprint"], "restored by hand")
    found = examine(shop.settings)
    assert found.findings == []
    assert "were not built from the rows that are there now" in found.hints[0].what


def test_keys_of_another_home_are_found(shop: Shop, tmp_path: Path) -> None:
    from orderhouse.vault.keys import load_keys

    other = Settings(home=tmp_path / "other")
    load_keys(other)
    shop.settings.vault_keys.write_bytes(other.vault_keys.read_bytes())
    found = examine(shop.settings)
    sentences = " ".join(finding.what for finding in found.findings)
    assert "received under another key" in sentences and "stored under another key" in sentences
    assert "is damaged, or was sealed with another key" in sentences


def test_damaged_history_of_runs_is_found(shop: Shop) -> None:
    folder = shop.settings.dagster_home / "history"
    folder.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(folder / "runs.db")) as runs:
        runs.execute("create table runs (id text)")
        runs.executemany("insert into runs values (?)", [(f"run {number}",) for number in range(2000)])
        runs.commit()
    damage(folder / "runs.db", "flipped")
    found = examine(shop.settings)
    assert named(found) == ["runs.db"]
    assert "Only the history of runs is lost" in found.findings[0].cure


def test_full_disk_is_found_before_a_run_meets_it(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"alert_free_disk": 10**18})
    assert "The disk has" in examine(settings).findings[0].what


def test_busy_home_is_not_examined(shop: Shop) -> None:
    with run_lock(shop.settings, "run"), pytest.raises(LockHeld, match="held by run"):
        examine(shop.settings)


def test_open_restore_is_found(shop: Shop) -> None:
    shop.settings.restoring.mkdir()
    found = examine(shop.settings)
    assert "A restore into this home has not ended." in found.findings[0].what


def test_home_that_does_not_exist_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="There is no home"):
        examine(Settings(home=tmp_path / "nowhere"))
    assert run_command(["--home", str(tmp_path / "nowhere"), "doctor"]) == 2


def test_findings_end_with_exit_code_one(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.settings.vault.chmod(0o755)
    assert run_command(["--home", str(shop.settings.home), "doctor"]) == 1
    printed = capsys.readouterr().out
    assert "1 finding in" in printed and "takes the permissions away" in printed


def test_file_of_an_earlier_release_is_a_hint_to_back_up_and_of_a_later_one_a_finding(shop: Shop) -> None:
    with open_raw(shop.settings) as raw:
        raw.execute("drop schema meta cascade")
    found = examine(shop.settings)
    assert found.findings == []
    assert "the next run brings it to" in found.hints[0].what and "orderhouse backup" in found.hints[0].cure
    with open_raw(shop.settings) as raw:
        raw.execute("insert into meta.layouts values (99, now()::timestamp, '9.9')")
    found = examine(shop.settings)
    assert "A later release wrote it" in found.findings[0].what


def test_repair_of_published_versions_waits_for_a_rollback(shop: Shop) -> None:
    """A rollback needs no run lock, so the versions have a lock of their own."""
    path = current_version(shop.settings).path  # type: ignore[union-attr]
    path.write_bytes(path.read_bytes()[:100])
    with ThreadPoolExecutor(1) as pool:
        with versions_locked(shop.settings):
            repaired = pool.submit(examine, shop.settings, repairs=True)
            wait([repaired], timeout=5)
            assert path.exists() and not repaired.done()
        assert f"Removed {path}." in repaired.result(timeout=60).repaired
