"""Forecasts page: demand and net sales to come, how good forecasts have been, and what another choice would mean.

Each view is a module `forecasts_…`. Forecasts are made by `orderhouse predict`; see `orderhouse.predict.forecasts`.
"""

from __future__ import annotations

from shared import address
from shared.layout import section, start

from app_pages import (
    forecasts_carriers,
    forecasts_demand,
    forecasts_outcomes,
    forecasts_record,
    forecasts_sales,
    forecasts_service,
)

VIEWS = ("Demand", "Net sales", "Record", "What was said", "Service level", "Carriers")


def show() -> None:
    """Show the chosen view of the page."""
    version = start("Forecasts", "What is expected to come, how wrong that can be, and what another choice would mean.")
    view = address.segment("forecasts_view", "View", VIEWS, "Demand", written=str, hides_heading=True)
    if view == "Net sales":
        with section("Which net sales are expected by week?", "After returns, with p10 and p90, beside the target."):
            forecasts_sales.weeks(version)
        with section("Which net sales are expected by day?", "By channel, on the day of the order."):
            forecasts_sales.days(version)
    elif view == "Record":
        with section(
            "How good have forecasts been?",
            "Forecasts from several past origins, each with what was known then, against what came.",
        ):
            forecasts_record.record(version)
    elif view == "What was said":
        with section(
            "What had the forecast said?",
            "Periods that are over, against the forecasts that were made before them and stored.",
        ):
            forecasts_outcomes.outcomes(version)
    elif view == "Service level":
        with section(
            "What does a service level cost?",
            "Safety stock that it takes to stay in stock through that share of lead times, at average cost.",
        ):
            forecasts_service.levels(version)
    elif view == "Carriers":
        with section(
            "What if parcels went with another carrier?",
            "Parcels of the last 365 days to the same destinations.",
        ):
            forecasts_carriers.mix(version)
    else:
        with section("Which demand is expected?", "Units by week, with p10 and p90. Open a row to see its history."):
            forecasts_demand.demand(version)


show()
