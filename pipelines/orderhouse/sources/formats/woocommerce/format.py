"""The WooCommerce format: the feeds to which the objects of a file go.

The translation of objects belongs in `orders`, `refunds` and `catalogue`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format
from orderhouse.sources.formats.woocommerce.catalogue import CUSTOMER, PRODUCT, customers_of, products_of
from orderhouse.sources.formats.woocommerce.objects import Batch, read_objects
from orderhouse.sources.formats.woocommerce.orders import ORDER, lines_of, orders_of, payments_of
from orderhouse.sources.formats.woocommerce.refunds import REFUND, refund_payments_of, returns_of
from orderhouse.sources.readers.json_objects import Shape, frame_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["WooCommerce"]

PAYMENTS = "payments"
SHAPES: dict[str, Shape] = {"order": ORDER, "refund": REFUND, "product": PRODUCT, "customer": CUSTOMER}


class WooCommerce(Format):
    """Objects of WooCommerce's API, one file at a time."""

    name = "woocommerce_orders"
    version = "2"
    covers = ("orders", "order_lines", "payments", "returns", "products", "customers")

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one file, without payments if the source's declared coverage excludes them."""
        (file,) = files
        gives_payments = source.covers is None or PAYMENTS in source.covers
        unused: list[tuple[str, int]] = []
        for batch in read_objects(file):
            unused += batch.unused
            for rows in _rows(batch, file):
                if rows.feed != PAYMENTS or gives_payments:
                    yield rows
                else:
                    yield FeedRows("orders", file, rows.frame.clear(), rows.role, malformed=rows.malformed)
                    unused += [("payments, which the source does not cover", each) for each in rows.frame[RECORD]]
        if unused:
            counts = Counter(name for name, _ in unused)
            records = pl.DataFrame({RECORD: [record for _, record in unused]}, schema={RECORD: pl.Int64})
            ignored = tuple(f"{count} × {name}" for name, count in sorted(counts.items()))
            yield FeedRows(None, file, records, role="lookup", ignored=ignored)


def _rows(batch: Batch, file: SourceFile) -> Iterator[FeedRows]:
    """Yield the rows of a batch.

    Each object counts once, in the feed of its kind. A refund counts in payments.
    """
    found = {kind: frame_of(objects, SHAPES[kind]) for kind, objects in batch.kinds.items()}
    malformed = batch.malformed + [each for _, bad in found.values() for each in bad]
    orders, refunds, products, customers = (found[kind][0] for kind in SHAPES)
    home = next((kind for kind in ("order", "refund", "product", "customer") if found[kind][0].height), "order")
    bad = {kind: malformed if kind == home else [] for kind in SHAPES}
    if orders.height or bad["order"]:
        yield FeedRows("orders", file, orders_of(orders), malformed=bad["order"])
        yield FeedRows("order_lines", file, lines_of(orders), role="derived")
        yield FeedRows(PAYMENTS, file, payments_of(orders), role="derived")
    if refunds.height:
        yield FeedRows(PAYMENTS, file, refund_payments_of(refunds), malformed=bad["refund"])
        yield FeedRows("returns", file, returns_of(refunds), role="derived")
    if products.height:
        yield FeedRows("products", file, products_of(products), malformed=bad["product"])
    if customers.height:
        yield FeedRows("customers", file, customers_of(customers), malformed=bad["customer"])
