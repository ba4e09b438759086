"""Price lists: the agreed price of a SKU in one currency from one day on, one version per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import boolean, currency, date, identifier, instant, label, money, text, units
from orderhouse.contracts.contract import Contract, rule

__all__ = ["PriceLists"]

_DAY = "(mon(day)?|tue(sday)?|wed(nesday)?|thu(rsday)?|fri(day)?|sat(urday)?|sun(day)?|[1-7])"
WEEKDAYS = rf"(?i)^{_DAY}([ ,;]+{_DAY})*$"
TIME = r"^([01][0-9]|2[0-3]|[0-9]):[0-5][0-9](:[0-5][0-9])?$"


class PriceLists(Contract):
    """Price of a SKU for a customer, a group of customers or everybody, with the agreed hours of deliveries."""

    shape = "versioned"

    price_list_id = identifier("The price list or contract.", key=True, required=True)
    sku = text("The SKU.", key=True, required=True)
    currency = currency("Of the price; counts for orders in this currency.", key=True, required=True)
    valid_from = date("First business day on which it counts.", key=True, required=True)
    updated_at = instant("Version clock.", required=True)
    unit_price = money("Of one unit, after all discounts; before tax unless price_includes_tax.", required=True)
    valid_until = date("Last business day on which it counts; without one it has no end.")
    customer_id = identifier("The customer it is for.")
    customer_group = label(
        "The group of customers it is for, where no customer is named. Without both it is for everybody."
    )
    min_quantity = units("Units of an order line from which it counts; default 0.")
    price_includes_tax = boolean("The price is gross of tax; default false.")
    delivery_weekdays = text(
        "Days of the week on which the customer takes deliveries: `mon`, `Tuesday` or 1 (Monday) to 7, with commas or "
        "spaces between them."
    )
    delivery_from = text("Local time from which the customer takes deliveries, such as `08:00`.")
    delivery_until = text("Local time until which the customer takes deliveries.")

    @rule("it ends before it begins", "valid_from", "valid_until")
    def ends_after_it_begins(cls) -> pl.Expr:
        """Require that a list ends on its first day or later."""
        return pl.col("valid_until") >= pl.col("valid_from")

    @rule("the delivery days are not days of the week", "delivery_weekdays")
    def weekdays_are_known(cls) -> pl.Expr:
        """Require names or numbers of days of the week."""
        return pl.col("delivery_weekdays").str.contains(WEEKDAYS)

    @rule("a delivery time is not written as 08:00", "delivery_from", "delivery_until")
    def times_are_times(cls) -> pl.Expr:
        """Require times of the clock of 24 hours."""
        begins, ends = (pl.col(name).str.contains(TIME) for name in ("delivery_from", "delivery_until"))
        return begins.fill_null(True) & ends.fill_null(True)

    @rule("the delivery hours end before they begin", "delivery_from", "delivery_until")
    def hours_end_after_they_begin(cls) -> pl.Expr:
        """Require hours that end on the same day, after their begin."""
        begins, ends = (pl.col(name).str.zfill(5).str.slice(0, 5) for name in ("delivery_from", "delivery_until"))
        return ends >= begins
