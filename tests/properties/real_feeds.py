"""Slices of real sources, as pieces that may be in one file or in several.

A piece is the smallest unit that the format can read alone. Of the wholesaler it is an invoice, whose lines are
numbered within their file; of the marketplace an order with all its rows; of a platform one JSON object.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["SOURCES", "RealFeed", "real_feeds", "write_rates"]

SOURCES = """
merchant: {business_time_zone: Europe/London, reporting_currency: GBP}
sources:
  rates: {format: canonical, feed: fx_rates, path: rates.csv}
  online_retail: {format: online_retail, path: online_retail/*.csv}
  olist: {format: olist, path: olist/*/*.csv}
  shopify: {format: shopify_orders, path: shopify/*, order_id_prefix: S-}
  woocommerce: {format: woocommerce_orders, path: woocommerce/*, order_id_prefix: W-, constants: {currency: USD}}
  stripe: {format: stripe_events, path: stripe/*, order_id_prefix: W-}
  easypost: {format: easypost_trackers, path: easypost/*}
"""
DAYS = ("2010-12-19", "2010-12-22", "2011-02-06", "2011-03-13", "2011-05-01")
ROWS_A_DAY = 150
ORDERS = 240
# Levels name an item by a number. Only a product in the same file maps it to a SKU.
WITHIN_ONE_FILE = ("inventory_levels",)
CURRENCIES = {"BRL": "4.10", "USD": "1.50", "CAD": "1.60", "EUR": "1.15"}

Write = Callable[[Path, Sequence[Any]], None]


@dataclass(frozen=True)
class RealFeed:
    """Slice of a source.

    Attributes:
        pieces: In the order of their time.
        as_sent: The same pieces, by the name of the file that the source sends them in.
        write: Makes a file (or, of a bundle, a folder) of pieces.
    """

    name: str
    pieces: Sequence[Any] = field(repr=False)
    as_sent: dict[str, Sequence[Any]] = field(repr=False)
    write: Write = field(repr=False)


def real_feeds(data: Path) -> list[RealFeed]:
    """Return the slices of every source."""
    platforms = ("shopify", "woocommerce", "stripe", "easypost")
    return [
        _wholesaler(data / "online_retail"),
        _marketplace(data / "olist"),
        *(_api(data, each) for each in platforms),
    ]


def write_rates(path: Path) -> None:
    """Write one rate a week for every currency. The rates are made up, since the comparison needs no true ones."""
    days = [date(2007, 12, 31) + timedelta(days=7 * week) for week in range(12 * 53)]
    rows = [f"{day},GBP,{quote},{rate}\n" for day in days for quote, rate in CURRENCIES.items()]
    path.write_text("rate_date,base,quote,rate\n" + "".join(rows))


def _wholesaler(folder: Path) -> RealFeed:
    """Return the shortest invoices of some quiet days, complete, in the order of their file."""
    days: dict[str, list[list[list[str]]]] = {}
    header: list[str] = []
    for day in DAYS:
        with (folder / f"{day}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        invoices: dict[str, list[list[str]]] = {}
        for row in rows:
            invoices.setdefault(row[0], []).append(row)
        days[day] = _shortest(list(invoices.values()))

    def write(path: Path, pieces: Sequence[list[list[str]]]) -> None:
        """Write every invoice once in a file, since a repeated row counts as another line."""
        pieces = list({piece[0][0]: piece for piece in pieces}.values())
        with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *(row for piece in pieces for row in piece)])

    return RealFeed("online_retail", [each for day in days.values() for each in day], dict(days), write)


def _shortest(invoices: list[list[list[str]]]) -> list[list[list[str]]]:
    kept, rows = set(), 0
    for invoice in sorted(invoices, key=len):
        rows += len(invoice)
        if rows > ROWS_A_DAY:
            break
        kept.add(invoice[0][0])
    return [invoice for invoice in invoices if invoice[0][0] in kept]


def _marketplace(folder: Path) -> RealFeed:
    """Return orders of repeat customers, cancelled orders, orders without items, and others."""
    parts = {path.name: pl.read_csv(path, infer_schema=False) for path in sorted(folder.glob("*.csv"))}
    orders, items = parts["olist_orders_dataset.csv"], parts["olist_order_items_dataset.csv"]
    customers = parts["olist_customers_dataset.csv"]
    again = customers.filter(pl.col("customer_unique_id").is_duplicated())
    telling = orders.with_columns(
        is_telling=pl.col("customer_id").is_in(again["customer_id"].implode())
        | ~pl.col("order_status").is_in(["delivered", "shipped"])
        | ~pl.col("order_id").is_in(items["order_id"].implode())
    )
    chosen = telling.sort("is_telling", "order_id", descending=[True, False]).head(ORDERS)
    ids = chosen.sort("order_purchase_timestamp", "order_id")["order_id"].to_list()
    return RealFeed("olist", ids, {"all": ids}, partial(_write_bundle, parts))


def _write_bundle(parts: dict[str, pl.DataFrame], folder: Path, orders: Sequence[str]) -> None:
    """Write the seven files of some orders. A product or seller of several orders is in its file once."""
    folder.mkdir()
    chosen = pl.DataFrame({"order_id": orders})
    found = {
        name: chosen.join(part, on="order_id", maintain_order="left")
        for name, part in parts.items()
        if "order_id" in part.columns
    }
    for key, of, name in (
        ("customer_id", "orders", "customers"),
        ("product_id", "order_items", "products"),
        ("seller_id", "order_items", "sellers"),
    ):
        keys = found[f"olist_{of}_dataset.csv"].select(key).unique(maintain_order=True)
        found[f"olist_{name}_dataset.csv"] = keys.join(
            parts[f"olist_{name}_dataset.csv"], on=key, maintain_order="left"
        )
    for name, rows in found.items():
        rows.select(parts[name].columns).write_csv(folder / name)


def _api(data: Path, name: str) -> RealFeed:
    """Return every object in a platform's files, taken out of the envelopes."""
    sent = {
        path.stem: _objects(json.loads(path.read_text()))
        for path in sorted((data / "payloads" / f"{name}_api").glob("*.json"))
        if path.stem not in WITHIN_ONE_FILE
    }
    return RealFeed(name, [each for objects in sent.values() for each in objects], sent, _write_objects)


def _objects(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and isinstance(value.get("resources"), dict):
        return list(value["resources"].values())
    return [value]


def _write_objects(path: Path, objects: Sequence[Any]) -> None:
    path.with_suffix(".json").write_text(json.dumps(list(objects)))
