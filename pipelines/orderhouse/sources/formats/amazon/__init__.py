"""Amazon Selling Partner tables, as warehouse connectors land them: a bundle of CSV files per folder.

The format covers orders and their items, the stock in Amazon's warehouses, and the catalogue's data about SKUs. The
tables contain no instant of shipment or payment. So neither shipments nor payments are covered, and none are made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

import polars as pl

from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.amazon.order_report import AmazonOrderReport
from orderhouse.sources.formats.amazon.orders import order_lines, orders
from orderhouse.sources.formats.amazon.settlement_report import AmazonSettlementReport
from orderhouse.sources.formats.amazon.stock import products, stock
from orderhouse.sources.formats.amazon.tables import TABLE_NAME, Tables
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.readers.records import RECORD

__all__ = ["AmazonOrderReport", "AmazonSettlementReport", "AmazonTables"]


class AmazonTables(Format):
    """Orders, items, stock and catalogue of one seller."""

    name = "amazon_tables"
    version = "3"
    covers = ("orders", "order_lines", "products", "stock")
    is_bundle = True
    time_zone = "UTC"

    def bundles(self, _: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return the tables of each folder."""
        ours = sorted((path for path in paths if TABLE_NAME.match(PurePath(path).name)), key=_folder)
        return [list(group) for _, group in groupby(ours, key=_folder)]

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one folder's tables."""
        tables = Tables(source, files)
        if not tables.has("orders") and (tables.has("order_item") or not tables.has("fba_inventory_summary")):
            found = ", ".join(file.name for file in files)
            raise FileRejected(f"The bundle has no orders table, without which nothing can be said of {found}.")
        yield from _of_orders(tables, source)
        yield from _of_stock(tables)
        for table in tables.looked_up():
            records = table.frame.select(RECORD)
            yield FeedRows(None, table.file, records, role="lookup", malformed=table.malformed, ignored=table.ignored)


def _folder(path: str) -> str:
    return str(PurePath(path).parent)


def _of_orders(tables: Tables, source: Declaration) -> Iterator[FeedRows]:
    if not tables.has("orders"):
        return
    table, items = tables["orders"], tables["order_item"]
    promotions, methods = tables["order_item_promotion_id"], tables["payment_method_detail_item"]
    placed = orders(table.frame, items.frame, promotions.frame, methods.frame, source)
    yield FeedRows("orders", table.file, placed, malformed=table.malformed, ignored=table.ignored)
    if tables.has("order_item"):
        lines = order_lines(items.frame, table.frame)
        yield FeedRows("order_lines", items.file, lines, malformed=items.malformed, ignored=items.ignored)


def _of_stock(tables: Tables) -> Iterator[FeedRows]:
    catalogue = [tables[name].frame for name in ("item_summary", "item_product_type")]
    summary, items = tables["fba_inventory_summary"], tables["order_item"]
    if tables.has("fba_inventory_summary"):
        counts, further = stock(summary.frame)
        yield FeedRows("stock", summary.file, counts, malformed=summary.malformed, ignored=summary.ignored)
        if further.height:
            kind = "further rows of a SKU and marketplace, counted with their first row"
            yield FeedRows(None, summary.file, further, role="lookup", ignored=(kind,))
        kept = products(summary.frame.rename({"product_name": "title"}), "last_updated_time", *catalogue)
        yield FeedRows("products", summary.file, kept, role="derived")
    if tables.has("order_item"):
        known = summary.frame.select("seller_sku").unique()
        clock = tables["orders"].frame.select("amazon_order_id", "last_update_date").unique("amazon_order_id")
        sold = items.frame.join(clock, on="amazon_order_id", how="inner", maintain_order="left").filter(
            ~pl.col("seller_sku").is_in(known["seller_sku"].implode())
        )
        yield FeedRows("products", items.file, products(sold, "last_update_date", *catalogue), role="derived")
