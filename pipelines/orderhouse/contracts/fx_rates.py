"""Exchange rates: one rate of one day per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, date, rate
from orderhouse.contracts.contract import Contract

__all__ = ["FxRates"]


class FxRates(Contract):
    """The number of units of `quote` that one unit of `base` is worth on a day."""

    shape = "event"

    rate_date = date("The day of the rate.", key=True, required=True)
    base = currency("The currency of which there is one unit.", key=True, required=True)
    quote = currency("The currency in which the worth is stated.", key=True, required=True)
    rate = rate("Units of quote for one unit of base.", required=True)
