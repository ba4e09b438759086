"""Discounts that WooCommerce shops write as fees below zero, spread over the lines of their order.

A line of a feed has no price below zero, so such a fee takes its amount off the order's items and other fees, each in
proportion to its total, and its tax off their taxes. The parts add up exactly, in the smallest unit in which the order
is written. A fee of more than all of them stays a line, so that it is quarantined and seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from orderhouse.sources.formats.woocommerce.amounts import units_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["OFF", "OFF_TAX", "discounts_of"]

OFF, OFF_TAX = "_off", "_off_tax"
SIZES = (10_000, 100, 10)
PARTS = {RECORD: pl.Int64(), "line_id": pl.String(), OFF: pl.Int64(), OFF_TAX: pl.Int64()}


def discounts_of(items: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """Return what is taken off each line, in ten-thousandths, and a row for each fee that is spread.

    Args:
        items: `_record`, `id`, `quantity`, `total` and `total_tax` of the items.
        fees: `_record`, `id`, `total` and `total_tax` of the fees.

    Returns:
        `_record`, `line_id`, `_off` and `_off_tax`; `_off` is null for a fee that is spread over the others.
    """
    both = pl.concat(
        [
            frame.select(
                RECORD,
                "id",
                is_fee=pl.lit(is_fee),
                total=units_of(pl.col("total")),
                tax=pl.coalesce(units_of(pl.col("total_tax")), pl.lit(0, pl.Int64)),
            )
            for frame, is_fee in ((items, False), (fees, True))
        ]
    )
    below = both.filter(pl.col("is_fee") & (pl.col("total") < 0))[RECORD].unique()
    orders = both.filter(pl.col(RECORD).is_in(below.implode())).partition_by(RECORD, maintain_order=True)
    return pl.DataFrame([part for order in orders for part in _spread(order)], schema=PARTS, orient="row")


def _spread(order: pl.DataFrame) -> Iterator[tuple[int, str, int | None, int]]:
    rows: list[dict[str, Any]] = order.to_dicts()
    given = [row for row in rows if row["is_fee"] and (row["total"] or 0) < 0]
    lines = [row for row in rows if (row["total"] or 0) > 0]
    amount, tax = -sum(row["total"] for row in given), -sum(row["tax"] for row in given)
    worth = sum(row["total"] for row in lines)
    if amount > worth:
        return
    written = [row[name] for row in (*given, *lines) for name in ("total", "tax")]
    size = next((size for size in SIZES if all(each % size == 0 for each in written)), 1)
    so_far = 0
    for row in lines:
        before, so_far = so_far, so_far + row["total"]
        off, off_tax = (
            _share(whole, so_far, worth, size) - _share(whole, before, worth, size) for whole in (amount, tax)
        )
        yield row[RECORD], row["id"], off, off_tax
    for row in given:
        yield row[RECORD], row["id"], None, 0


def _share(whole: int, part: int, of: int, size: int) -> int:
    """Return the part of a whole that falls to the first lines, in whole sizes; all of it for all lines."""
    return whole if part == of else whole * part // of // size * size
