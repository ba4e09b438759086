"""Campaigns page: audiences are counted, campaigns started and stopped by who may, and results shown with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orderhouse.campaigns.campaigns_file import load_campaigns
from orderhouse.campaigns.members import members_file
from orderhouse.campaigns.starting import preview
from orderhouse.campaigns.states import campaign_states
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish

CAMPAIGNS = """
campaigns:
  loyal:
    title: Thank you
    audience: {segments: [rfm:champions, rfm:loyal], filters: {field: orders_count, ge: 2}}
    hold_out: 30%
    attribution_days: 14
    purpose: newsletter
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path)
    (tmp_path / "campaigns.yaml").write_text(CAMPAIGNS, encoding="utf-8")
    return tmp_path


def button(app: Any, text: str) -> Any:
    """Return the button of a text."""
    (found,) = [each for each in app.button if each.label == text]
    return found


def test_a_campaign_shows_whom_it_would_reach_and_who_falls_out(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    (campaign,) = load_campaigns(settings)
    audience = preview(settings, campaign)
    app = open_page(home, "campaigns", campaign="loyal")
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown == {
        "Match": str(audience.matched),
        "Fall out": str(sum(audience.left_out.values())),
        "Treated": str(audience.arms["treated"]),
        "Held out": str(audience.arms["held_out"]),
        "Control group": str(audience.arms["global_control"]),
    }
    assert "Where orders count is at least 2." in said(app)


def test_a_campaign_is_started_paused_resumed_and_stopped(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    app = open_page(home, "campaigns", campaign="loyal")
    button(app, "Start now").click().run()
    assert not app.exception
    count = len(members_file(settings, "loyal").read_text(encoding="utf-8").splitlines())
    assert f"{count} members frozen. It has results after the next run." in said(app)
    for title, state in (("Pause", "paused"), ("Resume", "running"), ("Stop for good", "stopped")):
        button(app, title).click().run()
        assert campaign_states(open_store(settings))["loyal"].state == state
    assert "It was stopped. Its members and results stay." in said(app)
    rows = tables_of(open_page(home, "campaigns"))[0].rows
    assert [(row["title"], row["state"]) for row in rows] == [("Thank you", "Stopped")]


CHANNEL = "channels:\n  email: {server: 'mail.example.com:587', sender: shop@example.com}\n"


@pytest.mark.parametrize(
    ("messages", "why_not"),
    [
        (None, "messages.yaml has no channel 'email', so its messages would be held."),
        (CHANNEL, "messages.yaml has no portal_url, and no marketing goes without a link to it."),
        (f"portal_url: https://track.example.com\n{CHANNEL}", None),
        ("channels: {email: {sender: 5", "messages.yaml"),
    ],
)
def test_a_campaign_whose_messages_would_not_go_is_told_before_its_start(
    home: Path, open_page: Open, messages: str | None, why_not: str | None
) -> None:
    if messages:
        (home / "messages.yaml").write_text(messages, encoding="utf-8")
    for campaign in ("loyal", "new"):
        app = open_page(home, "campaigns", campaign=campaign)
        assert not app.exception and len(app.button) > 1
        told = [str(each.value) for each in app.warning]
        assert len(told) == (why_not is not None)
        assert all("Nobody would get a message: " in each and str(why_not) in each for each in told)


def test_who_may_not_start_sees_the_button_disabled(home: Path, open_page: Open, sign_in: Any) -> None:
    (home / "access.yaml").write_text(
        "roles: {looker: {pages: [campaigns], tables: [all]}}\npeople: {looker@example.com: looker}\nmode: oidc\n",
        encoding="utf-8",
    )
    sign_in("looker@example.com")
    app = open_page(home, "campaigns", campaign="loyal")
    assert not app.exception
    assert button(app, "Start now").disabled
    assert "Your role may not write campaigns." in said(open_page(home, "campaigns", campaign="new"))


def test_results_show_the_lift_with_its_interval(home: Path, open_page: Open) -> None:
    app = open_page(home, "campaigns", campaigns_view="Results")
    assert not app.exception
    rows = tables_of(app)[0].rows
    assert {(row["campaign"], row["arm"]) for row in rows} == {
        (campaign, arm)
        for campaign in ("Winter sale", "Spring sale")
        for arm in ("Treated", "Held out", "Global control")
    }
    assert "An interval that contains zero cannot be told from chance." in said(app)


def test_a_new_campaign_is_counted_and_saved(home: Path, open_page: Open) -> None:
    app = open_page(home, "campaigns", campaign="new")
    assert not app.exception
    app.multiselect(key="campaign_segments").set_value(["rfm:champions"]).run()
    app.text_input(key="campaign_name").set_value("champions_only").run()
    app.text_input(key="campaign_offer").set_value("CHAMP").run()
    matched = {metric.label: metric.value for metric in app.metric}["Match"]
    button(app, "Save").click().run()
    assert not app.exception
    saved = load_campaigns(Settings(home=home))[-1]
    assert (saved.campaign_id, saved.segments, saved.offer) == ("champions_only", {"rfm": ("champions",)}, "CHAMP")
    assert str(preview(Settings(home=home), saved).matched) == matched
    assert (home / "campaigns.yaml").read_text(encoding="utf-8").startswith(CAMPAIGNS.rstrip())


def test_a_name_that_is_none_is_told_before_saving(home: Path, open_page: Open) -> None:
    app = open_page(home, "campaigns", campaign="new")
    app.text_input(key="campaign_name").set_value("No Name").run()
    assert "the name of a campaign has lower-case letters" in said(app)


def test_an_unknown_campaign_is_told_with_the_nearest(home: Path, open_page: Open) -> None:
    assert "There is no campaign 'royal'; did you mean 'loyal'?" in said(open_page(home, "campaigns", campaign="royal"))


def test_a_home_without_campaigns_says_so(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, empty=True)
    assert "There is no campaign yet." in said(open_page(tmp_path, "campaigns"))
    assert "No campaign has results yet." in said(open_page(tmp_path, "campaigns", campaigns_view="Results"))
