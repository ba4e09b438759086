"""Feed records that belong to no single order: products, customers, exchange rates."""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import DAY, NEVER
from orderhouse.simulate.catalogue import (
    BRANDS,
    CATEGORIES,
    COUNTRIES,
    CURRENCIES,
    SERVICE,
    SUPPLIERS,
    Catalogue,
    names,
)
from orderhouse.simulate.columns import instants, numbered, sent, where, words
from orderhouse.simulate.draws import Ints


def products_feed(catalogue: Catalogue) -> pl.DataFrame:
    """Return every product, and a second version of those whose cost rose."""
    draws, calendar = catalogue.draws, catalogue.calendar
    product = np.arange(catalogue.products, dtype=np.int64)
    listed_at = calendar.start - draws.between(product, "listed", 5 * DAY, 400 * DAY)
    rises = draws.chance(product, "cost rises", 0.1)
    risen_at = np.where(rises, calendar.start + draws.between(product, "risen", 0, calendar.end_day * DAY), NEVER)
    version_at = np.concatenate([listed_at, risen_at])
    chosen = sent(version_at, calendar)
    at, second = version_at[chosen], chosen >= len(product)
    product = product[chosen % len(product)]
    category = words(CATEGORIES, catalogue.category(product))
    cost = catalogue.unit_cost(product) + np.where(second, 40, 0)
    return pl.DataFrame(
        {
            "sku": numbered("SKU-", product, 5),
            "updated_at": instants(at),
            "name": category.str.to_titlecase() + " " + pl.Series(product).cast(pl.String),
            "category": category,
            "brand": words(BRANDS, product % len(BRANDS)),
            "kind": words(("goods", "service"), (catalogue.kind(product) == SERVICE).astype(np.int64)),
            "unit_cost": decimals(cost),
            "currency": pl.repeat("EUR", len(product), dtype=pl.String, eager=True),
            "lead_time_days": catalogue.lead_time(product),
            "supplier": words(SUPPLIERS, product % len(SUPPLIERS)),
            "is_active": pl.Series(~draws.chance(product, "inactive", 0.02)),
            "_at": at,
        }
    )


def customers_feed(people: Ints, first_placed_at: Ints, catalogue: Catalogue) -> pl.DataFrame:
    """Return people with an account, and a second version of those who change their consent.

    They register with their first order or before it.
    """
    draws, calendar = catalogue.draws, catalogue.calendar
    before = np.where(draws.chance(people, "registers early", 0.3), draws.between(people, "early", DAY, 90 * DAY), 60)
    created_at = first_placed_at - before
    changed_at = created_at + 40 * DAY
    changes = (
        draws.chance(people, "consent changes", 0.05) & (not calendar.is_increment) & (changed_at <= calendar.until)
    )
    person = np.concatenate([people, people[changes]])
    at = np.concatenate([created_at, changed_at[changes]])
    created = np.concatenate([created_at, created_at[changes]])
    second = np.arange(len(person)) >= len(people)
    country = catalogue.country(person)
    born = draws.chance(person, "birth year known", 0.6)
    return pl.DataFrame(
        {
            "customer_id": numbered("C-", person, 8),
            "updated_at": instants(at),
            "created_at": instants(created),
            "email": numbered("customer", person, 1) + "@example.com",
            "name": names(person),
            "phone": where(numbered("+4930", person, 8), draws.chance(person, "phone", 0.6)),
            "country": words(tuple(entry.code for entry in COUNTRIES), country),
            "region": words(tuple(entry.region for entry in COUNTRIES), country),
            "city": words(tuple(entry.city for entry in COUNTRIES), country),
            "birth_year": where(pl.Series(draws.between(person, "birth year", 1945, 2007)), born),
            "gender": words(("female", "male", "other"), draws.pick(person, "gender", [48, 48, 4])),
            "marketing_consent": pl.Series(draws.chance(person, "consent", 0.55) ^ second),
            "language": words(tuple(entry.language for entry in COUNTRIES), country),
            "_at": at,
        }
    )


def fx_rates_feed(catalogue: Catalogue) -> pl.DataFrame:
    """Return units of every other currency per euro, for every day from a week before the start."""
    calendar = catalogue.calendar
    first = calendar.since // DAY + 1 if calendar.is_increment else calendar.first_day - 7
    days = np.arange(first, calendar.until // DAY + 1, dtype=np.int64)
    frames = []
    for index, currency in enumerate(CURRENCIES[1:], start=1):
        frame = {
            "rate_date": pl.Series(days).cast(pl.Int32).cast(pl.Date),
            "base": pl.repeat("EUR", len(days), dtype=pl.String, eager=True),
            "quote": pl.repeat(currency, len(days), dtype=pl.String, eager=True),
            "rate": decimals(catalogue.rates(days, index), scale=8),
            "_at": days * DAY,
        }
        frames.append(pl.DataFrame(frame))
    return pl.concat(frames)
