"""Feedback page: scores over time, by carrier, SKU and topic, and the list of answers."""

from __future__ import annotations

import streamlit as st
from orderhouse import charts
from shared import kpis, views
from shared.access import Version
from shared.layout import drawing, figures, section, start
from shared.periods import Period, pick_period

from app_pages import feedback_answers, feedback_scores


def over_time(version: Version, period: Period) -> None:
    """Draw the daily score."""
    daily = kpis.series_of(version, ["feedback_score"], period)
    chart = charts.lines_over_time(daily, "business_date", "value", "Score", per_cent=True)
    drawing(daily, chart, "No feedback with a score was given in this period.")


version = start("Feedback", "How content are customers, with what, and what do they write?")
period = pick_period(version, default=90)
st.caption(f"{period}, against {period.previous}. A score is the points given ÷ the best points possible.")
figures(kpis.figures_of(version, ["feedback_score"], period))
left, right = st.columns(2)
with left, section("Does it get better?", "Scores given on the day ÷ the best scores possible."):
    over_time(version, period)
with right, section("How are the scores spread?", "Answers by score, in steps of ten per cent of the best score."):
    feedback_scores.spread(version, period)
with section(
    "What are the scores about?",
    "Answers about an order count once for each of its carriers or SKUs, so one answer can be in several rows.",
):
    feedback_scores.by_subject(version, period)
with section("What did they answer?", "One row per answer, the newest first."):
    views.offer("feedback")
    feedback_answers.answers(version, period)
