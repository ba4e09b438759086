"""Tests of homes that an earlier release filled: ids of customers that are addresses become tokens once."""

from __future__ import annotations

import contextlib
from pathlib import Path

import polars as pl
import pytest
from orderhouse.ingest import earlier_ids, screening
from orderhouse.storage.warehouse import open_raw

from tests.ingest.landing import Landing

AT = "2026-01-02T03:04:05Z"
ADDRESS = "anna.quittenbaum@example.com"
HEADER = "order_id,placed_at,updated_at,currency,customer_id\n"


def as_it_is(frame: pl.DataFrame, *_: object) -> tuple[pl.DataFrame, int]:
    """Screen ids as earlier releases did."""
    return frame, 0


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Landing:
    """Return a home with rows of an earlier release, from a source with a prefix and one that allows such ids."""
    landing = Landing(tmp_path)
    landing.declare(
        "sources:\n  shop:\n    format: canonical\n    path: shop/*\n    id_prefix: eu-\n"
        "  desk:\n    format: canonical\n    path: desk/*\n    personal_values: allow\n"
    )
    rows = "".join(f"o{number},{AT},{AT},EUR,{number}.{ADDRESS}\n" for number in range(500))
    landing.write("shop/orders.csv", f"{HEADER}{rows}p1,{AT},{AT},EUR,{ADDRESS}\np2,{AT},{AT},EUR,c-17\n")
    landing.write("desk/orders.csv", f"{HEADER}d1,{AT},{AT},EUR,desk@example.org\n")
    with monkeypatch.context() as patch:
        patch.setattr(screening, "with_tokens_for_ids", as_it_is)
        landing.ingest()
    with contextlib.closing(open_raw(landing.settings)) as raw:
        raw.execute("drop table meta.rewritten")
    assert ADDRESS.encode() in landing.settings.raw_db.read_bytes()
    return landing


def ids(landing: Landing) -> dict[str, str]:
    return dict(landing.query("select order_id, customer_id from raw.orders"))


def stores(landing: Landing) -> int:
    return int(landing.query("select count(*) from raw.stores")[0][0])


def test_ids_of_an_earlier_release_become_the_tokens_that_new_rows_have(earlier: Landing) -> None:
    before = earlier.query("select * exclude (customer_id) from raw.orders order by all")
    views = earlier.query("select schema_name, view_name, sql from duckdb_views() where not internal order by all")
    earlier.write("shop/orders-2.csv", f"{HEADER}n1,2026-02-02T00:00:00Z,2026-02-02T00:00:00Z,EUR,{ADDRESS}\n")
    earlier.ingest()
    found = ids(earlier)
    assert found["eu-p1"] == found["eu-n1"] and found["eu-p1"].startswith("eu-")
    assert ADDRESS not in str(found)
    assert (found["eu-p2"], found["d1"]) == ("eu-c-17", "desk@example.org")
    assert ADDRESS.encode() not in earlier.settings.raw_db.read_bytes(), "no byte is left in a free block"
    after = earlier.query("select * exclude (customer_id) from raw.orders where order_id <> 'eu-n1' order by all")
    assert after == before
    assert (
        earlier.query("select schema_name, view_name, sql from duckdb_views() where not internal order by all") == views
    )
    assert stores(earlier) == 2, "an epoch began, so that all tables are built anew"


def test_rows_are_replaced_once(earlier: Landing) -> None:
    earlier.ingest()
    found, inode = ids(earlier), earlier.settings.raw_db.stat().st_ino
    earlier.ingest()
    assert (ids(earlier), earlier.settings.raw_db.stat().st_ino, stores(earlier)) == (found, inode, 2)


def test_replacement_that_was_interrupted_is_finished_by_the_next_receipt(
    earlier: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(earlier_ids, "compact", fail)
        earlier.ingest()
    assert ADDRESS not in str(ids(earlier))
    earlier.ingest()
    assert ADDRESS.encode() not in earlier.settings.raw_db.read_bytes()
    assert stores(earlier) == 2
