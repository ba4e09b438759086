"""Orders as placed: customer, place, instant, lines, prices and terms.

Later events do not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderhouse.simulate.amounts import divide_half_even
from orderhouse.simulate.calendar import DAY, HOUR
from orderhouse.simulate.catalogue import (
    B2B,
    COUNTRIES,
    COUNTRY_CURRENCY,
    GIFT_CARD,
    GOODS,
    GROCERY,
    STEPS,
    STORE,
    UNITED_STATES,
    Catalogue,
)
from orderhouse.simulate.draws import Bools, Draws, Floats, Ints

PREPAID, ON_DELIVERY, INVOICE = 0, 1, 2
SALE, EXCHANGE, REPLACEMENT, SAMPLE = 0, 1, 2, 3
DISCOUNT_CODES = ("SAVE10", "SPRING15", "VIP20")
_PERCENT_OFF = np.array([10, 15, 20, 0], dtype=np.int64)
NO_CODE = 3

_LINES_PER_ORDER = [35, 25, 17, 10, 6, 4, 0, 3]
MAX_LINES = 16
_STANDARD_TAX = np.array([country.tax for country in COUNTRIES], dtype=np.int64)
_REDUCED_TAX = np.array([country.reduced_tax for country in COUNTRIES], dtype=np.int64)


@dataclass(frozen=True)
class Orders:
    """Orders as placed, one element each; amounts in hundredths of the order's currency."""

    number: Ints
    placed_at: Ints
    person: Ints
    is_guest: Bools
    country: Ints
    currency: Ints
    step: Ints
    channel: Ints
    order_type: Ints
    original: Ints
    terms: Ints
    is_test: Bools
    prices_include_tax: Bools
    code: Ints
    is_return_prone: Bools
    shipping: Ints
    shipping_tax: Ints
    promised_at: Ints
    promise_is_date: Bools

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True)
class Lines:
    """Order lines as placed; `order` is the position within the Orders they belong to, `key` is unique in the world."""

    order: Ints
    key: Ints
    line: Ints
    product: Ints
    kind: Ints
    warehouse: Ints
    names_warehouse: Bools
    quantity: Ints
    unit_price: Ints
    discount: Ints
    tax: Ints
    step: Ints

    def __len__(self) -> int:
        return len(self.order)

    @property
    def net(self) -> Ints:
        """Return gross less discount, on the basis of the unit price."""
        return self.quantity * self.unit_price - self.discount


def place_orders(numbers: Ints, catalogue: Catalogue) -> tuple[Orders, Lines]:
    """Return the orders of these numbers, with their lines."""
    draws = catalogue.draws
    placed_at = catalogue.calendar.placed_at(numbers, draws)
    person = _person(numbers, catalogue)
    country = catalogue.country(person)
    currency = COUNTRY_CURRENCY[country]
    consumer_channel = draws.pick(numbers, "channel", [52, 24, 17, 7])
    channel = np.where(catalogue.is_business(person), B2B, consumer_channel)
    inclusive = (country != UNITED_STATES) & (channel != B2B)
    order_type = draws.pick(numbers, "order type", [985, 6, 6, 3])
    # The first 40 orders have too few predecessors to which an exchange could refer.
    order_type = np.where((numbers < 40) & (order_type != SAMPLE), SALE, order_type)
    code = np.where(order_type == SALE, draws.pick(numbers, "discount", [9, 5, 3, 83]), NO_CODE)
    prone = draws.chance(numbers, "returns", 0.1)
    lines = _order_lines(numbers, channel, country, currency, inclusive, order_type, code, prone, catalogue)
    shipping, shipping_tax = _shipping(lines, channel, country, currency, inclusive, order_type)
    promise_day = placed_at // DAY + draws.between(numbers, "promise", 3, 7)
    orders = Orders(
        number=numbers,
        placed_at=placed_at,
        person=person,
        is_guest=draws.chance(person, "guest", 0.2) & (channel != B2B),
        country=country,
        currency=currency,
        step=STEPS[currency],
        channel=channel,
        order_type=order_type,
        original=np.where(
            (order_type == EXCHANGE) | (order_type == REPLACEMENT),
            numbers - draws.between(numbers, "original", 1, 39),
            -1,
        ),
        terms=_terms(numbers, channel, draws),
        is_test=draws.chance(numbers, "test", 0.003),
        prices_include_tax=inclusive,
        code=code,
        is_return_prone=prone,
        shipping=shipping,
        shipping_tax=shipping_tax,
        promised_at=promise_day * DAY + 18 * HOUR,
        promise_is_date=channel != STORE,
    )
    return orders, lines


def _person(numbers: Ints, catalogue: Catalogue) -> Ints:
    """Return the person of each order; new people arrive at the rate of orders, and early ones return most often."""
    draws, base = catalogue.draws, catalogue.calendar.base_orders
    known = np.maximum(np.minimum(numbers, base) * catalogue.people // base, 1)
    back: Floats = draws.share(numbers, "who")
    returning = np.floor(known * back * np.sqrt(back)).astype(np.int64)
    is_new = draws.chance(numbers, "new", 0.2 + 0.8 * (numbers == 0))
    newcomer = np.where(numbers < base, known, catalogue.people + numbers - base)
    return np.where(is_new, newcomer, returning)


def _terms(numbers: Ints, channel: Ints, draws: Draws) -> Ints:
    consumer = draws.pick(numbers, "terms", [92, 6, 2])
    business = draws.pick(numbers, "business terms", [25, 0, 75])
    return np.where(channel == B2B, business, consumer)


def _order_lines(
    numbers: Ints,
    channel: Ints,
    country: Ints,
    currency: Ints,
    inclusive: Bools,
    order_type: Ints,
    code: Ints,
    prone: Bools,
    catalogue: Catalogue,
) -> Lines:
    draws = catalogue.draws
    count = draws.pick(numbers, "lines", _LINES_PER_ORDER) + 1
    order = np.repeat(np.arange(len(numbers), dtype=np.int64), count)
    line = np.arange(len(order), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count) + 1
    key = numbers[order] * MAX_LINES + line
    popularity = draws.share(key, "product")
    product = np.floor(popularity * popularity * catalogue.products).astype(np.int64)
    kind = catalogue.kind(product)
    home = np.array([entry.warehouse for entry in COUNTRIES], dtype=np.int64)[country[order]]
    elsewhere = draws.chance(key, "elsewhere", 0.1)
    warehouse = np.where(elsewhere, (home + draws.between(key, "warehouse", 1, 3)) % 4, home)
    quantity = draws.pick(key, "quantity", [70, 18, 7, 3, 2]) + 1
    quantity = np.where(channel[order] == B2B, quantity * 4, quantity)
    unit_price = _unit_price(product, currency[order], channel[order], order_type[order], catalogue)
    step = STEPS[currency[order]]
    discount = _discount(quantity, unit_price, np.where(kind == GOODS, code[order], NO_CODE), prone[order], step)
    tax = _tax(quantity * unit_price - discount, product, kind, country[order], inclusive[order], step, catalogue)
    named = draws.chance(key, "named", 0.75) & (kind == GOODS)
    return Lines(order, key, line, product, kind, warehouse, named, quantity, unit_price, discount, tax, step)


def _unit_price(product: Ints, currency: Ints, channel: Ints, order_type: Ints, catalogue: Catalogue) -> Ints:
    listed = catalogue.price(product, currency)
    step = STEPS[currency]
    without_tax = divide_half_even(listed * 80, 100 * step) * step
    price = np.where(channel == B2B, without_tax, listed)
    return np.where(order_type == SAMPLE, 0, price)


def _discount(quantity: Ints, unit_price: Ints, code: Ints, prone: Bools, step: Ints) -> Ints:
    """Return a percentage of the line, or of each unit where the quantity is even or the line may be returned.

    So no part of a line's discount is an exact half, for which `gross − R(discount)` and `R(net)` may differ by one
    minor
    unit. All readings of the definition then agree.
    """
    percent = _PERCENT_OFF[code]
    by_unit = divide_half_even(unit_price * percent, 100 * step) * step * quantity
    by_line = divide_half_even(unit_price * quantity * percent, 100 * step) * step
    return np.where((quantity % 2 == 0) | prone, by_unit, by_line)


def _tax(
    net: Ints, product: Ints, kind: Ints, country: Ints, inclusive: Bools, step: Ints, catalogue: Catalogue
) -> Ints:
    rate = np.where(catalogue.category(product) == GROCERY, _REDUCED_TAX[country], _STANDARD_TAX[country])
    rate = np.where(kind == GIFT_CARD, 0, rate)
    return _tax_of(net, rate, inclusive, step)


def _tax_of(net: Ints, rate: Ints, inclusive: Bools, step: Ints) -> Ints:
    return divide_half_even(net * rate, (10_000 + np.where(inclusive, rate, 0)) * step) * step


def _shipping(
    lines: Lines, channel: Ints, country: Ints, currency: Ints, inclusive: Bools, order_type: Ints
) -> tuple[Ints, Ints]:
    """Return the shipping charged on small orders, with its tax; none on samples and in stores."""
    net = np.bincount(lines.order, weights=lines.net, minlength=len(channel)).astype(np.int64)
    flat = np.array([495, 425, 535, 4900, 1990, 690, 80_000], dtype=np.int64)[currency]
    charged = (net < flat * 12) & (channel != STORE) & (order_type != SAMPLE)
    amount = np.where(charged, flat, 0)
    return amount, _tax_of(amount, _STANDARD_TAX[country], inclusive, STEPS[currency])
