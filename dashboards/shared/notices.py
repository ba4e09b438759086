"""Notices that stand above every page, and the basis of its figures in the sidebar."""

from __future__ import annotations

import streamlit as st
from orderhouse.invocation import as_typed_here
from orderhouse.serve.rates import MISSING_RATES, missing_rate_sentences
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record

from shared.access import DataMissing, Version
from shared.formats import instant

__all__ = ["basis", "missing_rates"]

CLOCKS = {"now": ", now at each run", "data": ", the newest in the feeds"}
ORIGINS = {"orders": ", as all orders", "default": ", since none is declared"}


def basis(settings: Settings, version: Version) -> str:
    """Return the clock of the version and the policy behind it, the time zone, the currency and the batch."""
    record = load_record(settings)
    is_same = record is not None and record.reporting_currency == version.currency
    clock = CLOCKS.get(record.clock_policy, "") if record is not None else ""
    origin = ORIGINS.get(record.currency_origin, "") if record is not None and is_same else ""
    return (
        f"Clock {instant(version.as_of, version.time_zone)}{clock}  \n"
        f"Times in {version.time_zone}  \n"
        f"Reports in {version.currency}{origin} · batch {version.batch_id}"
    )


def missing_rates(version: Version) -> None:
    """Say which currencies have money without exchange rates: figures in the reporting currency lack it."""
    try:
        rows = version.rows(MISSING_RATES)
    except DataMissing:
        return  # the role does not see orders or exceptions, or another release built the version
    for sentence in missing_rate_sentences(rows.iter_rows(named=True), version.currency):
        st.error(as_typed_here(sentence), icon=":material/currency_exchange:")
