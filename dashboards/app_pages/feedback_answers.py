"""List of answers, with the order's link and the text for roles that may see it."""

from __future__ import annotations

import streamlit as st
from shared import address, revealing
from shared.access import Row, Version
from shared.columns import column
from shared.formats import DASH, label
from shared.layout import empty
from shared.listing import listing
from shared.people import open_page
from shared.periods import Period

__all__ = ["answers"]

CHOSEN = """
    feedback_date between ? and ? and (? is null or topic = ?) and (not ?::boolean or score_rate <= 0.4)
    and (not ?::boolean or text_token is not null)
"""
ANSWERS = f"""
    select feedback_id, occurred_at, score, scale_max, score_rate, topic, channel, order_id, customer_id,
        text_token is not null as has_text, text_token, source
    from marts.fct_feedback where {CHOSEN}
"""  # noqa: S608 - a fixed condition
ONE = "select * from marts.fct_feedback where feedback_id = ?"
TOPICS = "select distinct topic from marts.fct_feedback where topic is not null order by topic"


def answers(version: Version, period: Period) -> None:
    """List the answers that match, and show the picked one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        topic = address.choice("topic", "Topic", version.rows(TOPICS)["topic"].to_list())
        is_low = address.flag("low_score", "Low scores only", "At most 40 % of the best.")
        has_text = address.flag("with_text", "With a text only")
    chosen = (period.first, period.last, topic, topic, is_low, has_text)
    listed = listing(
        version,
        ANSWERS,
        chosen,
        {
            "occurred_at": column("When"),
            "score": column("Points"),
            "scale_max": column("Of"),
            "score_rate": column("Score", per_cent=True),
            "topic": column("Topic"),
            "has_text": column("Text"),
            "order_id": column("Order"),
            "customer_id": column("Customer"),
            "channel": column("Channel", "Where the answer was given."),
            "source": column("Source"),
            "feedback_id": column("Feedback"),
        },
        key="answers",
        unique="feedback_id",
        sort="-occurred_at",
        nothing="No feedback matches.",
        opens="See its order, and read the text if your role may",
    )
    if listed.opened:
        st.query_params["answer"] = listed.opened["feedback_id"]
    one = st.query_params.get("answer")
    if one:
        _one(version, one, version.row(ONE, (one,)))


def _one(version: Version, feedback_id: str, answer: Row) -> None:
    """Show one answer with its order and its text."""
    st.subheader(f"Feedback {feedback_id}", anchor=False)
    if answer["feedback_id"] is None:
        empty(f"This version has no feedback {feedback_id}.")
        return
    order = answer["order_id"]
    st.caption(f"{label(answer['topic'])}, about order {order or DASH}.")
    if order and st.button(f"Open order {order}", icon=":material/receipt_long:"):
        open_page("orders", {"order": order})
    revealing.offer(version, *filter(None, [answer["text_token"]]))
