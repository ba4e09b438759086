"""Tests of saving: one campaign is written, all other lines of the file stay, and a started one is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.campaigns.campaigns_file import load_campaigns
from orderhouse.campaigns.saving import as_yaml, campaign_of, save_campaign
from orderhouse.campaigns.starting import start
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

from tests.campaigning.conftest import WriteCampaigns

MARKETING = BUILT_IN["marketing"]
TEXT = """
# Ours
one: {hold_out: 10%, attribution_days: 7, purpose: news}  # first
two:
  hold_out: 12.5%
  attribution_days: 7
  purpose: news
  start: 2026-12-01T09:00+01:00
# The end
"""


def text_of(settings: Settings) -> str:
    return (settings.home / "campaigns.yaml").read_text(encoding="utf-8")


def test_a_campaign_is_read_as_it_was_saved(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    _, two = write_campaigns(TEXT)
    changed = replace(two, offer="Ten: 10%", segments={"rfm": ("champions", "loyal")}, priority=3)
    save_campaign(settings, changed, actor="mia", role=MARKETING)
    one, saved = load_campaigns(settings)
    assert replace(saved, line=0) == replace(changed, line=0)
    assert saved.hold_out == Decimal("0.125") and saved.start_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert "# Ours" in text_of(settings) and "# first" in text_of(settings) and "# The end" in text_of(settings)


def test_the_first_campaign_makes_the_file(settings: Settings) -> None:
    new = campaign_of(settings, "first", {"hold_out": "0%", "attribution_days": 7, "purpose": "news"})
    save_campaign(settings, new, actor="mia", role=MARKETING)
    assert text_of(settings).startswith("campaigns:\n  first:\n")
    assert [each.campaign_id for each in load_campaigns(settings)] == ["first"]
    save_campaign(settings, replace(new, campaign_id="second"), actor="mia", role=MARKETING)
    assert [each.campaign_id for each in load_campaigns(settings)] == ["first", "second"]


def test_a_started_campaign_is_not_changed(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    one, _ = write_campaigns(TEXT)
    start(settings, "one", actor="mia", role=MARKETING)
    before = text_of(settings)
    with pytest.raises(OrderhouseError, match="has started, so its members are frozen"):
        save_campaign(settings, replace(one, offer="X"), actor="mia", role=MARKETING)
    assert text_of(settings) == before


def test_a_role_without_the_right_saves_nothing(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    one, _ = write_campaigns(TEXT)
    before = text_of(settings)
    with pytest.raises(OrderhouseError, match="may not start or stop campaigns"):
        save_campaign(settings, replace(one, offer="X"), actor="v", role=BUILT_IN["viewer"])
    assert text_of(settings) == before


def test_a_mistake_is_told_without_the_place_of_the_draft(settings: Settings) -> None:
    with pytest.raises(OrderhouseError) as error:
        campaign_of(settings, "x", {"hold_out": "99%", "attribution_days": 7, "purpose": "news"})
    assert error.value.message.startswith("campaigns.yaml:") and "0% to 90%" in error.value.message
    assert not list(settings.operations.glob("campaigns_draft*"))


def test_shares_are_written_as_people_write_them(write_campaigns: WriteCampaigns) -> None:
    one, two = write_campaigns(TEXT)
    assert "hold_out: 10%" in as_yaml(one) and "hold_out: 12.5%" in as_yaml(two)
    assert "hold_out: 0%" in as_yaml(replace(one, hold_out=Decimal(0)))
