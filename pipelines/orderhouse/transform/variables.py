"""dbt variables of a build: settings that shape every table, clock and batch, and the secret salt of tracking ids."""

from __future__ import annotations

import hashlib
import hmac

from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import merchant_of
from orderhouse.storage.build_record import BuildRecord, load_record

__all__ = ["build_variables", "clock_variables", "shaping_variables", "tracking_salt"]


def build_variables(record: BuildRecord) -> dict[str, str | int]:
    """Return the variables of a build, for tests of its tables; the salt is not among them."""
    return {
        "business_time_zone": record.business_time_zone,
        "reporting_currency": record.reporting_currency,
        **clock_variables(record),
    }


def shaping_variables(settings: Settings) -> dict[str, str]:
    """Return business time zone and reporting currency.

    They come from the settings, else from the sources file, else from the last build, else they are UTC and EUR. Those
    of the last build count if `--sources` named a file then and no sources file is found now.
    """
    record = load_record(settings)
    if record is not None and not settings.sources_file.exists():
        return {
            "business_time_zone": settings.business_time_zone or record.business_time_zone,
            "reporting_currency": settings.reporting_currency or record.reporting_currency,
        }
    merchant = merchant_of(settings)
    return {"business_time_zone": merchant.business_time_zone, "reporting_currency": merchant.reporting_currency}


def clock_variables(record: BuildRecord) -> dict[str, str | int]:
    """Return clock and batch as dbt variables."""
    return {"as_of": record.dbt_as_of, "wall_clock": record.wall_clock, "batch_id": record.batch_id}


def tracking_salt(key: bytes) -> str:
    """Return a salt that is derived from the vault's key and does not reveal it."""
    return hmac.new(key, b"orderhouse tracking id", hashlib.sha256).hexdigest()
