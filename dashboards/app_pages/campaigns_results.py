"""Results of campaigns: the lift of each with its interval, and the arms."""

from __future__ import annotations

import polars as pl
import streamlit as st
from orderhouse import charts
from orderhouse.campaigns.results import Arm, results_of
from shared.access import Version
from shared.formats import count, instant, money, per_cent
from shared.layout import Figure, empty, figures
from shared.tables import column, table, word

__all__ = ["lift_figures", "results"]


def results(version: Version) -> None:
    """Draw the lifts, and list the arms of all campaigns."""
    found = results_of(version.settings, role=version.role)
    if not found:
        empty("No campaign has results yet. They come with the run after its start.")
        return
    lifts = [each for each in found if each.lift_per_member is not None]
    if lifts:
        frame = pl.DataFrame(
            {
                "campaign": [_title(each) for each in lifts],
                "lift": [each.lift_per_member for each in lifts],
                "low": [each.lift_low_per_member for each in lifts],
                "high": [each.lift_high_per_member for each in lifts],
            }
        )
        title = f"Lift per member in {version.currency}, with its 95 % interval"
        st.altair_chart(charts.intervals(frame, "campaign", "lift", "low", "high", title))
        st.caption("An interval that contains zero cannot be told from chance. Windows that have not ended still grow.")
    else:
        empty("No campaign has a lift yet: it needs two members in both arms, and purchases that vary.")
    _arms(version, found)


def lift_figures(version: Version, arm: Arm) -> None:
    """Show the lift of one campaign as numbers."""
    low, high = arm.lift_low_per_member, arm.lift_high_per_member
    ends = [money(each, version.currency) for each in (low, high) if each is not None]
    interval = " to ".join(ends) or "–"
    state = "Complete" if arm.is_complete else "The window is open, so the figures still grow"
    figures(
        [
            Figure(
                "Lift per member",
                money(arm.lift_per_member, version.currency) if arm.lift_per_member is not None else "–",
                "Mean net sales of treated members less that of held-out ones.",
                note=f"95 % interval: {interval}. {state}.",
            ),
            Figure(
                "Lift in all",
                money(arm.total_lift, version.currency) if arm.total_lift is not None else "–",
                "Lift per member times the number of treated members.",
            ),
            Figure(
                "Could have seen",
                money(arm.detectable_lift_per_member, version.currency)
                if arm.detectable_lift_per_member is not None
                else "–",
                "Smallest lift per member that a test at 5 % finds with a power of 80 %, by the spread and the number "
                "of members. A smaller true lift is easily missed.",
            ),
            Figure(
                "Effect",
                "–" if arm.has_effect is None else "Yes" if arm.has_effect else "Not shown",
                "Yes if the interval does not contain zero.",
                note="" if arm.p_value is None else f"p = {arm.p_value:.3f}.",
            ),
            Figure("Window ends", instant(arm.window_ends_at, version.time_zone), "Purchases until then count."),
        ],
        wraps=True,
    )


def _arms(version: Version, found: list[Arm]) -> None:
    rows = [
        {
            "campaign": _title(each), "arm": each.arm, "members": each.members_count,
            "sent": each.messages_sent if each.arm == "treated" else None, "buyers": each.buyers_count,
            "rate": each.buyers_count / each.members_count, "orders": each.orders_count,
            "net_sales": each.net_sales_amount_reporting, "per_member": each.net_sales_per_member,
        }
        for each in found
    ]  # fmt: skip
    table(
        pl.DataFrame(rows),
        {
            "campaign": column("Campaign"),
            "arm": word("Arm", "Treated members are written to. Held-out members and the control group are not."),
            "members": column("Members", digits=0),
            "sent": column("Sent", "Messages that were accepted by their channel.", digits=0),
            "buyers": column("Buyers", "Members with a purchase within the window.", digits=0),
            "rate": column("Bought", "Buyers as a share of the members.", per_cent=True),
            "orders": column("Orders", digits=0),
            "net_sales": column(
                "Net sales", "Within the window, returns deducted.", unit=version.currency, is_amount=True
            ),
            "per_member": column("Per member", "Net sales divided by all members.", unit=version.currency, digits=2),
        },
        key="campaign_arms",
        nothing="No campaign has results yet.",
        height="content",
    )


def _title(arm: Arm) -> str:
    return arm.title or arm.campaign_id


def arms_caption(found: list[Arm]) -> str:
    """Return the members and buyers of each arm as a sentence."""
    parts = (
        f"{each.arm.replace('_', ' ')}: {count(each.members_count)} members, "
        f"{per_cent(each.buyers_count / each.members_count)} bought"
        for each in found
    )
    return " · ".join(parts)
