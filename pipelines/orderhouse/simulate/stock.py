"""The stock of the world: receipts planned so that every parcel finds its units, and none in a stock-out.

Further counts with small gaps, adjustments, transfers between warehouses, and purchase orders. Stock is computed day by
day over all cells at once, after the orders have given the units that left and came back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import DAY, HOUR, MINUTE
from orderhouse.simulate.catalogue import SUPPLIERS, WAREHOUSES, Catalogue
from orderhouse.simulate.columns import instants, numbered, where, words
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.life import Lives

_KINDS = ("receipt", "adjustment", "transfer_in", "transfer_out", "count")
_RECEIPT, _ADJUSTMENT, _IN, _OUT, _COUNT = range(5)
# Within a day, before anything is shipped at 06:00 UTC: count, adjust, transfer, receive.
_MOMENT = np.array([5 * HOUR, 4 * HOUR, 4 * HOUR + 30 * MINUTE, 4 * HOUR + 15 * MINUTE, 3 * HOUR + 30 * MINUTE])
_HORIZON = 10
# Bound of the days, so that cell and day fit into one key.
_MAX_DAYS = 2048


@dataclass
class StockFlows:
    """Units leaving and coming back per cell and UTC day of the request's window, added up chunk by chunk."""

    catalogue: Catalogue
    first_day: int
    days: int
    out: Ints
    back: Ints

    @classmethod
    def empty(cls, catalogue: Catalogue) -> StockFlows:
        """Return no flows, for the days that the request sends."""
        calendar = catalogue.calendar
        first = calendar.since // DAY if calendar.is_increment else calendar.first_day
        days = (calendar.until - 1) // DAY - first + 1
        shape = (catalogue.cells, days)
        return cls(catalogue, first, days, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64))

    def add(self, lives: Lives) -> None:
        """Add the movements of these orders: parcels out, recalled parcels and restocked returns back."""
        lines, pieces, parcels = lives.lines, lives.fulfilment.pieces, lives.fulfilment.shipments
        piece_cell = self._cell(lives, pieces.line)
        self._count(self.out, piece_cell, parcels.shipped_at[pieces.shipment], pieces.quantity)
        self._count(self.back, piece_cell, parcels.recalled_at[pieces.shipment], pieces.quantity)
        back = np.flatnonzero(lives.returns.restocked > 0)
        restocked_at = lives.returns.processed_at[lines.order[back]]
        self._count(self.back, self._cell(lives, back), restocked_at, lives.returns.restocked[back])

    def _cell(self, lives: Lives, line: Ints) -> Ints:
        return lives.lines.product[line] * len(WAREHOUSES) + lives.lines.warehouse[line]

    def _count(self, flows: Ints, cell: Ints, at: Ints, units: Ints) -> None:
        calendar = self.catalogue.calendar
        known = (at > calendar.since) & (at <= calendar.until)
        np.add.at(flows, (cell[known], at[known] // DAY - self.first_day), units[known])


@dataclass
class Movements:
    """Stock movements by day, and the level of each cell after the last day."""

    level: Ints
    rows: list[tuple[Ints, Ints, Ints, Ints, Ints]] = field(default_factory=list)

    def write(self, kind: int, day: int | Ints, cell: Ints, quantity: Ints, reference: Ints | int = -1) -> None:
        """Add one movement per cell; the day counts from 1970, the reference joins the legs of a transfer."""
        full = [np.broadcast_to(np.asarray(value, dtype=np.int64), cell.shape) for value in (kind, day, reference)]
        self.rows.append((full[0], full[1], cell.astype(np.int64), quantity.astype(np.int64), full[2]))

    def columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Return kind, day, cell, quantity, reference; empty arrays if nothing moved."""
        if not self.rows:
            empty = np.zeros(0, dtype=np.int64)
            return empty, empty, empty, empty, empty
        kind, day, cell, quantity, reference = (np.concatenate(part) for part in zip(*self.rows, strict=True))
        return kind, day, cell, quantity, reference


def move_stock(flows: StockFlows) -> Movements:
    """Return all movements of the window.

    Raises:
        AssertionError: A parcel finds no units.
    """
    catalogue = flows.catalogue
    movements = Movements(np.zeros(catalogue.cells, dtype=np.int64))
    if catalogue.calendar.is_increment:
        _receive_just_enough(flows, movements)
        return movements
    cells = np.arange(catalogue.cells, dtype=np.int64)
    closes = np.stack([catalogue.first_stock_out(cells)[0], catalogue.last_stock_out(cells)[0]])
    arriving: dict[int, list[tuple[Ints, Ints, Ints]]] = {}
    for day in range(flows.days):
        if day > 0:
            _count_and_adjust(flows, movements, cells, day)
            _transfer(flows, movements, cells, day, (closes == day).any(axis=0), arriving)
        _receive(flows, movements, cells, day, closes)
        movements.level += flows.back[:, day] - flows.out[:, day]
        if (movements.level < 0).any():
            raise AssertionError(f"day {day} ships units that are not there")
    return movements


def _count_and_adjust(flows: StockFlows, movements: Movements, cells: Ints, day: int) -> None:
    draws, today = flows.catalogue.draws, flows.first_day + day
    cells = cells[flows.catalogue.is_stocked(cells)]
    key = cells * _MAX_DAYS + day
    level = movements.level[cells]
    counted = (draws.between(cells, "count day", 0, 59) + day) % 60 == 0
    gap = draws.pick(key, "count gap", [6, 9, 82, 3]) - 2
    if counted.any():
        level[counted] = np.maximum(level + gap, 0)[counted]
        movements.write(_COUNT, today, cells[counted], level[counted])
    change = np.where(draws.chance(key, "broken", 0.7), -np.minimum(level, draws.between(key, "how many", 1, 3)), 1)
    adjusted = draws.chance(key, "adjusted", 0.002) & (change != 0)
    level[adjusted] += change[adjusted]
    movements.write(_ADJUSTMENT, today, cells[adjusted], change[adjusted])
    movements.level[cells] = level


def _transfer(
    flows: StockFlows,
    movements: Movements,
    cells: Ints,
    day: int,
    closes: Bools,
    arriving: dict[int, list[tuple[Ints, Ints, Ints]]],
) -> None:
    """Transfer the last units of cells that run out to another warehouse, and some units of other cells."""
    draws, today, level = flows.catalogue.draws, flows.first_day + day, movements.level
    shares = draws.chance(cells * _MAX_DAYS + day, "transfer", 0.001) & (level >= 10)
    leaving = np.flatnonzero((closes | shares) & (level > 0)).astype(np.int64)
    units = np.where(closes[leaving], level[leaving], level[leaving] // 5)
    reference = leaving * _MAX_DAYS + day
    level[leaving] -= units
    movements.write(_OUT, today, leaving, units, reference)
    shops = len(WAREHOUSES)
    target = leaving // shops * shops + (leaving + 1) % shops
    missing = draws.chance(reference, "lost on the way", 0.03) & (units > 1)
    arriving.setdefault(day + 2, []).append((target, units - missing, reference))
    for cell, quantity, joined in arriving.pop(day, []):
        np.add.at(level, cell, quantity)
        movements.write(_IN, today, cell, quantity, joined)


def _receive(flows: StockFlows, movements: Movements, cells: Ints, day: int, closes: Ints) -> None:
    """Receive units in cells that cannot serve the day.

    The units are those that the coming days need, and spare ones where no stock-out is near.
    """
    draws, level, stocked = flows.catalogue.draws, movements.level, flows.catalogue.is_stocked(cells)
    key = cells * _MAX_DAYS + day
    need = np.zeros(len(cells), dtype=np.int64)
    near = ((closes > day) & (closes <= day + _HORIZON + 2)).any(axis=0)
    for ahead in range(min(_HORIZON, flows.days - day)):
        shut = ((closes > day) & (closes <= day + ahead)).any(axis=0)
        need += np.where(shut, 0, flows.out[:, day + ahead])
    spare = np.where(near, 0, draws.between(key, "spare", 2, 12 + need // 3))
    short = level < flows.out[:, day]
    if day == 0:
        unused = (flows.out.sum(axis=1) == 0) & stocked & draws.chance(cells, "unused", 0.5)
        short = short | unused | (need > 0)
    units = np.where(short, need - level + spare, 0)
    received = np.flatnonzero(units > 0)
    level[received] += units[received]
    movements.write(_RECEIPT, flows.first_day + day, received, units[received])


def _receive_just_enough(flows: StockFlows, movements: Movements) -> None:
    """Receive exactly what ships: an increment does not know the levels from which it starts."""
    cell, day = np.nonzero(flows.out)
    movements.write(_RECEIPT, flows.first_day + day, cell, flows.out[cell, day])
    movements.level += flows.back.sum(axis=1)


def stock_feed(flows: StockFlows, movements: Movements) -> pl.DataFrame:
    """Return one row per movement."""
    catalogue = flows.catalogue
    kind, day, cell, quantity, reference = movements.columns()
    product, at = cell // len(WAREHOUSES), day * DAY + _MOMENT[kind]
    is_receipt = kind == _RECEIPT
    transfer = where(numbered("T-", np.maximum(reference, 0), 1), reference >= 0)
    purchase = where(_purchase_ids(day, cell), is_receipt)
    identity = pl.Series(day).cast(pl.String) + "-" + pl.Series(cell).cast(pl.String)
    from_cell = where("-" + pl.Series(reference).cast(pl.String), kind == _IN).fill_null("")
    return pl.DataFrame(
        {
            "movement_id": "M-" + words(_KINDS, kind) + "-" + identity + from_cell,
            "sku": numbered("SKU-", product, 5),
            "warehouse_id": words(WAREHOUSES, cell % len(WAREHOUSES)),
            "kind": words(_KINDS, kind),
            "quantity": quantity,
            "occurred_at": instants(at),
            "unit_cost": decimals(catalogue.unit_cost(product), is_receipt),
            "currency": where(pl.repeat("EUR", len(kind), dtype=pl.String, eager=True), is_receipt),
            "reference": purchase.fill_null(transfer),
            "_at": at,
        }
    )


def inbound_feed(flows: StockFlows, movements: Movements) -> pl.DataFrame:
    """Return purchase orders: announced a lead time ahead, 0 once received, and some still to come at the end."""
    catalogue, calendar = flows.catalogue, flows.catalogue.calendar
    kind, day, cell, quantity, _ = movements.columns()
    received = kind == _RECEIPT
    day, cell, quantity = day[received], cell[received], quantity[received]
    expected = day * DAY + _MOMENT[_RECEIPT]
    ordered = expected - catalogue.lead_time(cell // len(WAREHOUSES)) * DAY
    every = np.arange(catalogue.cells, dtype=np.int64)
    coming = catalogue.last_stock_out(every)[1]
    open_cell = every[(coming > flows.days) & catalogue.is_stocked(every) & (not calendar.is_increment)]
    open_day = coming[open_cell] + calendar.first_day
    open_units = catalogue.draws.between(open_cell, "coming", 10, 80)
    open_at = np.full(len(open_cell), calendar.until - 3 * DAY, dtype=np.int64)
    versions = [
        (day, cell, quantity, expected, ordered),
        (day, cell, quantity * 0, expected, expected),
        (open_day, open_cell, open_units, open_day * DAY + _MOMENT[_RECEIPT], open_at),
    ]
    day, cell, quantity, expected, at = (np.concatenate(part) for part in zip(*versions, strict=True))
    product = cell // len(WAREHOUSES)
    return pl.DataFrame(
        {
            "po_id": _purchase_ids(day, cell),
            "sku": numbered("SKU-", product, 5),
            "warehouse_id": words(WAREHOUSES, cell % len(WAREHOUSES)),
            "quantity": quantity,
            "expected_at": instants(expected),
            "updated_at": instants(at),
            "supplier": words(SUPPLIERS, product % len(SUPPLIERS)),
            "unit_cost": decimals(catalogue.unit_cost(product)),
            "currency": pl.repeat("EUR", len(cell), dtype=pl.String, eager=True),
            "_at": at,
        }
    )


def _purchase_ids(day: Ints, cell: Ints) -> pl.Series:
    return "B-" + pl.Series(day).cast(pl.String) + "-" + pl.Series(cell % 997).cast(pl.String)


__all__ = ["Movements", "StockFlows", "inbound_feed", "move_stock", "stock_feed"]
