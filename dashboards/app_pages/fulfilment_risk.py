"""Sections of delivery risk: orders that may become late, and how good the probabilities were."""

from __future__ import annotations

from orderhouse import charts
from shared import address
from shared.access import Version
from shared.formats import count, per_cent
from shared.layout import Figure, drawing, empty, figures
from shared.listing import listing
from shared.people import open_page
from shared.tables import column, word

__all__ = ["accuracy", "at_risk"]

AT_RISK = """
    select concat_ws(' ', risks.order_id, risks.shipment_id) as row_id, risks.order_id, risks.shipment_id,
        risks.subject, risks.late_probability, risks.at_risk_amount_reporting, risks.due_amount_reporting, risks.reason,
        risks.promise_ends_at, risks.days_left, risks.carrier, risks.destination, risks.placed_at
    from marts.fct_delivery_risk as risks
    where ? is null or risks.subject = ?
"""
AGES = "select distinct age_days from marts.fct_delivery_risk_accuracy order by age_days"
SCORES = """
    select sum(predictions_count) as predictions, sum(late_count) as late,
        sum(squared_error_sum)::double / sum(predictions_count) as brier,
        sum(base_squared_error_sum)::double / sum(predictions_count) as base_brier,
        sum(probability_sum)::double / sum(predictions_count) as predicted
    from marts.fct_delivery_risk_accuracy where age_days = ?
"""
# Three standard errors of a share around the prediction, and three points at least.
TENTHS = """
    select decile, predicted, observed, predictions, greatest(predicted - width, 0) as low,
        least(predicted + width, 1) as high
    from (
        select decile, sum(predictions_count) as predictions, sum(probability_sum)::double / predictions as predicted,
            sum(late_count)::double / predictions as observed,
            greatest(0.03, 3 * sqrt(predicted * (1 - predicted) / predictions)) as width
        from marts.fct_delivery_risk_accuracy where age_days = ? group by decile
    ) as tenths order by decile
"""


def at_risk(version: Version) -> None:
    """List the promises that can still be kept, the highest amount at risk first. A picked row opens the order."""
    subject = address.choice("risk_subject", "What", ["parcel", "order"], width=160)
    listed = listing(
        version,
        AT_RISK,
        (subject, subject),
        {
            "order_id": column("Order"),
            "late_probability": column(
                "Probability", "Probability that the first promise is broken. A prediction.", per_cent=True
            ),
            "at_risk_amount_reporting": column(
                "Amount at risk",
                "Amount due of the order times the probability.",
                unit=version.currency,
                is_amount=True,
            ),
            "due_amount_reporting": column("Due", unit=version.currency, is_amount=True),
            "reason": column("Why", "Comparable promises that have ended, and how many of them were broken."),
            "subject": word("What", "A parcel on its way, or an order of which nothing has left."),
            "promise_ends_at": column("Promised"),
            "days_left": column("Days left", digits=0),
            "carrier": column("Carrier"),
            "destination": column("Destination"),
            "placed_at": column("Placed"),
        },
        key="delivery_risk",
        noun="promises",
        unique="row_id",
        sort="-at_risk_amount_reporting",
        prefix="risk_",
        nothing="No open promise can still be kept, or deliveries are not tracked.",
        opens="Open the order",
        height=420,
    )
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})


def accuracy(version: Version) -> None:
    """Show the Brier score beside that of the base rate, and the calibration by tenth of the predictions."""
    ages = version.rows(AGES)["age_days"].to_list()
    if not ages:
        empty("Probabilities are tested once a hundred promises have ended.")
        return
    words = {f"After {age} days" if age else "At the order": age for age in ages}
    chosen = address.segment("risk_age", "Predicted", list(words), next(iter(words)))
    age = words[chosen]
    scores = version.row(SCORES, (age,))
    figures(
        [
            Figure("Predictions tested", count(scores["predictions"]), "Their outcome is known."),
            Figure("Late", per_cent(scores["late"] / scores["predictions"]), "Share of the promises that was broken."),
            Figure("Predicted", per_cent(scores["predicted"]), "Mean of the predicted probabilities."),
            Figure(
                "Brier score",
                f"{scores['brier']:.4f}",
                "Mean squared difference of probability and outcome. Lower is better.",
            ),
            Figure(
                "Brier score of the base rate",
                f"{scores['base_brier']:.4f}",
                "The same if everything had the share of late promises that was known at the time.",
            ),
        ]
    )
    tenths = version.rows(TENTHS, (age,))
    drawing(
        tenths,
        charts.calibration(tenths, "predicted", "observed", "low", "high", "predictions"),
        "No prediction of this age has been tested.",
    )
