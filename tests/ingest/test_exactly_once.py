"""Tests of exactly-once loading: files that are renamed, sent twice, reread under another mapping, or killed."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.ingest import loading
from orderhouse.receive import receive
from orderhouse.settings import load_settings

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order, report
from tests.properties.killing import kill_call

LIVE = """
select {columns} from raw.{feed} as rows
where _batch_id = (
    select max(batch_id) from raw.files where files.source = rows._source and files.file_id = rows._file_id
)
order by all
"""


def test_a_second_run_changes_nothing(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    assert landing.ingest().batch_id == 1
    again = landing.ingest()
    assert again.batch_id is None
    assert report(again, "orders.csv").status == "skipped"
    assert landing.query("select batch_id, finished_at is not null from raw.batches") == [(1, True)]


def test_the_same_content_under_another_name_is_recognised(landing: Landing) -> None:
    landing.write("feeds/orders-1.csv", ORDERS_HEADER + order(1))
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(1))
    first = landing.ingest()
    assert report(first, "orders-2.csv").reason == "The same content as feeds/orders-1.csv."
    (landing.folder / "feeds/orders-1.csv").unlink()
    second = landing.ingest()
    assert "as feeds/orders-1.csv" in (report(second, "orders-2.csv").reason or "")
    assert "The same content was loaded in batch" in second.notes[0]
    assert landing.query("select count(*) from raw.orders") == [(1,)]


def test_a_row_that_comes_again_in_another_file_is_stored_and_marked(landing: Landing) -> None:
    landing.write("feeds/orders-1.csv", ORDERS_HEADER + order(1) + order(2) + order(2))
    landing.ingest()
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(3) + order(1) + order(1, currency="USD"))
    result = landing.ingest()
    second = report(result, "orders-2.csv")
    assert (second.rows_in, second.accepted, second.duplicate) == (3, 2, 1)
    marked = "select order_id, currency, _batch_id, _record from raw.orders where _is_duplicate order by 1"
    assert landing.query(marked) == [("o1", "EUR", 2, 3), ("o2", "EUR", 1, 4)]


def test_a_changed_mapping_reads_the_retained_original_again(landing: Landing) -> None:
    landing.declare(
        "sources:\n  shop:\n    format: canonical\n    feed: orders\n    path: feeds/*\n    columns: {cur: currency}\n"
    )
    sent = landing.write("feeds/o.csv", ORDERS_HEADER.replace("currency", "cur").replace("email", "town") + order(1))
    landing.ingest()
    assert landing.query("select ship_city from raw.orders") == [(None,)]
    sent.unlink()
    landing.declare(landing.sources_file.read_text().replace("{cur: currency}", "{cur: currency, town: ship_city}"))
    result = landing.ingest()
    assert result.batch_id == 2
    live = LIVE.format(columns="order_id, ship_city, _batch_id, _is_duplicate", feed="orders")
    assert landing.query(live) == [("o1", "person1@example.com", 2, False)]
    assert landing.query("select count(*) from raw.orders") == [(2,)]
    assert not landing.ingest().changed


def test_a_file_rejected_for_a_column_loads_once_the_mapping_names_it(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER.replace("currency", "cur") + order(1))
    assert landing.ingest().count("rejected") == 1
    landing.declare(landing.sources_file.read_text() + "    columns: {cur: currency}\n")
    assert landing.ingest().count("loaded") == 1


def test_words_and_coverage_are_rewritten_as_a_set_only_when_they_change(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.ingest()
    landing.declare(landing.sources_file.read_text() + "    words: {order_type: {Verkauf: sale}}\n")
    assert landing.ingest().batch_id == 2
    assert landing.ingest().batch_id is None
    assert landing.query("select source, feed, column_name, word, meaning from raw.words where batch_id = 2") == [
        ("shop", "orders", "order_type", "Verkauf", "sale")
    ]
    assert landing.query("select source, feed, batch_id from raw.coverage") == [("shop", "orders", 1)]


def test_a_vanished_source_keeps_what_it_covers(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.ingest()
    landing.declare("sources:\n  other: {format: canonical, feed: stock, path: none/*}\n")
    landing.ingest()
    latest = "select source, feed from raw.coverage where batch_id = 2 order by 1"
    assert landing.query(latest) == [("other", "stock"), ("shop", "orders")]


def load_in_small_parts(home: str, sources: str) -> None:
    """Ingest, two rows to a transaction."""
    loading.ROW_BUDGET = 2
    receive(load_settings(home=Path(home), sources=Path(sources)))


CONTENT = "order_id, currency, email_token is not null, _file_id, _record, _is_duplicate"


@pytest.mark.parametrize("fault", ["after_vault", "before_commit", "after_commit", "after_commit:2"])
def test_killed_at_any_point_and_run_again_gives_what_never_being_killed_gives(
    landing: Landing, tmp_path_factory: pytest.TempPathFactory, fault: str
) -> None:
    calm = Landing(tmp_path_factory.mktemp("calm"))
    calm.declare(landing.sources_file.read_text())
    for place in (landing, calm):
        place.write("feeds/orders-1.csv", ORDERS_HEADER + order(1) + order(2) + order(3, currency="?"))
        place.write("feeds/orders-2.csv", ORDERS_HEADER + order(2) + order(4))
        place.write("feeds/order_lines.csv", LINES_HEADER + line(1) + line(2, quantity="x"))
    settings = landing.settings
    kill_call(load_in_small_parts, str(settings.home), str(settings.sources_file), fault=fault)
    landing.ingest()
    calm.ingest()
    for sql in (
        f"select {CONTENT} from raw.orders order by all",
        "select order_id, quantity, _file_id, _record from raw.order_lines order by all",
        "select quarantine_id, feed, record, rules, reasons from raw.quarantine order by all",
        "select path, feed, rows_in, accepted, duplicate, quarantined, status from raw.files order by all",
    ):
        assert landing.query(sql) == calm.query(sql)
    assert landing.ingest().batch_id is None


def test_originals_are_kept_encrypted_and_for_their_owner_alone(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    result = landing.ingest()
    kept = landing.settings.originals / result.files[0].file_id[:2] / result.files[0].file_id
    assert b"person1" not in kept.read_bytes()
    assert b"order_id" not in kept.read_bytes()
    for path in (kept, landing.settings.vault_keys, landing.settings.vault_db):
        assert path.stat().st_mode & 0o077 == 0, path


def test_nothing_personal_is_in_the_raw_database(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2, currency="?"))
    landing.ingest()
    assert b"person1@example.com" not in Path(landing.settings.raw_db).read_bytes()
    assert b"person2@example.com" not in Path(landing.settings.raw_db).read_bytes()
