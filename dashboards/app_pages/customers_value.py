"""Sections of predicted value: the customers with the highest expected value, how good it was, and one customer."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared.access import Row, Version
from shared.formats import compact, instant, label, per_cent, short_money
from shared.layout import Figure, drawing, empty, figures
from shared.listing import listing
from shared.people import open_page
from shared.tables import column

__all__ = ["one", "values"]

TOTALS = """
    select count(*) as customers, sum(expected_purchases_90) as purchases,
        sum(expected_value_365_amount_reporting) as value, sum(alive_probability) / count(*) as alive
    from marts.fct_customer_value
"""
ACCURACY = "select * from marts.fct_customer_value_accuracy where is_latest"
BANDS = """
    select coalesce(value_band, 'none') as value_band, predicted_value_band, count(*) as customers
    from marts.fct_customer_value group by all order by all
"""
VALUES = """
    select customer_key, coalesce(customer_id, 'guest') as customer, predicted_value_band, value_band,
        expected_value_90_amount_reporting, expected_value_365_amount_reporting, expected_purchases_90,
        expected_purchases_365, alive_probability, purchases_count, recency_days, observed_days
    from marts.fct_customer_value
"""
ONE = f"select * from ({VALUES}) where customer_key = ?"  # noqa: S608 - a fixed query
SEARCH = "select coalesce(customer_id, email_token) as search from marts.dim_customers where customer_key = ?"
ORDER = ["low", "medium", "high", "unscored"]


def values(version: Version) -> None:
    """Show what customers are expected to buy, and list them, the highest value first."""
    fit = version.row(ACCURACY)
    if fit["run_id"] is None:
        empty("No value has been predicted yet. The daily schedule and `orderhouse predict customer_value` do.")
        return
    if fit["problem"]:
        st.info(fit["problem"], icon=":material/info:")
    totals = version.row(TOTALS)
    if not totals["customers"]:
        return
    _headline(version, totals, fit)
    bands = version.rows(BANDS)
    drawing(
        bands,
        charts.shares(bands, "value_band", "predicted_value_band", "customers", "Customers", ORDER),
        "No customer has a value.",
    )
    listed = listing(
        version,
        VALUES,
        (),
        {
            "customer": column("Customer", "Customer id of the shop."),
            "expected_value_365_amount_reporting": column(
                "Expected value, 365 days", "Net sales before returns.", unit=version.currency, is_amount=True
            ),
            "expected_value_90_amount_reporting": column(
                "Expected value, 90 days", "Net sales before returns.", unit=version.currency, is_amount=True
            ),
            "expected_purchases_90": column("Expected purchases, 90 days", digits=2),
            "alive_probability": column("Still buys", "Probability that the customer still buys.", per_cent=True),
            "predicted_value_band": column("Predicted band", "By the expected value of 365 days."),
            "value_band": column("Historic band", "By net spend so far."),
            "purchases_count": column("Purchases", "Days with a purchase.", digits=0),
            "recency_days": column("First to last purchase", unit="days", digits=0),
            "observed_days": column("Since the first purchase", unit="days", digits=0),
        },
        key="customer_values",
        noun="customers",
        unique="customer_key",
        sort="-expected_value_365_amount_reporting",
        prefix="values_",
        nothing="No customer has a value.",
        opens="Open the customer",
        height=420,
    )
    if listed.opened:
        open_page("customers", {"customer": listed.opened["customer_key"]})


def _headline(version: Version, totals: Row, fit: Row) -> None:
    """Show the sums, and the error on the hold-out beside that of the historic average."""
    figures(
        [
            Figure("Customers", compact(totals["customers"]), "Identified customers who have bought."),
            Figure(
                "Expected value, 365 days",
                short_money(totals["value"], version.currency),
                "Net sales before returns that these customers are expected to bring. A prediction.",
            ),
            Figure("Expected purchases, 90 days", compact(totals["purchases"]), "Days with a purchase."),
            Figure("Still buy", per_cent(totals["alive"]), "Mean probability that a customer still buys."),
            Figure(
                "Error of the model",
                _error(fit["holdout_error"]),
                f"Mean absolute error, in purchases of a customer on the last {fit['holdout_days']} days, predicted "
                "from what was before them.",
            ),
            Figure(
                "Error of the average",
                _error(fit["holdout_average_error"]),
                "The same if each customer had gone on at the own average so far.",
            ),
        ]
    )
    st.caption(f"{fit['model']}, predicted from {instant(fit['origin_at'], version.time_zone)}.")


def _error(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def one(version: Version, customer_key: str) -> None:
    """Show the predicted value of one customer, or a sentence if there is none."""
    found = version.row(ONE, (customer_key,))
    if found["customer_key"] is None:
        empty("No value is predicted for this customer: they have not bought, or came after the last prediction.")
        return
    figures(
        [
            Figure(
                "Expected value, 365 days",
                short_money(found["expected_value_365_amount_reporting"], version.currency),
                "Net sales before returns. A prediction.",
            ),
            Figure(
                "Expected value, 90 days",
                short_money(found["expected_value_90_amount_reporting"], version.currency),
                "Net sales before returns. A prediction.",
            ),
            Figure("Expected purchases, 90 days", f"{found['expected_purchases_90']:.2f}", "Days with a purchase."),
            Figure("Still buys", per_cent(found["alive_probability"]), "Probability that the customer still buys."),
            Figure("Predicted band", label(found["predicted_value_band"]), "By the expected value of 365 days."),
            Figure("Historic band", label(found["value_band"] or "none"), "By net spend so far."),
        ],
        wraps=True,
    )
    st.caption(
        f"From {found['purchases_count']} days with a purchase, {found['recency_days']} days from the first to the "
        f"last, {found['observed_days']} days since the first."
    )
    search = version.row(SEARCH, (customer_key,))["search"]
    if search and st.button("See the orders of the customer", icon=":material/receipt_long:"):
        open_page("orders", {"q": search})
