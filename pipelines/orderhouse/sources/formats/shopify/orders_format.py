"""`shopify_orders`: objects of Shopify's Admin API and webhooks as rows of feeds.

This module decides to which feed an object goes and what is set aside. The translation of the fields belongs in the
modules of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from orderhouse.files.source_files import SourceFile
from orderhouse.sources.formats.format import Declaration, FeedRows, Format, Role
from orderhouse.sources.formats.shopify import shapes
from orderhouse.sources.formats.shopify.catalogue import (
    counts_of,
    customers_of,
    customers_of_orders,
    products_of,
    services_of,
    skus_by_item,
)
from orderhouse.sources.formats.shopify.fulfilments import (
    is_cancelled,
    is_waiting,
    lists_lines,
    scans_of,
    shipments_of,
    steps_of,
)
from orderhouse.sources.formats.shopify.kinds import SET_ASIDE, read_kinds
from orderhouse.sources.formats.shopify.orders import inside, sales_of
from orderhouse.sources.formats.shopify.payouts import movements_of, states_of
from orderhouse.sources.formats.shopify.refunds import REFUND, refund_lines, refund_payments, returns_of
from orderhouse.sources.formats.shopify.sales import in_one_currency
from orderhouse.sources.formats.shopify.transactions import REFUND_KIND, disputes_of, is_pending, payments_of
from orderhouse.sources.readers.json_objects import Object, frame_of
from orderhouse.sources.readers.records import RECORD, Malformed

__all__ = ["ShopifyOrders"]

PENDING = "pending transactions (no money has moved yet; they come again with their outcome)"
OF_REFUNDS = "refund transactions (their refunds bring them, with what was refunded; `feed: payments` takes them alone)"
UNSHIPPED = "fulfilments that wait or failed (nothing has left the building)"
INQUIRIES = "inquiries of disputes (no money is held)"
UNKNOWN_SKU = "inventory levels of items whose SKU no product in the file tells, or that are not tracked"
NO_VARIANTS = "products without variants"
NO_LINES = "fulfilments without lines"
EMPTY_REFUNDS = "refunds without returned lines or transactions with an outcome"

NO_PAYOUT = "payout transactions that are in no payout yet, or are the payout itself"

SKUS = {"inventory_item_id": pl.String(), "known_sku": pl.String()}
NO_ROWS = pl.DataFrame(schema={RECORD: pl.Int64()})


class ShopifyOrders(Format):
    """Orders with all that they contain, and refunds, fulfilments, transactions, products and so on by themselves."""

    name = "shopify_orders"
    version = "2"
    covers = ("orders", "order_lines", "payments", "shipments", "tracking", "returns", "products", "customers")
    time_zone = "UTC"

    def read(self, source: Declaration, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Yield the rows of one file."""
        (file,) = files
        reading = _Reading(source, file)
        is_empty = True
        for rows in reading.all():
            is_empty = False
            yield rows
        if is_empty:
            yield reading.none([])


class _Reading:
    """The reading of one file: the rows that must wait for its end, and counts of objects that are set aside."""

    def __init__(self, source: Declaration, file: SourceFile) -> None:
        self.source = source
        self.file = file
        self.currency = source.constants.get("currency")
        self.aside: Counter[str] = Counter()
        self.levels: list[pl.DataFrame] = []
        self.skus: list[pl.DataFrame] = []
        self.kinds = {
            "order": self._orders,
            "refund": self._refunds,
            "fulfillment": self._fulfilments,
            "fulfillment_event": self._events,
            "transaction": self._transactions,
            "product": self._products,
            "customer": self._customers,
            "inventory_level": self._levels,
            "dispute": self._disputes,
            "payout": self._payouts,
            "balance_transaction": self._movements,
        }

    def all(self) -> Iterator[FeedRows]:
        """Yield the rows of the whole file, only those of the source's feed if it declares one."""
        for batch in read_kinds(self.file):
            for kind, objects in batch.kinds.items():
                for rows in self._rows(kind, objects):
                    if self.source.feed in (None, rows.feed):
                        yield rows
                    elif rows.malformed:
                        yield self.none(rows.malformed)
            if batch.malformed:
                yield self.none(batch.malformed)
        yield from self._rest()

    def none(self, malformed: list[Malformed]) -> FeedRows:
        """Return no rows, only records that cannot be read."""
        return FeedRows(self.source.feed or "orders", self.file, NO_ROWS, malformed=malformed)

    def _rows(self, kind: str, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        if kind in SET_ASIDE:
            self.aside[SET_ASIDE[kind]] += len(objects)
        else:
            yield from self.kinds[kind](objects)

    def _rest(self) -> Iterator[FeedRows]:
        """Yield the rows that need the whole file."""
        if self.levels:
            skus = pl.concat(self.skus) if self.skus else pl.DataFrame(schema=SKUS)
            counted, unknown = counts_of(pl.concat(self.levels), skus)
            self._set_aside(UNKNOWN_SKU, unknown)
            if self.source.feed in (None, "stock"):
                yield self._feed("stock", counted)
        if self.aside:
            ignored = tuple(f"{number} {what}" for what, number in sorted(self.aside.items()))
            yield FeedRows(None, self.file, NO_ROWS, role="lookup", ignored=ignored)

    def _orders(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.ORDER)
        orders, lines = in_one_currency(sales_of(frame))
        yield self._feed("orders", orders, malformed)
        yield self._feed("order_lines", lines, role="derived")
        transactions = inside(frame, "transactions")
        own = transactions.filter(~_is_refund())
        self._set_aside(OF_REFUNDS, transactions.height - own.height)
        paid = payments_of(own, self.currency)
        self._set_aside(PENDING, own.filter(is_pending()).height)
        yield self._feed("payments", paid, role="derived")
        refunds = inside(frame, "refunds").with_row_index(REFUND)
        returned, money = self._of_refunds(refunds)
        yield self._feed("returns", returned, role="derived")
        yield self._feed("payments", money, role="derived")
        yield from self._of_fulfilments(inside(frame, "fulfillments"), "derived")
        yield self._feed("customers", customers_of_orders(frame), role="derived")
        yield self._feed("products", services_of(lines), role="derived")

    def _refunds(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.REFUND)
        returned, money = self._of_refunds(frame.with_row_index(REFUND))
        self._set_aside(EMPTY_REFUNDS, _count_without_rows(frame, returned, money))
        yield self._feed("returns", returned, malformed)
        yield self._feed("payments", money, role="derived")

    def _of_refunds(self, refunds: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        lines = refund_lines(refunds)
        self._set_aside(PENDING, _pending_inside(refunds))
        return returns_of(refunds, lines), refund_payments(refunds, lines, self.currency)

    def _fulfilments(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.FULFILLMENT)
        yield from self._of_fulfilments(frame, "primary", malformed)

    def _of_fulfilments(
        self, fulfilments: pl.DataFrame, role: Role, malformed: list[Malformed] | None = None
    ) -> Iterator[FeedRows]:
        waiting = is_waiting()
        shipments, scans = shipments_of(fulfilments), scans_of(fulfilments)
        self._set_aside(UNSHIPPED, fulfilments.filter(waiting).height)
        self._set_aside(NO_LINES, fulfilments.filter(~waiting & ~lists_lines() & ~is_cancelled()).height)
        yield self._feed("shipments", shipments, malformed, role)
        yield self._feed("tracking", scans, role="derived")

    def _events(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.EVENT)
        yield self._feed("tracking", steps_of(frame), malformed)

    def _transactions(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.TRANSACTION)
        if self.source.feed != "payments":
            self._set_aside(OF_REFUNDS, frame.filter(_is_refund()).height)
            frame = frame.filter(~_is_refund())
        self._set_aside(PENDING, frame.filter(is_pending()).height)
        yield self._feed("payments", payments_of(frame, self.currency), malformed)

    def _disputes(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.DISPUTE)
        rows, inquiries = disputes_of(frame)
        self._set_aside(INQUIRIES, inquiries)
        yield self._feed("payments", rows, malformed)

    def _payouts(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.PAYOUT)
        yield self._feed("payouts", states_of(frame), malformed)

    def _movements(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.MOVEMENT)
        rows, others = movements_of(frame)
        self._set_aside(NO_PAYOUT, others)
        yield self._feed("payouts", rows, malformed)

    def _products(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.PRODUCT)
        self.skus.append(skus_by_item(frame))
        products = products_of(frame)
        self._set_aside(NO_VARIANTS, _count_without_rows(frame, products))
        yield self._feed("products", products, malformed)

    def _customers(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.CUSTOMER)
        yield self._feed("customers", customers_of(frame), malformed)

    def _levels(self, objects: list[tuple[int, Object]]) -> Iterator[FeedRows]:
        frame, malformed = frame_of(objects, shapes.LEVEL)
        self.levels.append(frame)
        if malformed:
            yield FeedRows("stock", self.file, NO_ROWS, malformed=malformed)

    def _feed(
        self, feed: str, frame: pl.DataFrame, malformed: list[Malformed] | None = None, role: Role = "primary"
    ) -> FeedRows:
        return FeedRows(feed, self.file, frame, role, malformed or [])

    def _set_aside(self, what: str, number: int) -> None:
        if number:
            self.aside[what] += number


def _count_without_rows(frame: pl.DataFrame, *rows: pl.DataFrame) -> int:
    """Return the number of objects that gave no row."""
    with_rows = pl.concat([each[RECORD] for each in rows]).unique()
    return frame.filter(~pl.col(RECORD).is_in(with_rows.implode())).height


def _is_refund() -> pl.Expr:
    return (pl.col("kind").str.to_lowercase() == REFUND_KIND).fill_null(False)


def _pending_inside(refunds: pl.DataFrame) -> int:
    listed = refunds.select(pl.col("transactions").explode()).drop_nulls()
    return listed.unnest("transactions").filter(is_pending()).height
