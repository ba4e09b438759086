"""Feed records of parcels: shipments, tracking, returns.

As in `order_feeds`: records after `since` and not after `until`, with the instant of their publication in `_at`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import DAY, HOUR
from orderhouse.simulate.catalogue import WAREHOUSES, Catalogue
from orderhouse.simulate.columns import instants, numbered, order_ids, sent, sku, where, words
from orderhouse.simulate.draws import Ints
from orderhouse.simulate.life import Lives
from orderhouse.simulate.parcels import CARRIERS, SCANS
from orderhouse.simulate.returning import RETURN_REASONS


def shipment_ids(key: Ints) -> pl.Series:
    """Return the ids of parcels: order number, day and warehouse."""
    return numbered("S-", key // 8192) + "-" + pl.Series(key % 8192).cast(pl.String)


def tracking_numbers(key: Ints, catalogue: Catalogue) -> pl.Series:
    """Return the numbers of the carriers; the hash is a bijection, so no two parcels share one."""
    return pl.Series(catalogue.draws.bits(key, "tracking number")).cast(pl.String).str.zfill(20)


def shipments_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per line in a parcel; two pieces of a line in one parcel are added up."""
    fulfilment = lives.fulfilment
    parcels, pieces = fulfilment.shipments, fulfilment.pieces
    combined = pieces.shipment * (len(lives.lines) + 1) + pieces.line
    _, first, row = np.unique(combined, return_index=True, return_inverse=True)
    quantity = np.zeros(len(first), dtype=np.int64)
    np.add.at(quantity, row, pieces.quantity)
    chosen = sent(parcels.shipped_at[pieces.shipment[first]], catalogue.calendar)
    line, parcel = pieces.line[first][chosen], pieces.shipment[first][chosen]
    key, order, at = parcels.key[parcel], parcels.order[parcel], parcels.shipped_at[parcel]
    cost = 380 + 45 * catalogue.draws.between(key, "parcel cost", 0, 12)
    return pl.DataFrame(
        {
            "shipment_id": shipment_ids(key),
            "line_id": pl.Series(lives.lines.line[line]).cast(pl.String),
            "order_id": order_ids(lives.orders, order),
            "quantity": quantity[chosen],
            "shipped_at": instants(at),
            "sku": sku(lives.lines.product[line]),
            "warehouse_id": words(WAREHOUSES, parcels.warehouse[parcel]),
            "carrier": words(CARRIERS, parcels.carrier[parcel]),
            "service": words(("standard", "express"), (catalogue.draws.share(key, "express") < 0.1).astype(np.int64)),
            "tracking_number": tracking_numbers(key, catalogue),
            "estimated_delivery_at": instants((at // DAY + 3) * DAY + 18 * HOUR),
            "cost_amount": decimals(cost),
            "cost_currency": pl.repeat("EUR", len(key), eager=True),
            "_at": at,
        }
    )


def tracking_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per scan; for three parcels in ten the scan has only the tracking number."""
    parcels, scans = lives.fulfilment.shipments, lives.scans
    chosen = sent(scans.occurred_at, catalogue.calendar)
    parcel, at, status = scans.shipment[chosen], scans.occurred_at[chosen], scans.status[chosen]
    key = parcels.key[parcel]
    by_number = catalogue.draws.chance(key, "by number", 0.3)
    hub = words(("Leipzig", "Lyon", "Leeds", "Portland"), parcels.warehouse[parcel], status <= 3)
    estimate = instants((parcels.shipped_at[parcel] // DAY + 3) * DAY + 18 * HOUR, status == 2)
    return pl.DataFrame(
        {
            "shipment_id": where(shipment_ids(key), ~by_number),
            "carrier": words(CARRIERS, parcels.carrier[parcel]),
            "tracking_number": tracking_numbers(key, catalogue),
            "status": words(SCANS, status),
            "occurred_at": instants(at),
            "location": hub,
            "estimated_delivery_at": estimate,
            "_at": at,
        }
    )


def returns_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per return line and step."""
    lines, frames = lives.lines, []
    for status, happens, units, step_at in lives.returns.steps(lines):
        chosen = sent(step_at, catalogue.calendar, happens)
        number, at = lives.orders.number[lines.order[chosen]], step_at[chosen]
        asked = np.full(len(chosen), status == "requested")
        frame = {
            "return_id": numbered("R-", number),
            "line_id": pl.Series(lines.line[chosen]).cast(pl.String),
            "status": pl.repeat(status, len(chosen), dtype=pl.String, eager=True),
            "occurred_at": instants(at),
            "quantity": units[chosen],
            "order_id": numbered("OH-", number),
            "reason": words(RETURN_REASONS, number % len(RETURN_REASONS), asked),
            "warehouse_id": words(WAREHOUSES, lines.warehouse[chosen]),
            "sku": sku(lines.product[chosen]),
            "_at": at,
        }
        frames.append(pl.DataFrame(frame))
    return pl.concat(frames)
