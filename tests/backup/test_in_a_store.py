"""Tests of backups in an object store, with a real S3 API on this machine."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from orderhouse.backup.keeping import prune, verify_backups
from orderhouse.backup.repository import Repository
from orderhouse.backup.restoring import restore
from orderhouse.backup.taking import back_up
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.settings import Settings

from tests.backup.conftest import Shop, content
from tests.s3_server import s3_server, set_s3_environment


@pytest.fixture(scope="module")
def store() -> Iterator[Any]:
    """Serve an S3 API with one bucket."""
    with s3_server() as endpoint, pytest.MonkeyPatch.context() as patch:
        set_s3_environment(patch, endpoint)
        yield boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="kept-here")


@pytest.fixture
def place(store: Any, request: pytest.FixtureRequest) -> str:
    """Return an address of its own for each test."""
    return f"s3://kept-here/{request.node.name}"


def keys(store: Any, place: str) -> list[str]:
    return [each.key for each in store.objects.filter(Prefix=f"{place.rpartition('/')[2]}/") if each.size]


def test_backup_in_a_store_is_verified_restored_and_pruned(
    shop: Shop, store: Any, place: str, restored: Settings
) -> None:
    manifest = back_up(shop.settings, place, wait_seconds=0).manifest
    assert back_up(shop.settings, place, wait_seconds=0).new_files == 0
    assert verify_backups(place).problems == []
    assert len(prune(place, 1).removed) == 1
    chunks = [key for key in keys(store, place) if "/chunks/" in key]
    assert len(chunks) == len(manifest.chunks)
    restore(restored, place)
    assert content(restored.home) == content(shop.settings.home)


def test_damaged_object_is_found_and_written_again(shop: Shop, store: Any, place: str) -> None:
    manifest = back_up(shop.settings, place, wait_seconds=0).manifest
    raw = manifest.find("warehouse/raw.duckdb")
    assert raw is not None
    key = next(key for key in keys(store, place) if key.endswith(raw.chunks[0]))
    store.Object(key).put(Body=bytes(raw.size_bytes))
    assert len(verify_backups(place).problems) == 1
    back_up(shop.settings, place, wait_seconds=0)
    assert verify_backups(place).problems == []


def test_chunk_is_written_in_one_request_so_that_a_kill_leaves_no_parts(store: Any, place: str) -> None:
    repository = Repository(place)
    repository.place.write("chunks/aa/aaaa", bytes(4 << 20))
    assert not list(store.multipart_uploads.all())
    assert "?" not in repository.shown


def test_prune_and_backup_exclude_each_other_until_their_process_ends(shop: Shop, store: Any, place: str) -> None:
    back_up(shop.settings, place, wait_seconds=0)
    folder = place.rpartition("/")[2]
    elsewhere = {"host": "elsewhere", "pid": 1}
    flag = store.Object(f"{folder}/turns/backup.{int(time.time())}.abc")
    flag.put(Body=json.dumps(elsewhere).encode())
    with pytest.raises(LockHeld, match=r"backup of another process uses"):
        prune(place, 1)
    flag.put(Body=json.dumps({"host": socket.gethostname(), "pid": _ended_process()}).encode())
    prune(place, 1)
    assert not [key for key in keys(store, place) if "/turns/" in key]


def _ended_process() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_store_that_refuses_is_named(shop: Shop) -> None:
    with pytest.raises(OrderhouseError, match=r"s3://nowhere-at-all/backups: there is no such bucket"):
        back_up(shop.settings, "s3://nowhere-at-all/backups", wait_seconds=0)
