"""Scores of feedback by carrier, SKU, topic or channel, and their spread."""

from __future__ import annotations

from orderhouse import charts
from shared import address
from shared.access import Version
from shared.columns import column
from shared.formats import label
from shared.layout import drawing
from shared.listing import listing
from shared.periods import Period

__all__ = ["by_subject", "spread"]

SPREAD = """
    select least(floor(score_rate * 10), 9)::integer * 10 as per_cent, count(*) as answers
    from marts.fct_feedback
    where feedback_date between ? and ? and score_rate is not null
    group by all order by all
"""
# Subjects of the answers: name, and the relation that gives each answer its subjects once.
SUBJECTS = {
    "carrier": "select distinct order_id, carrier as subject from ops.shipments where carrier is not null",
    "sku": "select distinct order_id, sku as subject from ops.order_lines",
}
OWN = ("topic", "channel", "source")
SCORES = """
    select coalesce({subject}, 'unknown') as subject, count(*) as answers, sum(score) as points,
        sum(scale_max) as best_points,
        (sum(score) / nullif(sum(scale_max), 0))::double as score_rate,
        count(*) filter (score_rate <= 0.4) as low
    from marts.fct_feedback as feedback {joined}
    where feedback_date between ? and ? and score_rate is not null
    group by all
"""


def spread(version: Version, period: Period) -> None:
    """Draw the answers by their score."""
    found = version.rows(SPREAD, (period.first, period.last))
    chart = charts.counted(found, "per_cent", "answers", ("Score from (%)", "Answers"))
    drawing(found, chart, "No feedback with a score was given in this period.")


def by_subject(version: Version, period: Period) -> None:
    """Compare the scores by the chosen subject, the most low scores first."""
    by = address.segment("feedback_by", "By", [*SUBJECTS, *OWN], "carrier")
    listing(
        version,
        _scores(by),
        (period.first, period.last),
        {
            "subject": column(label(by)),
            "answers": column("Answers", "Answers with a score.", digits=0),
            "score_rate": column("Score", "Points ÷ best points.", per_cent=True),
            "low": column("Low", "Answers with at most 40 % of the best score.", digits=0),
            "points": column("Points"),
            "best_points": column("Best points"),
        },
        key="feedback_scores",
        noun="rows",
        unique="subject",
        sort="-low",
        ties="score_rate",
        nothing="No feedback with a score was given in this period.",
        prefix="scores_",
        per_page=20,
    )


def _scores(by: str) -> str:
    """Return the query for a subject. Its words are fixed."""
    if by in SUBJECTS:
        joined = f"inner join ({SUBJECTS[by]}) as subjects on subjects.order_id = feedback.order_id"
        return SCORES.format(subject="subjects.subject", joined=joined)
    return SCORES.format(subject=f"feedback.{by}", joined="")
