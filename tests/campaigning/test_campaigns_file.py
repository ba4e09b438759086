"""Tests of campaigns.yaml: what is read, and the sentence for each mistake with its line and the nearest name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from orderhouse.campaigns.campaigns_file import campaign_named, load_campaigns
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

from tests.campaigning.conftest import WriteCampaigns

GOOD = """
spring:
  title: Spring sale
  audience:
    segments: [rfm:champions, rfm:loyal, "lifecycle: active"]
    filters: {all: [{field: orders_count, ge: 2}, {not: {field: country, eq: DE}}]}
  hold_out: 20%
  offer: SPRING10
  channel: email
  template: campaign_spring
  start: 2026-12-01T09:00+01:00
  attribution_days: 14
  priority: 5
  purpose: newsletter
"""


def test_every_key_is_read(write_campaigns: WriteCampaigns) -> None:
    (found,) = write_campaigns(GOOD)
    assert found.segments == {"rfm": ("champions", "loyal"), "lifecycle": ("active",)}
    assert found.filters is not None and found.filters.kind == "all"
    assert (found.hold_out, found.offer, found.template) == (Decimal("0.2"), "SPRING10", "campaign_spring")
    assert found.start_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert (found.attribution_days, found.priority, found.purpose) == (14, 5, "newsletter")


def test_what_is_left_out_has_defaults(write_campaigns: WriteCampaigns) -> None:
    (found,) = write_campaigns("all_of_them: {hold_out: 0.1, attribution_days: 7, purpose: newsletter}")
    assert (found.title, found.segments, found.filters, found.start_at) == ("All of them", {}, None, None)
    assert (found.channel, found.template, found.priority) == ("email", "campaign", 1)


def test_a_home_without_the_file_has_no_campaigns(settings: Settings) -> None:
    assert load_campaigns(settings) == []
    with pytest.raises(OrderhouseError, match="There are no campaigns. Write them into"):
        campaign_named(settings, "spring")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("holdout: 20%", "there is no key 'holdout'; did you mean 'hold_out'?"),
        ("hold_out: 95%", "write a share from 0% to 90%"),
        ("hold_out: a fifth", "write a share from 0% to 90%"),
        ("hold_out: NaN", "write a share from 0% to 90%"),
        ("start: tomorrow", "write now, or an instant with an offset"),
        ("start: 2026-12-01T09:00", "write now, or an instant with an offset"),
        ("attribution_days: 400", "a whole number from 1 to 366"),
        ("purpose: all", "`all` stands for every purpose"),
        ("purpose: News letter", "such as newsletter"),
        ("template: ../secret", "such as campaign_spring"),
        ("audience: {segments: [rmf:champions]}", "there is no scheme 'rmf'; did you mean 'rfm'?"),
        ("audience: {segments: [champions]}", "a segment is written as scheme:segment"),
        ("audience: {filters: {field: country, is: DE}}", "there is no operator 'is'"),
    ],
)
def test_a_mistake_is_told_with_its_line(write_campaigns: WriteCampaigns, line: str, said: str) -> None:
    rest = {"hold_out": "10%", "attribution_days": "7", "purpose": "newsletter"}
    others = [f"{key}: {value}" for key, value in rest.items() if not line.startswith(f"{key}:")]
    with pytest.raises(OrderhouseError) as error:
        write_campaigns("spring:\n" + "".join(f"  {each}\n" for each in [*others, line]))
    assert said in error.value.message
    assert f"campaigns.yaml:{len(others) + 3}:" in error.value.message


@pytest.mark.parametrize("key", ["hold_out", "attribution_days", "purpose"])
def test_what_nobody_should_guess_must_be_written(write_campaigns: WriteCampaigns, key: str) -> None:
    values = {"hold_out": "10%", "attribution_days": "7", "purpose": "newsletter"}
    del values[key]
    with pytest.raises(OrderhouseError, match=f"it has no `{key}`"):
        write_campaigns("spring: {" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}")


def test_an_unknown_campaign_is_told_with_the_nearest(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(GOOD)
    with pytest.raises(OrderhouseError, match="There is no campaign 'sprang'; did you mean 'spring'?"):
        campaign_named(settings, "sprang")
