"""`shopify_tables`: the tables that warehouse connectors land for Shopify, a bundle per folder and style.

This module decides to which feed a table goes, and what is looked up or set aside. The columns belong in `tables`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

import polars as pl

from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.shopify import tables as parts
from orderhouse.sources.formats.shopify.catalogue import services_of
from orderhouse.sources.formats.shopify.fulfilments import CANCELLED, SHIPPED, is_waiting, scans_of, steps_of
from orderhouse.sources.formats.shopify.goods_tables import counts, customers, products
from orderhouse.sources.formats.shopify.refunds import REFUND, returns_of, with_split
from orderhouse.sources.formats.shopify.sales import in_one_currency
from orderhouse.sources.formats.shopify.table import Table, empty_table, read_table, table_name
from orderhouse.sources.formats.shopify.transactions import is_pending, payments_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["ShopifyTables"]

PRIMARY = (
    *("order", "order_line", "transaction", "order_line_refund", "refund_line_item", "fulfillment"),
    *("fulfillment_event", "customer", "product_variant", "inventory_quantity", "inventory_level"),
)
LOOKED_UP = (
    *("order_discount_code", "discount_allocation", "order_line_tax_line", "tax_line", "order_shipping_line"),
    *("order_shipping_tax_line", "refund", "order_adjustment", "fulfillment_tracking_info", "customer_address"),
    *("product", "inventory_item"),
)
UNUSED = {
    "abandoned_checkout": "abandoned checkouts (no table says which SKUs were in them)",
    "return": "returns (they have no time of their own; the refund of one brings it)",
    "return_line_item": "lines of returns (they have no time of their own; the refund of one brings it)",
    "tender_transaction": "tender transactions (they repeat transactions)",
}
SEVERAL = "fulfilments whose lines no table tells (several of one order, or its lines are missing)"
PENDING = "pending transactions (no money has moved yet; they come again with their outcome)"
UNSHIPPED = "fulfilments that wait or failed (nothing has left the building)"
OTHER_COUNTS = "quantities that are no level on hand of a known SKU and place"
GONE = "rows that the connector marks as deleted"


class ShopifyTables(Format):
    """Tables by name: ``[…shopify_][gql_]<table>[_data].csv``; each of them may be missing."""

    name = "shopify_tables"
    version = "2"
    covers = ("orders", "order_lines", "payments", "shipments", "tracking", "returns", "products", "customers")
    is_bundle = True
    time_zone = "UTC"

    def bundles(self, _: Declaration, paths: Sequence[str]) -> list[list[str]]:
        """Return the tables of each folder, REST-style and GraphQL-style ones separately."""
        named = [(str(PurePath(path).parent), name[1], path) for path in paths if (name := table_name(path))]
        grouped = groupby(sorted(named), key=lambda each: each[:2])
        return [[path for *_, path in group] for _, group in grouped]

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of a bundle."""
        tables = _tables(source, files)
        reading = _Bundle(source, tables)
        yield from reading.rows()
        yield from _looked_up(tables, reading.aside)


def _tables(source: Declaration, files: Sequence[SourceFile]) -> dict[str, Table]:
    tables: dict[str, Table] = defaultdict(empty_table)
    for file in files:
        named = table_name(file.name)
        if named is None:
            raise FileRejected(
                f"The file's name {file.name} names no table; tables are named shopify_<table>_data.csv."
            )
        if named[0] in tables:
            other = tables[named[0]].file
            raise FileRejected(f"The table {named[0]} is there twice: {other.name if other else ''} and {file.name}.")
        tables[named[0]] = read_table(source, file)
    return tables


def _looked_up(tables: dict[str, Table], aside: dict[str, Counter[str]]) -> Iterator[FeedRows]:
    """Yield an entry for each table without rows of its own, and for rows of the others that are set aside."""
    for name, table in sorted(tables.items()):
        if table.file is None:
            continue
        sentences = [f"{number} {what}" for what, number in sorted(aside[name].items())]
        if name not in PRIMARY:
            description = UNUSED.get(name, f"the table {name}")
            sentences += [] if name in LOOKED_UP else [f"{table.frame.height} rows: {description}"]
        columns = table.ignored if name in (*PRIMARY, *LOOKED_UP) else ()
        if sentences or columns or name not in PRIMARY:
            yield FeedRows(None, table.file, table.frame.select(RECORD), "lookup", ignored=(*sentences, *columns))


class _Bundle:
    """The reading of one bundle, with counts of rows that are set aside."""

    def __init__(self, source: Declaration, tables: dict[str, Table]) -> None:
        self.source = source
        self.tables = tables
        self.aside: dict[str, Counter[str]] = defaultdict(Counter)

    def rows(self) -> Iterator[FeedRows]:
        """Yield the rows of all feeds, each table's own first."""
        sales = parts.sales(self.tables)
        orders, lines = in_one_currency(sales)
        is_extra = pl.col("line_id").is_in(["tip", "duties", "fees", "tax"])
        yield from self._feed("orders", "order", orders)
        yield from self._feed("order_lines", "order_line", lines.filter(~is_extra).drop("unfulfilled"))
        yield from self._feed("order_lines", "order", lines.filter(is_extra).drop("unfulfilled"), derived=True)
        yield from self._feed("products", "order", services_of(lines), derived=True)
        yield from self._money()
        yield from self._parcels(sales.lines)
        yield from self._goods()

    def _money(self) -> Iterator[FeedRows]:
        refunds, lines = parts.refunds(self.tables), parts.refund_lines(self.tables)
        moved = parts.transactions(self.tables)
        self._set_aside("transaction", PENDING, moved.filter(is_pending()).height)
        self._count_gone("transaction", "order_line", "refund", "order_line_refund", "fulfillment", "fulfillment_event")
        paid = payments_of(moved, self.source.constants.get("currency"), REFUND)
        split = with_split(paid, refunds, lines, parts.adjustments(self.tables))
        yield from self._feed("payments", "transaction", split)
        named = "order_line_refund" if self.tables["order_line_refund"].file else "refund_line_item"
        unjoined = lines.filter(pl.col(REFUND).is_null())
        self._set_aside(named, "refunded lines whose refund is not in the bundle", unjoined.height)
        known = lines.filter(pl.col(REFUND).is_not_null())
        yield from self._feed("returns", named, returns_of(refunds, known))

    def _parcels(self, lines: pl.DataFrame) -> Iterator[FeedRows]:
        fulfilments = parts.fulfilments(self.tables)
        self._set_aside("fulfillment", UNSHIPPED, fulfilments.filter(is_waiting()).height)
        status = pl.col("status").str.to_lowercase().fill_null("")
        gone = fulfilments.filter(status != CANCELLED)
        shipped = parts.shipped_lines(gone, lines).filter(status == SHIPPED)
        with_lines = gone.filter((status == SHIPPED) & pl.col("id").is_in(shipped["id"].implode()))
        self._set_aside("fulfillment", SEVERAL, gone.filter(status == SHIPPED).height - with_lines.height)
        yield from self._feed("tracking", "fulfillment", scans_of(fulfilments))
        yield from self._feed(
            "shipments",
            "fulfillment",
            shipped.select(
                RECORD,
                "order_id",
                "line_id",
                "quantity",
                "sku",
                "service",
                shipment_id="id",
                shipped_at="created_at",
                warehouse_id="location_id",
            ),
            derived=True,
        )
        event = self.tables["fulfillment_event"].live()
        scans = event.frame.select(
            RECORD,
            fulfillment_id=event.text("fulfillment_id"),
            status=event.text("status"),
            happened_at=event.instant("happened_at"),
            created_at=event.instant("created_at"),
            message=event.text("message"),
            estimated_delivery_at=event.instant("estimated_delivery_at"),
            city=event.text("city"),
            province=event.text("province"),
            country=event.text("country"),
        )
        yield from self._feed("tracking", "fulfillment_event", steps_of(scans))

    def _goods(self) -> Iterator[FeedRows]:
        yield from self._feed("customers", "customer", customers(self.tables))
        yield from self._feed("products", "product_variant", products(self.tables))
        for table in ("inventory_quantity", "inventory_level"):
            rows, others = counts(self.tables, table)
            self._set_aside(table, OTHER_COUNTS, others)
            yield from self._feed("stock", table, rows)

    def _feed(self, feed: str, table: str, frame: pl.DataFrame, *, derived: bool = False) -> Iterator[FeedRows]:
        found = self.tables[table]
        if found.file is not None and self.source.feed in (None, feed):
            malformed = [] if derived else found.malformed
            yield FeedRows(feed, found.file, frame, "derived" if derived else "primary", malformed)

    def _set_aside(self, table: str, what: str, number: int) -> None:
        if number:
            self.aside[table][what] += number

    def _count_gone(self, *names: str) -> None:
        for name in names:
            table = self.tables[name]
            self._set_aside(name, GONE, table.frame.filter(table.is_deleted()).height)
