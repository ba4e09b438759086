"""Tests that the mess is where the log says, and that it does not change the world behind it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
from orderhouse.contracts import CONTRACTS
from orderhouse.simulate import FEEDS, Mess, simulate

from tests.simulate.worlds import feed, truth

_CHANGES_NO_ROW = ("late", "out_of_order")


def test_a_tidy_world_logs_no_mess(tidy_world: Path) -> None:
    assert truth(tidy_world, "mess").is_empty()


def test_the_world_behind_stays_the_same(tidy_world: Path, messy_world: Path) -> None:
    assert truth(tidy_world, "orders").equals(truth(messy_world, "orders"))
    assert truth(tidy_world, "daily").equals(truth(messy_world, "daily"))
    clean = truth(messy_world, "on_hand").filter(pl.col("sku") != "SKU-STRAY")
    assert truth(tidy_world, "on_hand").equals(clean)


def test_every_row_is_either_clean_or_logged(tidy_world: Path, messy_world: Path) -> None:
    log = truth(messy_world, "mess")
    added = log.filter(~pl.col("kind").is_in(_CHANGES_NO_ROW)).group_by("feed").len()
    counts = dict(added.iter_rows())
    for name in FEEDS:
        extra = feed(messy_world, name).height - feed(tidy_world, name).height
        assert extra == counts.get(name, 0), name


def test_unlogged_rows_are_the_tidy_ones(tidy_world: Path, messy_world: Path) -> None:
    added = truth(messy_world, "mess").filter(~pl.col("kind").is_in(_CHANGES_NO_ROW))
    for name in FEEDS:
        kept = []
        for path in sorted(messy_world.glob(f"{name}-*.csv")):
            records = added.filter(pl.col("file") == path.name)["record"]
            rows = pl.read_csv(path, infer_schema=False).with_row_index("record", offset=1)
            kept.append(rows.filter(~pl.col("record").is_in(records.implode())).drop("record"))
        assert sorted(pl.concat(kept).rows(), key=repr) == sorted(feed(tidy_world, name).rows(), key=repr), name


def test_malformed_rows_stand_on_their_logged_lines(messy_world: Path) -> None:
    log = truth(messy_world, "mess").filter(pl.col("kind") == "malformed")
    signs = {
        "unknown_currency": "XQZ",
        "negative_quantity": ",-",
        "text_in_number": ("free", "n/a", "twelve", "some", "many"),
        "impossible_date": None,
    }
    assert set(log["rule"]) == set(signs)
    for entry in log.iter_rows(named=True):
        line = (messy_world / entry["file"]).read_text(encoding="utf-8").splitlines()[entry["line"] - 1]
        sign = signs[entry["rule"]]
        assert sign is None or any(word in line for word in ([sign] if isinstance(sign, str) else sign)), line


def test_all_kinds_occur_and_are_counted(messy_world: Path) -> None:
    log = truth(messy_world, "mess")
    summary = json.loads((messy_world / "truth" / "summary.json").read_text(encoding="utf-8"))
    assert dict(log.group_by("kind").len().iter_rows()) == summary["mess"]
    assert set(summary["mess"]) == {
        *("duplicate", "late", "out_of_order", "malformed", "conflict", "orphan", "unknown_word")
    }


def test_duplicates_repeat_a_row_exactly(messy_world: Path) -> None:
    log = truth(messy_world, "mess").filter((pl.col("kind") == "duplicate") & (pl.col("feed") == "payments"))
    payments = feed(messy_world, "payments")
    assert log.height > 0
    assert payments.is_duplicated().sum() >= log.height
    assert log["file"].n_unique() > 1, "in the same and in later files"


def test_conflicts_have_other_content_under_the_same_version(messy_world: Path) -> None:
    orders = feed(messy_world, "orders").filter(pl.col("currency") != "XQZ")
    versions = orders.unique().group_by("order_id", "updated_at").agg(pl.col("ship_city").n_unique())
    logged = truth(messy_world, "mess").filter((pl.col("kind") == "conflict") & (pl.col("feed") == "orders"))
    assert versions.filter(pl.col("ship_city") > 1).height == logged.height > 0


def test_orphans_name_orders_nobody_sent(messy_world: Path) -> None:
    known = feed(messy_world, "orders")["order_id"].unique()
    for name in ("payments", "shipments", "returns", "order_lines"):
        strays = feed(messy_world, name).filter(~pl.col("order_id").is_in(known.implode()))
        logged = truth(messy_world, "mess").filter((pl.col("kind") == "orphan") & (pl.col("feed") == name))
        assert strays.height == logged.height > 0, name


def test_out_of_order_rows_come_first_and_newest_first(tmp_path: Path) -> None:
    simulate(300, 2, tmp_path, Mess(out_of_order=0.3))
    log = truth(tmp_path, "mess").filter(pl.col("feed") == "orders")
    assert log["record"].to_list() == list(range(1, log.height + 1))
    head = feed(tmp_path, "orders")["updated_at"].head(log.height)
    assert head.is_sorted(descending=True)


def test_mess_needs_no_column_that_contracts_do_not_have(messy_world: Path) -> None:
    for name in FEEDS:
        assert set(feed(messy_world, name).columns) <= set(CONTRACTS[name].fields())
