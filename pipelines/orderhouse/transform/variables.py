"""The dbt variables of a build.

What shapes every table, the clock and batch of this one, and the secret salt of tracking ids.
"""

from __future__ import annotations

import hashlib
import hmac

from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import merchant_of
from orderhouse.storage.build_record import BuildRecord, load_record

__all__ = ["build_variables", "clock_variables", "shaping_variables", "tracking_salt"]


def build_variables(record: BuildRecord) -> dict[str, str | int]:
    """The variables that a build was made with, for whoever tests its tables; the salt is not among them."""
    return {
        "business_time_zone": record.business_time_zone,
        "reporting_currency": record.reporting_currency,
        **clock_variables(record),
    }


def shaping_variables(settings: Settings) -> dict[str, str]:
    """Business time zone and reporting currency.

    Settings, else sources file, else those of the last build, else UTC and EUR.

    Those of the last build count where `--sources` named a file then and nothing names one now.
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
    """Clock and batch, as dbt is told them."""
    return {"as_of": record.dbt_as_of, "wall_clock": record.wall_clock, "batch_id": record.batch_id}


def tracking_salt(key: bytes) -> str:
    """A salt that follows from the vault's key and does not give it away."""
    return hmac.new(key, b"orderhouse tracking id", hashlib.sha256).hexdigest()
