"""The contents of the world: countries and currencies, warehouses, products, people, rates, stock-outs.

Everything is a function of a number (of a product, a person, a cell of stock), so nothing is stored. A *cell* is one
SKU in one warehouse: `product × len(WAREHOUSES) + warehouse`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from orderhouse.simulate.calendar import Calendar
from orderhouse.simulate.draws import Bools, Draws, Ints


@dataclass(frozen=True)
class Country:
    """A country with customers; tax in basis points, home warehouse as an index."""

    code: str
    currency: str
    tax: int
    reduced_tax: int
    share: float
    warehouse: int
    city: str
    region: str
    language: str


COUNTRIES = (
    Country("DE", "EUR", 1900, 700, 0.38, 0, "Köln", "NW", "de"),
    Country("AT", "EUR", 2000, 1000, 0.06, 0, "Wien", "W", "de"),
    Country("FR", "EUR", 2000, 550, 0.12, 1, "Lyon", "ARA", "fr"),
    Country("NL", "EUR", 2100, 900, 0.06, 0, "Utrecht", "UT", "nl"),
    Country("IT", "EUR", 2200, 1000, 0.05, 1, "Torino", "TO", "it"),
    Country("ES", "EUR", 2100, 1000, 0.05, 1, "Sevilla", "SE", "es"),
    Country("GB", "GBP", 2000, 0, 0.10, 2, "Leeds", "LDS", "en"),
    Country("US", "USD", 725, 0, 0.08, 3, "Portland", "OR", "en"),
    Country("SE", "SEK", 2500, 1200, 0.03, 0, "Malmö", "M", "sv"),
    Country("PL", "PLN", 2300, 500, 0.03, 0, "Gdańsk", "PM", "pl"),
    Country("CH", "CHF", 810, 260, 0.03, 0, "Basel", "BS", "de"),
    Country("JP", "JPY", 1000, 800, 0.01, 3, "Osaka", "27", "ja"),
)
UNITED_STATES = 7
CURRENCIES = ("EUR", "GBP", "USD", "SEK", "PLN", "CHF", "JPY")
# Units of each currency per euro, in hundredths, for price lists. The daily rates vary around them.
_PER_EURO = np.array([100, 86, 108, 1130, 430, 95, 16200], dtype=np.int64)
STEPS = np.array([1, 1, 1, 1, 1, 1, 100], dtype=np.int64)
COUNTRY_CURRENCY = np.array([CURRENCIES.index(country.currency) for country in COUNTRIES], dtype=np.int64)

WAREHOUSES = ("BER1", "LYS1", "LDN1", "PDX1")
CHANNELS = ("web", "app", "marketplace", "store", "b2b")
STORE, B2B = 3, 4
CATEGORIES = ("apparel", "home", "electronics", "grocery", "toys", "sports")
GROCERY = 3
BRANDS = ("Nordlicht", "Maris", "Arbor", "Kestrel", "Fjell", "Sol & Co", "Tinker")
SUPPLIERS = ("Hansa Supply", "Rhône Import", "Ningbo Trading", "Lodz Works")
_GIVEN = ("Anna", "Ben", "Chloé", "Dario", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lena", "Mio")
_FAMILY = (
    "Schmidt",
    "Martin",
    "Rossi",
    "García",
    "Jones",
    "Nowak",
    "Svensson",
    "Tanaka",
    "O'Brien",
    "de Vries",
    "Meyer",
)
STREETS = ("Main Street", "Bahnhofstraße", "Rue de la Paix", "Via Roma", "Calle Mayor", "High Street", "Kungsgatan")

GOODS, SERVICE, GIFT_CARD = 0, 1, 2


def names(numbers: Ints) -> pl.Series:
    """Return a person's name for each number."""
    given = pl.Series(_GIVEN).gather(numbers % len(_GIVEN))
    return given + " " + pl.Series(_FAMILY).gather(numbers // len(_GIVEN) % len(_FAMILY))


@dataclass(frozen=True)
class Catalogue:
    """Products, people and stock-outs of one world.

    Attributes:
        draws: Random numbers.
        calendar: Span of the request.
        products: Number of SKUs.
        people: Number of people who order in the world itself; increments add new ones after them.
    """

    draws: Draws
    calendar: Calendar
    products: int
    people: int

    @classmethod
    def of(cls, draws: Draws, calendar: Calendar) -> Catalogue:
        """Return the catalogue for the size of a world."""
        orders = calendar.base_orders
        return cls(draws, calendar, int(min(20_000, max(60, orders // 200))), max(1, int(orders * 0.45)))

    @property
    def cells(self) -> int:
        """Return the number of SKU × warehouse cells."""
        return self.products * len(WAREHOUSES)

    def kind(self, product: Ints) -> Ints:
        """Return GOODS, SERVICE or GIFT_CARD; the latter two are slow sellers, so that they stay few."""
        every = np.where(product % 40 == 37, SERVICE, GOODS)
        return np.where((product % 40 == 39) & (product > 20), GIFT_CARD, every).astype(np.int64)

    def category(self, product: Ints) -> Ints:
        """Return an index into CATEGORIES."""
        return self.draws.pick(product, "category", [24, 20, 14, 16, 12, 14])

    def euro_price(self, product: Ints) -> Ints:
        """Return the list price in euro cents, tax included."""
        share = self.draws.share(product, "price")
        goods = np.floor(share * share * share * 240).astype(np.int64) * 100 + 599
        gift = (1 + product % 4) * 2500
        return np.where(self.kind(product) == GIFT_CARD, gift, goods).astype(np.int64)

    def price(self, product: Ints, currency: Ints) -> Ints:
        """Return the list price in hundredths of each currency."""
        raw = self.euro_price(product) * _PER_EURO[currency] // 100
        rounded = raw // 100 * 100 + np.where(STEPS[currency] == 1, 99, 0)
        gift = np.maximum(raw // 100 * 100, 100)
        return np.where(self.kind(product) == GIFT_CARD, gift, rounded).astype(np.int64)

    def unit_cost(self, product: Ints) -> Ints:
        """Return the cost of a unit in euro cents."""
        return self.euro_price(product) * self.draws.between(product, "cost", 30, 60) // 100

    def lead_time(self, product: Ints) -> Ints:
        """Return the days from ordering to receipt."""
        return self.draws.between(product, "lead time", 5, 35)

    def country(self, person: Ints) -> Ints:
        """Return the country of a person, as an index into COUNTRIES."""
        return self.draws.pick(person, "country", [country.share for country in COUNTRIES])

    def is_business(self, person: Ints) -> Bools:
        """Return whether a person buys for a company, on the b2b channel."""
        return self.draws.chance(person, "business", 0.08)

    def is_stocked(self, cell: Ints) -> Bools:
        """Return whether a cell holds goods; services and gift cards are never in stock."""
        return np.asarray(self.kind(cell // len(WAREHOUSES)) == GOODS, dtype=np.bool_)

    def in_stock_day(self, cell: Ints, day: Ints) -> Ints:
        """Return the first day from `day` on (counted from the calendar's first day) on which the cell can ship."""
        result = day
        for start, end in (self.first_stock_out(cell), self.last_stock_out(cell)):
            result = np.where((result >= start) & (result < end), end, result)
        return result

    def first_stock_out(self, cell: Ints) -> tuple[Ints, Ints]:
        """Return days [start, end) without stock in the middle of the span, empty for most cells."""
        span = self.calendar.end_day
        start = self.draws.between(cell, "stock-out", 10, max(10, span - 60))
        length = self.draws.between(cell, "stock-out length", 5, 25)
        out = self.draws.chance(cell, "runs out", 0.12) & (start + length < span - 30)
        return np.where(out, start, -1), np.where(out, start + length, -1)

    def last_stock_out(self, cell: Ints) -> tuple[Ints, Ints]:
        """Return days [start, end) without stock around the world's end, empty for most cells."""
        span = self.calendar.end_day
        start = span - self.draws.between(cell, "last stock-out", 2, 14)
        end = span + self.draws.between(cell, "next receipt", 1, 12)
        out = self.draws.chance(cell, "is out", 0.05) & (start > 0)
        return np.where(out, start, -1), np.where(out, end, -1)

    def rates(self, day: Ints, currency: int) -> Ints:
        """Return units of a currency per euro on each day (since 1970), in 1e-8."""
        key = day * 16 + currency
        drift = sum(
            np.interp(day % period / period, [0.0, 0.5, 1.0], [-0.5, 0.5, -0.5]) * weight
            for period, weight in ((91, 0.02), (23 + currency, 0.008))
        )
        noise = (self.draws.share(key, "rate") - 0.5) * 0.006
        ticks = np.floor((1.0 + drift + noise) * float(_PER_EURO[currency]) * 100).astype(np.int64)
        return ticks * 10_000
