"""Tests of publishing: the versions that readers get, and those that they do not get."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from orderhouse.cli.application import run_command
from orderhouse.errors import AuditRefused, OrderhouseError
from orderhouse.serve import publishing
from orderhouse.serve.publishing import (
    current_version,
    find_version,
    list_versions,
    load_refusal,
    publish,
    record_refusal,
    rollback,
)
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record, save_record
from orderhouse.storage.readers import open_published
from orderhouse.storage.warehouse import run_lock

from tests.properties.killing import kill_call
from tests.serve.built_home import make_build, make_version

POINTS = ("publish_copied", "publish_renamed", "publish_described", "publish_pointed")


def test_published_version_is_a_copy_that_a_new_build_does_not_touch(tmp_path: Path) -> None:
    settings, version = make_version(tmp_path)
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute("delete from ops.orders")
    with open_published(settings) as published:
        assert published.execute("select count(*) from ops.orders").fetchone() == (100,)
    assert (version.number, version.is_current, version.rows["ops.orders"]) == (1, True, 100)


def test_version_file_cannot_be_written(tmp_path: Path) -> None:
    _, version = make_version(tmp_path)
    assert version.path.stat().st_mode & 0o222 == 0


def test_build_without_audit_is_not_published(tmp_path: Path) -> None:
    settings = make_build(tmp_path, passed=None)
    with pytest.raises(AuditRefused, match="has not been audited"):
        publish(settings)
    assert current_version(settings) is None


def test_refused_build_leaves_readers_with_the_last_good_one_and_says_why(tmp_path: Path) -> None:
    make_version(tmp_path)
    settings = make_build(tmp_path, "second", passed=False)
    record_refusal(settings)
    with pytest.raises(AuditRefused, match="every_cent_is_there: 3 rows"):
        publish(settings)
    assert find_version(settings).number == 1
    refusal = load_refusal(settings)
    assert refusal is not None and refusal.failures[0]["name"] == "every_cent_is_there"


def test_refusal_is_forgotten_once_something_is_published(tmp_path: Path) -> None:
    settings = make_build(tmp_path, passed=False)
    record_refusal(settings)
    make_version(tmp_path, "second")
    assert load_refusal(settings) is None


def test_verdict_on_another_build_does_not_count(tmp_path: Path) -> None:
    settings = make_build(tmp_path, "second")
    record = load_record(settings)
    assert record is not None
    save_record(settings, replace(record, build_id="third"))
    with pytest.raises(OrderhouseError):
        publish(settings)


def test_file_of_another_build_than_the_record_is_not_published(tmp_path: Path) -> None:
    settings = make_build(tmp_path)
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute("update meta.build set build_id = 'other'")
    with pytest.raises(OrderhouseError, match="not from the last build"):
        publish(settings)


def test_unfinished_build_is_not_published(tmp_path: Path) -> None:
    settings = make_build(tmp_path)
    record = load_record(settings)
    assert record is not None
    save_record(settings, replace(record, status="building"))
    with pytest.raises(OrderhouseError, match="no finished build"):
        publish(settings)


def test_publishing_the_same_build_again_makes_no_version(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path)
    publish(settings)
    assert [version.number for version in list_versions(settings)] == [1]


def test_only_the_newest_versions_are_kept(tmp_path: Path) -> None:
    for build in "abcde":
        settings, _ = make_version(tmp_path, build)
    assert [version.number for version in list_versions(settings)] == [5, 4, 3]


def test_current_version_is_kept_though_old(tmp_path: Path) -> None:
    for build in "abc":
        settings, _ = make_version(tmp_path, build)
    rollback(settings, 1)
    publish(settings.model_copy(update={"keep_versions": 1}), again=False)
    assert [version.number for version in list_versions(settings)] == [3, 1]


def test_reader_of_a_removed_version_keeps_reading(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path, "a")
    with open_published(settings) as reader:
        for build in "bcde":
            make_version(tmp_path, build)
        assert not (settings.published / "warehouse-1.duckdb").exists()
        assert reader.execute("select sum(due_amount) from ops.orders").fetchone() is not None


def test_rollback_stays_until_something_new_is_built(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path, "a")
    make_version(tmp_path, "b")
    assert rollback(settings, 1).is_current
    publish(settings, again=False)
    assert find_version(settings).number == 1
    make_build(tmp_path, "c")
    publish(settings, again=False)
    assert find_version(settings).number == 3


def test_publishing_by_hand_undoes_a_rollback(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path, "a")
    make_version(tmp_path, "b")
    rollback(settings, 1)
    publish(settings)
    assert find_version(settings).number == 2


def test_rollback_to_a_version_that_is_gone_names_those_that_are_kept(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path)
    with pytest.raises(OrderhouseError, match=r"no version 9. Versions kept: 1"):
        rollback(settings, 9)


def publish_anew(home: str) -> None:
    """Publish the last build of a home."""
    publish(Settings(home=Path(home)), again=False)


@pytest.mark.parametrize("point", POINTS)
def test_publishing_killed_anywhere_and_run_again_ends_the_same(tmp_path: Path, point: str) -> None:
    settings, _ = make_version(tmp_path, "a")
    make_build(tmp_path, "b")
    kill_call(publish_anew, str(tmp_path), fault=point)
    assert find_version(settings).build_id in ("a", "b")
    publish(settings, again=False)
    assert [(version.number, version.build_id, version.is_current) for version in list_versions(settings)] == [
        (2, "b", True),
        (1, "a", False),
    ]
    assert sorted(path.name for path in settings.published.iterdir()) == [
        "current",
        "warehouse-1.duckdb",
        "warehouse-1.json",
        "warehouse-2.duckdb",
        "warehouse-2.json",
    ]


def test_nothing_published_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OrderhouseError, match="Nothing has been published"):
        find_version(Settings(home=tmp_path))


@pytest.mark.parametrize("damage", ["{", "[]", '{"number": 2}', ""])
def test_damaged_description_is_named_and_the_other_versions_and_the_next_run_work(tmp_path: Path, damage: str) -> None:
    settings, _ = make_version(tmp_path)
    make_build(tmp_path, "second")
    damaged = publish(settings).path.with_suffix(".json")
    damaged.write_text(damage)
    with pytest.raises(OrderhouseError, match=r"warehouse-2\.json is damaged or missing\. Make one of the versions 1"):
        find_version(settings)
    assert rollback(settings, 1).is_current
    make_build(tmp_path, "third")
    assert publish(settings).number == 3
    assert [version.number for version in list_versions(settings)] == [3, 1]


@pytest.mark.parametrize("name", [b"", b"\xff\xfe", b"../warehouse-1.duckdb", b"/etc/passwd"])
def test_damaged_pointer_is_named_and_replaced_by_a_rollback(tmp_path: Path, name: bytes) -> None:
    settings, _ = make_version(tmp_path)
    (settings.published / "current").write_bytes(name)
    for read in (current_version, open_published):
        with pytest.raises(OrderhouseError, match="published/current is damaged"):
            read(settings)
    rollback(settings, 1)
    assert find_version(settings).number == 1


def test_damaged_file_is_named_and_published_again_by_the_next_run(tmp_path: Path) -> None:
    settings, version = make_version(tmp_path)
    version.path.chmod(0o644)
    with version.path.open("r+b") as file:
        file.write(b"block" * 3000)
    with pytest.raises(OrderhouseError, match=r"warehouse-1\.duckdb cannot be opened") as error:
        open_published(settings)
    assert error.value.exit_code == 2
    assert publish(settings).number == 2
    open_published(settings).close()


def test_damaged_note_of_a_refusal_stops_nothing(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path)
    (settings.published / "refused.json").write_text("{")
    (settings.published / "withdrawn").write_bytes(b"\xff")
    assert load_refusal(settings) is None
    make_build(tmp_path, "second")
    assert publish(settings).number == 2


def test_rollback_works_while_a_run_holds_the_lock(tmp_path: Path) -> None:
    settings, _ = make_version(tmp_path)
    make_build(tmp_path, "second")
    publish(settings)
    with run_lock(settings, "run"):
        assert run_command(["--home", str(tmp_path), "rollback", "1"]) == 0
    assert find_version(settings).number == 1


def test_rollback_waits_for_a_publication_that_is_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, _ = make_version(tmp_path)
    make_build(tmp_path, "second")
    turning = threading.Thread(target=rollback, args=(settings, 1))

    def begin(name: str) -> None:
        if name == "publish_described":
            turning.start()
            turning.join(0.3)
            assert turning.is_alive()

    monkeypatch.setattr(publishing, "checkpoint", begin)
    publish(settings)
    turning.join()
    assert find_version(settings).number == 1
