"""Parcels: their content, their outcome, and every scan on the way.

The decision to send a parcel belongs in `fulfilment`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderhouse.simulate.calendar import DAY, HOUR, MINUTE, NEVER
from orderhouse.simulate.catalogue import COUNTRIES
from orderhouse.simulate.draws import Bools, Draws, Ints
from orderhouse.simulate.orders import Orders

DELIVERED, LOST, SENT_BACK, RECALLED, STUCK = 0, 1, 2, 3, 4


CARRIERS = ("dhl", "ups", "dpd", "gls", "usps")


SCANS = (
    "label_created",
    "accepted",
    "in_transit",
    "delayed",
    "out_for_delivery",
    "attempt_failed",
    "ready_for_pickup",
    "delivered",
    "exception",
    "lost",
    "returning",
    "returned",
    "cancelled",
)


@dataclass(frozen=True)
class Pieces:
    """The units of a line that ship together; `shipment` is a position within the Shipments."""

    line: Ints
    order: Ints
    shipment: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True)
class Shipments:
    """Parcels. `key` is unique in the world; an outcome that does not happen has the instant NEVER."""

    key: Ints
    order: Ints
    warehouse: Ints
    shipped_at: Ints
    carrier: Ints
    outcome: Ints
    delivered_at: Ints
    lost_at: Ints
    sent_back_at: Ints
    recalled_at: Ints

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True)
class Scans:
    """Carrier scans of shipments; status is an index into SCANS."""

    shipment: Ints
    status: Ints
    occurred_at: Ints


def send_parcels(orders: Orders, key: Ints, order: Ints, warehouse: Ints, shipped_at: Ints, draws: Draws) -> Shipments:
    """Return one parcel per key, with its outcome."""
    # Weights in thousandths: delivered, lost, sent back, recalled, stuck.
    outcome = draws.pick(key, "outcome", [978, 4, 9, 4, 5])
    country = orders.country[order]
    home = np.array([entry.warehouse for entry in COUNTRIES], dtype=np.int64)[country]
    days = np.where(home == warehouse, draws.between(key, "near", 1, 3), draws.between(key, "far", 2, 7))
    arrival = (shipped_at // DAY + days) * DAY + draws.between(key, "arrival", 7 * HOUR, 19 * HOUR)
    return Shipments(
        key=key,
        order=order,
        warehouse=warehouse,
        shipped_at=shipped_at,
        carrier=np.where(
            warehouse == 3, 1 + 3 * draws.between(key, "carrier", 0, 1), draws.between(key, "carrier", 0, 3)
        ),
        outcome=outcome,
        delivered_at=np.where(outcome == DELIVERED, arrival, NEVER),
        lost_at=np.where(outcome == LOST, shipped_at + 12 * DAY, NEVER),
        sent_back_at=np.where(outcome == SENT_BACK, shipped_at + 10 * DAY, NEVER),
        recalled_at=np.where(outcome == RECALLED, shipped_at + draws.between(key, "recall", 1200, HOUR), NEVER),
    )


def scan_parcels(orders: Orders, shipments: Shipments, draws: Draws) -> Scans:
    """Return every scan of every parcel, unordered."""
    key, sent, end = shipments.key, shipments.shipped_at, shipments.delivered_at
    moving = shipments.outcome != RECALLED
    arrives = end < NEVER
    second = arrives & draws.chance(key, "attempt fails", 0.05) & (end - sent > 2 * DAY)
    at_shop = arrives & draws.chance(key, "pickup", 0.05) & (end - sent > 36 * HOUR)
    in_transit = sent + draws.between(key, "in transit", 8 * HOUR, 11 * HOUR)
    plan: list[tuple[str, Bools, Ints]] = [
        ("label_created", draws.chance(key, "label scan", 0.5), sent - draws.between(key, "label", MINUTE, 5 * HOUR)),
        (
            "accepted",
            moving & draws.chance(key, "accepted", 0.2),
            sent + draws.between(key, "handover", HOUR, 6 * HOUR),
        ),
        ("in_transit", moving, in_transit),
        ("delayed", moving & draws.chance(key, "delayed", 0.03), in_transit + 2 * HOUR),
        ("in_transit", moving & draws.chance(key, "hub", 0.1) & arrives, in_transit + 3 * HOUR),
        ("exception", (shipments.outcome == STUCK) & draws.chance(key, "stuck scan", 0.5), in_transit + 30 * HOUR),
        ("out_for_delivery", second, end - 29 * HOUR),
        ("attempt_failed", second, end - 25 * HOUR),
        ("ready_for_pickup", at_shop & ~second, end - draws.between(key, "shop", 2 * HOUR, 7 * HOUR)),
        (
            "out_for_delivery",
            arrives & ~at_shop & draws.chance(key, "round scan", 0.65),
            end - draws.between(key, "round", HOUR, 5 * HOUR),
        ),
        ("delivered", arrives, end),
        ("lost", shipments.lost_at < NEVER, shipments.lost_at),
        ("returning", shipments.sent_back_at < NEVER, shipments.sent_back_at - 4 * DAY),
        ("returned", shipments.sent_back_at < NEVER, shipments.sent_back_at),
        ("cancelled", shipments.recalled_at < NEVER, shipments.recalled_at),
    ]
    position = np.arange(len(key), dtype=np.int64)
    return Scans(
        shipment=np.concatenate([position[happens] for _, happens, _ in plan]),
        status=np.concatenate([np.full(int(happens.sum()), SCANS.index(status)) for status, happens, _ in plan]),
        occurred_at=np.concatenate([at[happens] for _, happens, at in plan]),
    )
