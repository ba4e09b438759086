"""Missing exchange rates of a published version, as sentences: which currency, how many orders, what to do.

The model behind the exception `missing_fx_rate` decides when a rate is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["MISSING_RATES", "missing_rate_sentences"]

# One row per currency that has money and lacks rates.
MISSING_RATES = """
    select
        exceptions.subject_id as currency,
        exceptions.detail,
        (select count(*) from ops.orders as orders where orders.currency = exceptions.subject_id) as orders
    from ops.exceptions as exceptions
    where exceptions.code = 'missing_fx_rate' and exceptions.subject_type = 'currency'
    order by orders desc, currency
"""


def missing_rate_sentences(rows: Iterable[Mapping[str, Any]], reporting_currency: str) -> list[str]:
    """Return one text per currency without rates.

    Args:
        rows: The result of `MISSING_RATES`.
        reporting_currency: The reporting currency of the version.
    """
    return [_sentence(row["currency"], row["detail"], row["orders"], reporting_currency) for row in rows]


def _sentence(currency: str, detail: str, orders: int, reporting_currency: str) -> str:
    who = "1 order is" if orders == 1 else f"{orders:,} orders are"
    return (
        f"{who} in {currency}, and amounts are missing from the figures in {reporting_currency}. {detail}. "
        f"If {currency} is the currency of your reports, write `merchant: {{reporting_currency: {currency}}}` into "
        f"sources.yaml. Otherwise load the rates of {currency}: the feed fx_rates, or the format ecb. "
        "Then run `orderhouse run`."
    )
