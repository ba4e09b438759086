"""The feed `price_lists`: contracts of a few business customers of a simulated world.

Nothing else of the world depends on them. Most lines of a contract state what the customer is charged, some less, so
that there is something to find.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals, divide_half_even
from orderhouse.simulate.calendar import DAY, business_dates
from orderhouse.simulate.catalogue import COUNTRY_CURRENCY, CURRENCIES, STEPS, Catalogue
from orderhouse.simulate.columns import instants, numbered, sku, where, words
from orderhouse.simulate.draws import Ints

__all__ = ["price_lists_feed"]

# Customers with a contract, and days before the beginning of the world from which their prices count.
MOST_CONTRACTS = 20
BEFORE = 30
WEEKDAYS = ("mon, tue, wed, thu, fri", "tuesday, thursday", "1, 3, 5")


def price_lists_feed(people: Ints, catalogue: Catalogue) -> pl.DataFrame:
    """Return the prices of the first business customers among these people, with the window of every other contract.

    The last third of the products has a second price from half of the span on.
    """
    draws, calendar = catalogue.draws, catalogue.calendar
    buyers = people[catalogue.is_business(people)][:MOST_CONTRACTS]
    products = np.arange(catalogue.products, dtype=np.int64)
    person, product = np.repeat(buyers, len(products)), np.tile(products, len(buyers))
    is_changed = product % 3 == 2
    person, product = np.concatenate([person, person[is_changed]]), np.concatenate([product, product[is_changed]])
    is_second = np.arange(len(person)) >= len(buyers) * len(products)
    currency = COUNTRY_CURRENCY[catalogue.country(person)]
    step = STEPS[currency]
    cell = person * catalogue.products + product
    share = np.where(draws.chance(cell, "dearer than agreed", 0.15), 95, 100)
    share = np.where(is_second, 90, share)
    charged = divide_half_even(catalogue.price(product, currency) * 80, 100 * step) * step
    begin = np.where(is_second, calendar.start + calendar.end_day * DAY // 2, calendar.start - BEFORE * DAY)
    has_window = person % 2 == 0
    return pl.DataFrame(
        {
            "price_list_id": numbered("CONTRACT-", person, 8),
            "sku": sku(product),
            "currency": words(CURRENCIES, currency),
            "valid_from": business_dates(begin),
            "updated_at": instants(np.full(len(person), calendar.start, dtype=np.int64)),
            "unit_price": decimals(divide_half_even(charged * share, 100 * step) * step),
            "customer_id": numbered("C-", person, 8),
            "min_quantity": np.where(is_second, 4, 0),
            "price_includes_tax": pl.repeat(False, len(person), dtype=pl.Boolean, eager=True),
            "delivery_weekdays": words(WEEKDAYS, person // 2 % len(WEEKDAYS), has_window),
            "delivery_from": where(pl.repeat("08:00", len(person), dtype=pl.String, eager=True), has_window),
            "delivery_until": where(pl.repeat("16:30", len(person), dtype=pl.String, eager=True), has_window),
            "_at": np.full(len(person), calendar.start, dtype=np.int64),
        }
    )
