"""Order lines: where every ordered unit is, and what it is worth.

Stock that open units wait for belongs in `allocation`, sums of lines in `orders`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from tests.oracle.amounts import ZERO, part, rounded, value_of_units
from tests.oracle.parcels import Parcel
from tests.oracle.returned import Return
from tests.oracle.versions import Row

__all__ = ["Line", "forget"]


def forget(thing: object) -> None:
    """Forget the values that an object has computed, after something that they depend on changed."""
    for name, value in vars(type(thing)).items():
        if isinstance(value, cached_property):
            vars(thing).pop(name, None)


@dataclass
class Line:
    """A line of an order, with its parcels and returns."""

    row: Row
    history: list[Row]
    currency: str
    prices_include_tax: bool
    is_service: bool
    is_shipment_tracked: bool
    is_order_cancelled: bool
    cancelled_by_actions: int = 0
    parcels: list[tuple[Parcel, Row]] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    closed_lost_units: int = 0
    closed_by_refunds_of: Decimal = ZERO
    is_held: bool = False
    is_stock_tracked: bool = False
    allocated_quantity: int = 0
    warehouse_id: str | None = None
    allocations: dict[str, int] = field(default_factory=dict)

    @cached_property
    def line_id(self) -> str:
        """Return the id of the line within its order."""
        return str(self.row["line_id"])

    def sku_at(self, at: datetime) -> str:
        """Return the SKU of the version in force at an instant; before the first one, that of the first."""
        earlier = [version for version in self.history if version["updated_at"] <= at]
        return str((earlier[-1:] or self.history[:1])[0]["sku"])

    @cached_property
    def ordered_quantity(self) -> int:
        """Return the units of the current version."""
        return int(self.row["quantity"])

    @cached_property
    def requires_shipping(self) -> bool:
        """Return true unless it is a service or said to need no shipment."""
        return self.row["requires_shipping"] is not False and not self.is_service

    @cached_property
    def parcels_in_order(self) -> list[tuple[Parcel, Row]]:
        """Return the parcels that count as shipped as they left; if more left than is kept, as they arrived."""
        counted = [each for each in self.parcels if each[0].counts_as_shipped]
        is_over = self._units(counted) > self.kept_quantity

        def place(each: tuple[Parcel, Row]) -> tuple[bool, datetime, datetime, str]:
            parcel, row = each
            arrived_at = parcel.delivered_at if is_over else None
            return arrived_at is None, arrived_at or datetime.max, row["shipped_at"], parcel.shipment_id

        return sorted(counted, key=place)

    @cached_property
    def first_loss_at(self) -> datetime:
        """Return when the first of its parcels was lost or came back to the sender."""
        gone = [parcel for parcel, _ in self.parcels if parcel.is_lost or parcel.is_carrier_returned]
        return min((parcel.ended_at for parcel in gone if parcel.ended_at), default=datetime.max)

    @cached_property
    def reopened_quantity(self) -> int:
        """Return lost and carrier-returned units that were neither cancelled nor sent again."""
        left = self.ordered_quantity - self.base_cancelled_quantity - self.shipped_quantity
        return max(min(self.lost_quantity + self.carrier_returned_quantity, left), 0)

    def reopened_value(self, units: int) -> Decimal:
        """Return the value with tax of the first of the reopened units to be closed, the last of the line."""
        kept = self.ordered_quantity - self.base_cancelled_quantity
        return self.value(kept - units, kept, with_tax=True)

    @cached_property
    def arrivals(self) -> list[tuple[datetime, str, int, int]]:
        """Return instants and returns by which units came back, the units, and how many of them were restocked."""
        found = []
        for each in self.returns:
            before, to_stock = 0, each.returned - each.units["scrapped"]
            for at, units in each.arrivals:
                back = min(before + units, to_stock) - min(before, to_stock)
                found.append((at, each.return_id, before, units, back))
                before += units
        return [(at, return_id, units, back) for at, return_id, _, units, back in sorted(found)]

    def _units(self, parcels: list[tuple[Parcel, Row]]) -> int:
        return sum(int(row["quantity"]) for _, row in parcels)

    @cached_property
    def shipped_quantity(self) -> int:
        """Return shipped units, less cancelled, lost and carrier-returned ones."""
        return self._units([each for each in self.parcels if each[0].counts_as_shipped])

    @cached_property
    def lost_quantity(self) -> int:
        """Return units of lost parcels."""
        return self._units([each for each in self.parcels if each[0].is_lost])

    @cached_property
    def carrier_returned_quantity(self) -> int:
        """Return units of parcels that the carrier brought back."""
        return self._units([each for each in self.parcels if each[0].is_carrier_returned])

    @cached_property
    def delivered_quantity(self) -> int:
        """Return shipped units in parcels that reached the customer."""
        return self._units([each for each in self.parcels if each[0].counts_as_shipped and each[0].is_delivered])

    @cached_property
    def returned_quantity(self) -> int:
        """Return the units that came back, not capped."""
        return sum(each.returned for each in self.returns)

    @cached_property
    def base_cancelled_quantity(self) -> int:
        """Return cancelled units without lost ones that were refunded."""
        limit = max(self.ordered_quantity - self.shipped_quantity, 0)
        if self.is_order_cancelled:
            return limit
        return min(max(self.row["cancelled_quantity"] or 0, self.cancelled_by_actions), limit)

    @cached_property
    def cancelled_quantity(self) -> int:
        """Return cancelled units, never more than ordered − shipped."""
        limit = max(self.ordered_quantity - self.shipped_quantity, 0)
        return min(self.base_cancelled_quantity + self.closed_lost_units, limit)

    @cached_property
    def kept_quantity(self) -> int:
        """Return the units that were not cancelled."""
        return self.ordered_quantity - self.cancelled_quantity

    @cached_property
    def open_quantity(self) -> int:
        """Return the units still to ship."""
        return max(self.ordered_quantity - self.cancelled_quantity - self.shipped_quantity, 0)

    @cached_property
    def held_quantity(self) -> int:
        """Return the open units of an order on hold."""
        return self.open_quantity if self.is_held else 0

    @cached_property
    def needs_stock(self) -> bool:
        """Return true if open units reserve stock."""
        return self.is_stock_tracked and self.requires_shipping and not self.is_held and self.open_quantity > 0

    @cached_property
    def not_tracked_quantity(self) -> int:
        """Return the open units whose stock is not covered."""
        is_covered = self.is_held or self.is_stock_tracked or not self.requires_shipping
        return 0 if is_covered else self.open_quantity

    @cached_property
    def backordered_quantity(self) -> int:
        """Return the open units that no stock is left for."""
        return self.open_quantity - self.held_quantity - self.not_tracked_quantity - self.allocated_quantity

    @cached_property
    def effective_returned_quantity(self) -> int:
        """Return the units that came back, of those that were sent."""
        return min(self.returned_quantity, self.shipped_quantity if self.is_shipment_tracked else self.kept_quantity)

    @cached_property
    def gross_total(self) -> Decimal:
        """Return quantity × unit price, rounded once."""
        price: Decimal = self.row["unit_price"]
        return rounded(price * self.ordered_quantity, self.currency)

    @cached_property
    def discount_total(self) -> Decimal:
        """Return the discount on the whole line."""
        return rounded(self.row["discount_amount"] or ZERO, self.currency)

    @cached_property
    def tax_total(self) -> Decimal:
        """Return the tax on the whole line."""
        return rounded(self.row["tax_amount"] or ZERO, self.currency)

    def _ordered(self, total: Decimal) -> Decimal:
        return rounded(total, self.currency)

    def _value(self, total: Decimal, units: int) -> Decimal:
        return value_of_units(total, units, self.ordered_quantity, self.currency)

    @cached_property
    def ordered_gross_amount(self) -> Decimal:
        """Return gross as ordered."""
        return self._ordered(self.gross_total)

    @cached_property
    def ordered_discount_amount(self) -> Decimal:
        """Return the discount as ordered."""
        return self._ordered(self.discount_total)

    @cached_property
    def ordered_net_amount(self) -> Decimal:
        """Return gross less discount as ordered."""
        return self.ordered_gross_amount - self.ordered_discount_amount

    @cached_property
    def ordered_tax_amount(self) -> Decimal:
        """Return tax as ordered."""
        return self._ordered(self.tax_total)

    @cached_property
    def gross_amount(self) -> Decimal:
        """Return gross of the kept units."""
        return self._value(self.gross_total, self.kept_quantity)

    @cached_property
    def discount_amount(self) -> Decimal:
        """Return the discount on the kept units."""
        return self._value(self.discount_total, self.kept_quantity)

    @cached_property
    def net_amount(self) -> Decimal:
        """Return gross less discount of the kept units."""
        return self.gross_amount - self.discount_amount

    @cached_property
    def tax_amount(self) -> Decimal:
        """Return the tax on the kept units."""
        if not self.ordered_quantity:
            return self.ordered_tax_amount
        return self._value(self.tax_total, self.kept_quantity)

    def value(self, start: int, end: int, *, with_tax: bool) -> Decimal:
        """Return what the units from `start` up to `end` are worth to the customer, with or without tax."""

        def piece(total: Decimal) -> Decimal:
            return part(total, start, end, self.ordered_quantity, self.currency)

        net = piece(self.gross_total) - piece(self.discount_total)
        return net + piece(self.tax_total) if with_tax and not self.prices_include_tax else net

    def due(self, kept: int) -> Decimal:
        """Return what the first `kept` units cost with tax."""
        return self.value(0, kept, with_tax=True)

    @cached_property
    def returned_net_amount(self) -> Decimal:
        """Return the net value of the returned units, the last of the kept ones."""
        return self.value(self._first_returned, self.kept_quantity, with_tax=False)

    @cached_property
    def returned_tax_amount(self) -> Decimal:
        """Return the tax of the returned units."""
        return part(self.tax_total, self._first_returned, self.kept_quantity, self.ordered_quantity, self.currency)

    @cached_property
    def returned_value(self) -> Decimal:
        """Return the value of the returned units with tax."""
        return self.value(self._first_returned, self.kept_quantity, with_tax=True)

    @cached_property
    def _first_returned(self) -> int:
        return max(self.kept_quantity - self.effective_returned_quantity, 0)

    @cached_property
    def has_arrived(self) -> bool:
        """Return true if every kept unit is with the customer, or has come back from there."""
        return max(self.delivered_quantity, self.effective_returned_quantity) >= self.kept_quantity

    @cached_property
    def shipped_instants(self) -> list[datetime]:
        """Return when parcels left, lost and carrier-returned ones included, cancelled ones not."""
        return sorted(row["shipped_at"] for parcel, row in self.parcels if not parcel.is_cancelled)

    @cached_property
    def deliveries(self) -> list[tuple[datetime, int]]:
        """Return instants and units of deliveries in order."""
        return sorted(
            (parcel.delivered_at, int(row["quantity"]))
            for parcel, row in self.parcels
            if parcel.counts_as_shipped and parcel.delivered_at
        )

    @cached_property
    def delivered_at(self) -> datetime | None:
        """Return when the last kept unit arrived."""
        arrived = 0
        for at, units in self.deliveries:
            arrived += units
            if arrived >= self.kept_quantity > 0:
                return at
        return None
