"""One campaign: its audience with a live count, who falls out and why, and the buttons that start and stop it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from orderhouse import charts
from orderhouse.campaigns.audience import REASONS, Audience
from orderhouse.campaigns.campaign import SCHEMES, Campaign
from orderhouse.campaigns.campaigns_file import load_campaigns
from orderhouse.campaigns.results import Listed, list_campaigns, results_of
from orderhouse.campaigns.saving import as_yaml, campaign_of, save_campaign
from orderhouse.campaigns.starting import preview, set_state, start, why_not_sent
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.rules.sentences import condition_sentence
from shared.access import Version
from shared.conditions import Condition, conditions, fields_of_table, plain_comparison
from shared.formats import count, counted
from shared.layout import Figure, badge, figures, section
from shared.people import signed_in

from app_pages.campaigns_list import NEW, may_act
from app_pages.campaigns_results import arms_caption, lift_figures

__all__ = ["builder"]

SEGMENTS = """
    select scheme || ':' || segment as segment, count(*) as customers from marts.fct_customer_segments
    where snapshot_date = (select max(snapshot_date) from marts.fct_customer_segments) and list_contains(?, scheme)
    group by all order by all
"""
ARMS = {"treated": "Treated", "held_out": "Held out", "global_control": "Control group"}


def builder(version: Version, name: str) -> None:
    """Show one campaign; a form for a new one with the name `new`."""
    if st.button("All campaigns", icon=":material/arrow_back:", key="all_campaigns"):
        st.session_state.pop("campaign_filters", None)
        del st.query_params["campaign"]
        st.rerun()
    if name == NEW:
        _new(version)
        return
    listed = {each.campaign_id: each for each in list_campaigns(version.settings)}
    if name not in listed:
        st.warning(f"T{nearest_sentence('campaign', name, [*listed, NEW])[1:]}")
        return
    campaign = {each.campaign_id: each for each in load_campaigns(version.settings)}.get(name)
    _one(version, listed[name], campaign)


def _one(version: Version, listed: Listed, campaign: Campaign | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(listed.title or listed.campaign_id, anchor=False)
        badge(listed.state.replace(" ", "_"))
    if listed.state == "not started" and campaign is not None:
        with section("Whom would it reach?", "By the published version. A start freezes the members."):
            _audience(preview(version.settings, campaign), campaign)
        _warn_of_messages(version, campaign)
        _start_button(version, campaign)
    else:
        with section("What did it sell?"):
            found = results_of(version.settings, listed.campaign_id, role=version.role)
            if found and found[0].arm == "treated":
                lift_figures(version, found[0])
                st.caption(arms_caption(found))
            else:
                frozen = f"{counted(listed.started.members_count, 'member')} frozen. " if listed.started else ""
                st.info(f"{frozen}It has results after the next run.", icon=":material/hourglass_empty:")
        _state_buttons(version, listed)
    if campaign is not None:
        st.code(as_yaml(campaign), language="yaml")


def _audience(audience: Audience, campaign: Campaign) -> None:
    """Show how many people match, how they are split, and who falls out why."""
    if campaign.filters is not None:
        st.caption(f"Where {condition_sentence(campaign.filters)}.")
    out = sum(audience.left_out.values())
    figures(
        [
            Figure("Match", count(audience.matched), "Customers who meet segments and filters."),
            Figure("Fall out", count(out), "Each for the first reason that holds, see below."),
            *(
                Figure(ARMS[arm], count(number), None)
                for arm, number in audience.arms.items()
            ),
        ]
    )  # fmt: skip
    reasons = [(REASONS[reason], float(number)) for reason, number in audience.left_out.items() if number]
    if reasons:
        frame = charts.frame_of(reasons, "reason", "customers")
        st.altair_chart(charts.ranked(frame, "reason", "customers", "Customers who fall out"))
    elif audience.matched:
        st.caption("Nobody falls out.")


def _warn_of_messages(version: Version, campaign: Campaign) -> None:
    """Say why no message would go, while it can still be mended."""
    try:
        why_not = why_not_sent(version.settings, campaign)
    except OrderhouseError as error:
        why_not = error.message
    if why_not:
        st.warning(
            f"Nobody would get a message: {why_not} Mend this before the start, since a channel sends nothing about "
            "what happened before it was switched on.",
            icon=":material/unsubscribe:",
        )


def _start_button(version: Version, campaign: Campaign) -> None:
    may = may_act()
    tip = None if may else "Your role may not start campaigns."
    if st.button(
        "Start now", icon=":material/campaign:", type="primary", key="start_campaign", disabled=not may, help=tip
    ):
        person = signed_in()
        audience = start(version.settings, campaign.campaign_id, actor=person.name, role=person.role)
        if audience is not None:
            st.toast(f"{counted(audience.members.height, 'member')} frozen. Messages go after the next run.")
        st.rerun()


def _state_buttons(version: Version, listed: Listed) -> None:
    """Show the buttons that are possible in the state of a campaign."""
    possible = {
        "running": (("paused", "Pause"), ("stopped", "Stop for good")),
        "paused": (("running", "Resume"), ("stopped", "Stop for good")),
    }.get(listed.state, ())
    may = may_act()
    with st.container(horizontal=True):
        for state, title in possible:
            tip = None if may else "Your role may not change campaigns."
            if st.button(title, key=f"campaign.{state}", disabled=not may, help=tip):
                person = signed_in()
                set_state(version.settings, listed.campaign_id, state, actor=person.name, role=person.role)
                st.rerun()
    if listed.state == "stopped":
        st.caption("It was stopped. Its members and results stay.")
    elif listed.state == "frozen":
        st.caption(
            "Its members are frozen, and the operations store does not know it, so it sends nothing. Start it again."
        )


def _new(version: Version) -> None:
    """Show the form of a new campaign, the audience that it would have now, and its text."""
    if not may_act():
        st.info("Your role may not write campaigns.", icon=":material/lock:")
        return
    filters: list[Condition] = st.session_state.setdefault("campaign_filters", [])
    with section("Who?", "Segments of one scheme are alternatives; of several schemes each must hold."):
        found = version.rows(SEGMENTS, (list(SCHEMES),))
        sizes = dict(found.iter_rows())
        segments = st.multiselect(
            "Segments", list(sizes), key="campaign_segments", placeholder="All customers",
            format_func=lambda name: f"{name} · {count(sizes[name])}",
        )  # fmt: skip
        conditions(
            version,
            "customers",
            "And all of these",
            filters,
            fields_of_table(version, "customers"),
            "campaign_filter.add",
        )
    with section("What?", "The text is a template of messages.yaml's folder; the title is its subject line."):
        body, name = _body(segments)
    try:
        if filters:
            body["audience"]["filters"] = {"all": [plain_comparison(each) for each in filters]}
        campaign = campaign_of(version.settings, name, {key: value for key, value in body.items() if value})
        audience = preview(version.settings, campaign)
    except OrderhouseError as error:
        st.error(f"It cannot be saved yet. {error.message}", icon=":material/edit_note:")
        return
    with section("Whom would it reach now?", "Consent, suppressions, the control group and the cap are always asked."):
        _audience(audience, campaign)
    _warn_of_messages(version, campaign)
    if st.button("Save", icon=":material/save:", type="primary", key="save_campaign"):
        person = signed_in()
        save_campaign(version.settings, campaign, actor=person.name, role=person.role)
        st.session_state.pop("campaign_filters", None)
        st.query_params["campaign"] = campaign.campaign_id
        st.rerun()
    st.code(as_yaml(campaign), language="yaml")


def _body(segments: list[str]) -> tuple[dict[str, Any], str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.text_input("Title", "New campaign", key="campaign_title", width=320)
        name = st.text_input(
            "Name", "new_campaign", key="campaign_name", width=220,
            help="Lower-case letters, digits and _. The arm of each person follows from it.",
        )  # fmt: skip
        offer = st.text_input("Offer", "", key="campaign_offer", placeholder="Such as SPRING10", width=180)
        channel = st.text_input("Channel", "email", key="campaign_channel", width=140)
        purpose = st.text_input(
            "Purpose", "newsletter", key="campaign_purpose", width=180, help="What people unsubscribe from."
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hold_out = st.slider("Held out (%)", 0, 90, 20, 5, key="campaign_hold_out", width=260)
        days = st.number_input("Days that count", 1, 366, 14, key="campaign_days", width=170)
        priority = st.number_input("Priority", 1, 10_000, 1, key="campaign_priority", width=140)
    body: dict[str, Any] = {"title": title.strip(), "audience": {}, "hold_out": f"{hold_out}%", "offer": offer.strip()}
    body |= {
        "channel": channel.strip(), "attribution_days": int(days), "priority": int(priority),
        "purpose": purpose.strip(),
    }  # fmt: skip
    if segments:
        body["audience"]["segments"] = segments
    return body, name
