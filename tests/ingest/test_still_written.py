"""Tests of files that are still being written: the next run loads them whole, never in part."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import SourceFile
from orderhouse.ingest import run as ingest_run
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.hash_cache import HashCache
from orderhouse.ingest.trial import check_sources
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.canonical import Canonical
from orderhouse.sources.formats.format import FeedRows

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order, report

WRITTEN = "It is still being written; it is left for the next run."
COUNT = "select count(*) from raw.orders"
CONSISTENT = "select sum(rows_in) - sum(accepted + duplicate + quarantined) from raw.files"


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Call a function between the first rows of the first file that is read and its end."""
    has_happened = False

    class Interrupted(Canonical):
        def read(self, source: Source, files: list[SourceFile]) -> Iterator[FeedRows]:
            nonlocal has_happened
            for rows in super().read(source, files):
                if not has_happened:
                    has_happened = True
                    happens()
                yield rows

    monkeypatch.setitem(FORMATS, "canonical", Interrupted())


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def replace_by_rename(path: Path) -> None:
    draft = path.with_name("replacement.tmp")
    draft.write_text(ORDERS_HEADER + order(7))
    draft.replace(path)


def rewrite_in_place(path: Path) -> None:
    """Rewrite a file with the same size, and even the same modification time, which any program may set."""
    before = path.stat()
    path.write_text(path.read_text().replace("o1,", "o8,"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "appended to": (lambda path: append(path, order(3)), ["o1", "o2", "o3"]),
    "replaced by rename": (replace_by_rename, ["o7"]),
    "cut short": (lambda path: os.truncate(path, len(ORDERS_HEADER + order(1))), ["o1"]),
    "rewritten in place": (rewrite_in_place, ["o2", "o8"]),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_left_and_loaded_whole_by_the_next_run(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    change, orders = CHANGES[how]
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2))
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1))
    meanwhile(monkeypatch, lambda: change(path))
    landing.declare(
        "sources:\n  shop: {format: canonical, feed: orders, path: feeds/orders.csv}\n"
        "  lines: {format: canonical, feed: order_lines, path: feeds/order_lines.csv}\n"
    )
    result = landing.ingest()
    left = report(result, "orders.csv")
    assert (left.status, left.reason) == ("left", WRITTEN)
    assert any("orders.csv: It is still being written" in note for note in result.notes)
    assert landing.query(COUNT) == [(0,)]
    assert landing.query("select count(*) from raw.order_lines") == [(1,)]
    assert landing.query("select path from raw.files") == [("feeds/order_lines.csv",)]
    assert not list(landing.settings.originals.glob("*/*.new"))
    again = landing.ingest()
    assert report(again, "orders.csv").status == "loaded"
    assert landing.query("select order_id from raw.orders order by 1") == [(each,) for each in orders]
    assert landing.query(CONSISTENT) == [(0,)]


def test_a_file_that_vanishes_while_it_is_read_is_not_loaded_in_part(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    meanwhile(monkeypatch, path.unlink)
    assert report(landing.ingest(), "orders.csv").status == "vanished"
    assert landing.query(COUNT) == [(0,)]


def test_half_a_packed_file_is_left_and_not_rejected_while_the_rest_arrives(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.compress((ORDERS_HEADER + order(1)).encode())
    path = landing.write("feeds/orders.csv.gz", whole[:-10])
    read = ingest_run._Run._read_into_loader

    def slowly(run: ingest_run._Run, unit: Unit, reader: ThreadPoolExecutor) -> None:
        path.write_bytes(whole)
        read(run, unit, reader)

    monkeypatch.setattr(ingest_run._Run, "_read_into_loader", slowly)
    assert report(landing.ingest(), "orders.csv.gz").status == "left"
    monkeypatch.undo()
    assert landing.query("select count(*) from raw.files") == [(0,)]
    assert report(landing.ingest(), "orders.csv.gz").status == "loaded"


def test_a_file_that_a_program_has_open_for_writing_is_left_however_quiet_it_is(landing: Landing) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    with path.open("a") as writer:
        writer.write(order(2)[:20])
        writer.flush()
        assert report(landing.ingest(), "orders.csv").status == "left"
        writer.write(order(2)[20:])
    assert report(landing.ingest(), "orders.csv").status == "loaded"
    assert landing.query("select accepted, quarantined from raw.files") == [(2, 0)]


def test_a_file_that_some_program_keeps_open_without_writing_is_loaded_in_the_end(landing: Landing) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    with path.open("a"):
        os.utime(path, (time.time() - 120, time.time() - 120))
        assert report(landing.ingest(), "orders.csv").status == "loaded"


def test_settle_seconds_leave_what_changed_a_moment_ago(landing: Landing) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    patient = load_settings(home=landing.settings.home, sources=landing.sources_file, settle_seconds=30)
    assert report(receive(patient), "orders.csv").status == "left"
    assert "still being written" in check_sources(patient)[0].notes[0]
    os.utime(path, (time.time() - 31, time.time() - 31))
    assert report(receive(patient), "orders.csv").status == "loaded"


def test_a_source_may_be_given_more_time_than_the_others(landing: Landing) -> None:
    landing.declare(landing.sources_file.read_text() + "    settle_seconds: 30\n")
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    assert report(landing.ingest(), "orders.csv").status == "left"
    landing.declare(landing.sources_file.read_text().replace("30", "-1"))
    with pytest.raises(OrderhouseError, match=r"sources.yaml:5: .*settle_seconds"):
        landing.ingest()


def test_a_slow_writer_loses_nothing_and_is_never_loaded_in_half(landing: Landing) -> None:
    """A thread appends to one file and drops others by rename while runs follow each other."""
    folder = landing.folder / "feeds"
    folder.mkdir()
    has_ended, was_left = threading.Event(), threading.Event()

    def write() -> None:
        with (folder / "orders-slow.csv").open("w") as file:
            file.write(ORDERS_HEADER)
            for number in range(60):
                if number == 30:
                    was_left.wait(60)
                text = order(number)
                file.write(text[:15])
                file.flush()
                time.sleep(0.01)
                file.write(text[15:])
                file.flush()
                if number % 10 == 0:
                    draft = folder / f".orders-{number}.csv"
                    draft.write_text(ORDERS_HEADER + order(1000 + number))
                    draft.rename(folder / f"orders-{number}.csv")
        has_ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    statuses = set()
    while not has_ended.is_set():
        statuses |= {each.status for each in landing.ingest().files if each.path.endswith("slow.csv")}
        if "left" in statuses:
            was_left.set()
    writer.join()
    landing.ingest()
    assert "left" in statuses
    assert landing.query("select rows_in, accepted from raw.files where path like '%slow.csv'") == [(60, 60)]
    assert landing.query("select count(*), count(distinct order_id) from raw.orders") == [(66, 66)]
    assert landing.query("select count(*) from raw.quarantine") == [(0,)]


def test_unchanged_files_are_not_read_again(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        path = landing.write(f"feeds/orders-{number}.csv", ORDERS_HEADER + order(number))
        os.utime(path, (time.time() - 100, time.time() - 100))
    landing.ingest()
    hashed: list[Path] = []
    from orderhouse.ingest import arrivals

    real = arrivals.hashed_local
    monkeypatch.setattr(arrivals, "hashed_local", lambda path: hashed.append(path) or real(path))
    assert landing.ingest().count("skipped") == 3
    assert hashed == []
    changed = landing.folder / "feeds/orders-1.csv"
    rewrite_in_place(changed)
    assert landing.ingest().count("loaded") == 1
    assert hashed == [changed]
    landing.settings.hash_cache_file.write_bytes(b"no database")
    assert landing.ingest().count("skipped") == 3
    assert len(hashed) == 4


def test_a_file_hashed_a_moment_after_it_was_written_is_hashed_again(landing: Landing) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.ingest()
    assert HashCache(landing.settings.hash_cache_file).get(str(path)) is None
    os.utime(path, (time.time() - 100, time.time() - 100))
    landing.ingest()
    assert HashCache(landing.settings.hash_cache_file).get(str(path)) is not None
    path.unlink()
    landing.ingest()
    assert HashCache(landing.settings.hash_cache_file).get(str(path)) is None


def test_a_file_remembered_and_read_again_under_a_new_mapping_is_checked_all_the_same(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    os.utime(path, (time.time() - 100, time.time() - 100))
    landing.ingest()
    landing.ingest()
    landing.declare(landing.sources_file.read_text() + "    constants: {channel: store}\n")
    meanwhile(monkeypatch, lambda: append(path, order(2)))
    assert report(landing.ingest(), "orders.csv").status == "left"
    assert landing.query("select channel from raw.orders") == [(None,)]
    landing.ingest()
    live = "select order_id, channel from raw.orders where channel is not null and not _is_duplicate order by 1"
    assert landing.query(live) == [("o1", "store"), ("o2", "store")]


def test_a_parquet_file_is_checked_like_any_other(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    path = landing.folder / "feeds/orders.parquet"
    path.parent.mkdir()
    rows = pl.read_csv((ORDERS_HEADER + order(1)).encode(), infer_schema=False)
    rows.write_parquet(path)
    meanwhile(monkeypatch, lambda: rows.with_columns(order_id=pl.lit("o9")).write_parquet(path))
    assert report(landing.ingest(), "orders.parquet").status == "left"
    landing.ingest()
    assert landing.query("select order_id from raw.orders") == [("o9",)]
