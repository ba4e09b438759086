"""True place of every unit at an instant, and true units on hand at the end.

The true results of orders and days are computed from these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from orderhouse.simulate.catalogue import WAREHOUSES, Catalogue
from orderhouse.simulate.columns import numbered, words
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.life import Lives


@dataclass(frozen=True)
class LineState:
    """Units of every line at one instant. `shipped` excludes recalled, lost and sent-back units."""

    shipped: Ints
    recalled: Ints
    lost: Ints
    sent_back: Ints
    delivered: Ints
    returned: Ints
    cancelled: Ints
    is_placed: Bools

    @property
    def left(self) -> Ints:
        """Return the units that ever left, without recalled ones."""
        return self.shipped + self.lost + self.sent_back


def lines_at(lives: Lives, instant: int) -> LineState:
    """Return the state of every line at an instant."""
    lines, fulfilment = lives.lines, lives.fulfilment
    pieces, parcels = fulfilment.pieces, fulfilment.shipments

    def units(at: Ints) -> Ints:
        total = np.zeros(len(lines), dtype=np.int64)
        np.add.at(total, pieces.line, np.where(at[pieces.shipment] <= instant, pieces.quantity, 0))
        return total

    recalled, lost, sent_back = units(parcels.recalled_at), units(parcels.lost_at), units(parcels.sent_back_at)
    shipped = units(parcels.shipped_at) - recalled - lost - sent_back
    line_cancelled = np.where(fulfilment.line_cancelled_at <= instant, fulfilment.line_cancelled, 0)
    order_cancelled = fulfilment.handling.cancelled_at[lines.order] <= instant
    cancelled = np.where(
        order_cancelled, lines.quantity - shipped, np.minimum(line_cancelled, lines.quantity - shipped)
    )
    received = lives.returns.received_at[lines.order] <= instant
    is_placed = lives.orders.placed_at[lines.order] <= instant
    delivered = units(parcels.delivered_at)
    returned = np.where(received, lives.returns.quantity, 0)
    return LineState(shipped, recalled, lost, sent_back, delivered, returned, cancelled, is_placed)


def per_order(lives: Lives, values: Ints) -> Ints:
    """Return the sums of line values per order."""
    total = np.zeros(len(lives.orders), dtype=np.int64)
    np.add.at(total, lives.lines.order, values)
    return total


def stock_truth(level: Ints, stray: dict[str, int], catalogue: Catalogue) -> pl.DataFrame:
    """Return units on hand per SKU and warehouse at the end, with the stray units of mess rows.

    For an increment it is the change of the units.
    """
    cell = np.flatnonzero(level != 0).astype(np.int64)
    frame = pl.DataFrame(
        {
            "sku": numbered("SKU-", cell // len(WAREHOUSES), 5),
            "warehouse_id": words(WAREHOUSES, cell % len(WAREHOUSES)),
            "on_hand_quantity": level[cell],
        }
    )
    rows = sorted(stray.items())
    strays = pl.DataFrame(
        {
            "sku": ["SKU-STRAY"] * len(rows),
            "warehouse_id": [warehouse for warehouse, _ in rows],
            "on_hand_quantity": [-units for _, units in rows],
        },
        schema=frame.schema,
    )
    return pl.concat([frame, strays])
