"""dbt variables of a build: settings that shape every table, clock and batch, and the secret salt of tracking ids."""

from __future__ import annotations

import contextlib
import hashlib
import hmac

import duckdb

from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import merchant_of
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.reporting_currency import DEFAULT_CURRENCY, CurrencyChoice, currency_of_orders

__all__ = ["build_variables", "clock_variables", "currency_choice", "shaping_variables", "tracking_salt"]


def build_variables(record: BuildRecord) -> dict[str, str | int]:
    """Return the variables of a build, for tests of its tables; the salt is not among them."""
    return {
        "business_time_zone": record.business_time_zone,
        "reporting_currency": record.reporting_currency,
        **clock_variables(record),
    }


def shaping_variables(settings: Settings) -> dict[str, str]:
    """Return business time zone and reporting currency, as the next build would have them but for rows not yet built.

    A home that declares no currency keeps that of its last build here.
    """
    zone, currency = _declared(settings)
    record = load_record(settings)
    found = currency or (record.reporting_currency if record else _chosen(settings).currency)
    return {"business_time_zone": zone, "reporting_currency": found}


def currency_choice(settings: Settings, raw: duckdb.DuckDBPyConnection) -> CurrencyChoice:
    """Return the reporting currency of a build: the declared one, else the one that all received orders share."""
    currency = _declared(settings)[1]
    return CurrencyChoice(currency, "declared") if currency else currency_of_orders(raw)


def _declared(settings: Settings) -> tuple[str, str | None]:
    """Return business time zone and declared reporting currency.

    They come from the settings, else from the sources file, else from the last build, else they are UTC and none. Those
    of the last build count if `--sources` named a file then and no sources file is found now.
    """
    record = load_record(settings)
    if record is not None and not settings.sources_file.exists():
        declared = record.reporting_currency if record.currency_origin == "declared" else None
        return settings.business_time_zone or record.business_time_zone, settings.reporting_currency or declared
    merchant = merchant_of(settings)
    return merchant.business_time_zone, merchant.reporting_currency


def _chosen(settings: Settings) -> CurrencyChoice:
    if not settings.raw_db.exists():
        return CurrencyChoice(DEFAULT_CURRENCY, "default")
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        return currency_of_orders(raw)


def clock_variables(record: BuildRecord) -> dict[str, str | int]:
    """Return clock and batch as dbt variables."""
    return {"as_of": record.dbt_as_of, "wall_clock": record.wall_clock, "batch_id": record.batch_id}


def tracking_salt(key: bytes) -> str:
    """Return a salt that is derived from the vault's key and does not reveal it."""
    return hmac.new(key, b"orderhouse tracking id", hashlib.sha256).hexdigest()
