"""Tests of audiences and starts: who is a member and in which arm, and that a start freezes it once."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.campaigns.assigning import arm_of, is_in_control
from orderhouse.campaigns.members import members_file
from orderhouse.campaigns.results import list_campaigns, results_of
from orderhouse.campaigns.starting import check_campaigns, preview, set_state, start, start_due
from orderhouse.campaigns.states import campaign_states
from orderhouse.errors import OrderhouseError
from orderhouse.messages.endpoints import endpoint_states
from orderhouse.messages.suppressions import land_suppressions
from orderhouse.operations.audit_log import entries
from orderhouse.operations.store import open_store
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.campaigning.conftest import WriteCampaigns

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
MARKETING = BUILT_IN["marketing"]
EVERYBODY = "everybody: {hold_out: 25%, attribution_days: 7, purpose: newsletter}"


def rows(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(open_reader(settings)) as published:
        return published.execute(sql).fetchall()


def members(settings: Settings, campaign: str) -> dict[str, str]:
    """Return the arm of each member of a campaign as landed."""
    text = members_file(settings, campaign).read_text(encoding="utf-8")
    return {row["customer_key"]: row["arm"] for row in map(json.loads, text.splitlines())}


def begin(settings: Settings, campaign: str, now: datetime = NOW) -> None:
    start(settings, campaign, actor="mia@example.com", role=MARKETING, now=now)


def test_everybody_is_counted_once(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    (campaign,) = write_campaigns(EVERYBODY)
    found = preview(settings, campaign, now=NOW)
    identified = "from marts.dim_customers where substr(customer_key, 1, 2) <> 'o:'"
    assert rows(settings, f"select count(*) {identified}") == [(found.matched,)]
    assert (
        found.matched
        == sum(found.left_out.values()) + found.members.height
        == sum(found.left_out.values()) + sum(found.arms.values())
    )
    assert rows(settings, f"select count(*) {identified} and email_token is null") == [(found.left_out["no_address"],)]
    assert min(found.arms.values()) > 0 and found.left_out["no_consent"] > 0


def test_segments_of_a_scheme_are_alternatives_and_schemes_are_all_asked(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    rest = "hold_out: 0, attribution_days: 7, purpose: newsletter"
    both, one, other = write_campaigns(
        f"""
        both: {{audience: {{segments: [rfm:champions, rfm:loyal]}}, {rest}}}
        one: {{audience: {{segments: [rfm:champions, lifecycle:active]}}, {rest}}}
        other: {{audience: {{segments: [rfm:champions], filters: {{field: country, ne: DE}}}}, {rest}}}
        """
    )
    newest = "from marts.fct_customer_segments where snapshot_date = date '2026-03-31'"
    count = f"select count(distinct customer_key) {newest} and substr(customer_key, 1, 2) <> 'o:'"
    champions = f"(select customer_key {newest} and segment = 'champions')"
    expected = [
        (both, f"{count} and segment in ('champions', 'loyal')"),
        (one, f"{count} and scheme = 'lifecycle' and segment = 'active' and customer_key in {champions}"),
        (other, f"{count} and segment = 'champions' and customer_key in (select customer_key from marts.dim_customers "
        "where country is distinct from 'DE')"),
    ]  # fmt: skip
    for campaign, sql in expected:
        assert rows(settings, sql) == [(preview(settings, campaign, now=NOW).matched,)], campaign.campaign_id


def test_unknown_segments_and_fields_are_told_with_the_nearest(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    rest = "hold_out: 10%, attribution_days: 7, purpose: newsletter"
    write_campaigns(
        f"one: {{audience: {{segments: [rfm:champion]}}, {rest}}}\n"
        f"two: {{audience: {{filters: {{field: contry, eq: DE}}}}, {rest}}}\n"
    )
    told = "\n".join(check_campaigns(settings))
    assert "campaigns.yaml:2: one: there is no segment of rfm 'champion'; did you mean 'champions'?" in told
    assert "campaigns.yaml:3: there is no field 'contry'; did you mean 'country'?" in told
    assert "messages.yaml has no channel 'email', so its messages would be held." in told


def test_a_start_switches_the_channels_on_that_no_run_has_seen(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    write_campaigns(EVERYBODY)
    channel = "channels: {email: {server: 'mail.example.com:587', sender: shop@example.com}}\n"
    (settings.home / "messages.yaml").write_text(channel, encoding="utf-8")
    begin(settings, "everybody")
    # Of what happened before the switch nothing is sent.
    started_at = campaign_states(open_store(settings))["everybody"].started_at
    assert endpoint_states(open_store(settings))["email"].switched_on_at == started_at


def test_a_mistake_in_the_messages_file_does_not_stop_a_start(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    write_campaigns(EVERYBODY)
    (settings.home / "messages.yaml").write_text("channels: {email: {sender: 5", encoding="utf-8")
    begin(settings, "everybody")
    assert members(settings, "everybody")


def test_suppressed_erased_and_capped_people_fall_out(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    first, second, third = write_campaigns(
        "\n".join(EVERYBODY.replace("everybody", name) for name in ("first", "second", "third"))
    )
    before = preview(settings, first, now=NOW)
    keys = before.members["customer_key"].to_list()
    tokens = dict(
        rows(settings, "select customer_key, email_token from marts.dim_customers where email_token is not null")
    )
    land_suppressions(settings, [str(tokens[keys[0]])], "all", kind="imported", origin="file")
    land_suppressions(settings, [str(tokens[keys[1]])], "newsletter", kind="unsubscribed", origin="portal")
    land_suppressions(settings, [str(tokens[keys[2]])], "another", kind="unsubscribed", origin="portal")
    settings.erased_tokens.write_text(f"{tokens[keys[3]]}\n", encoding="utf-8")
    now = preview(settings, first, now=NOW)
    assert now.left_out["unsubscribed"] == before.left_out["unsubscribed"] + 2 and now.left_out["erased"] == 1
    assert set(keys) - set(now.members["customer_key"]) == {keys[0], keys[1], keys[3]}
    narrow = settings.model_copy(update={"campaign_cap_count": 2, "campaign_cap_days": 14})
    begin(narrow, "first")
    begin(narrow, "second", NOW + timedelta(days=1))
    assert preview(narrow, third, now=NOW + timedelta(days=2)).left_out["capped"] == now.members.height
    assert preview(narrow, third, now=NOW + timedelta(days=14)).left_out["capped"] == 0
    assert second.campaign_id in campaign_states(open_store(narrow))


def test_a_start_freezes_arms_that_anybody_can_compute_again(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    write_campaigns(EVERYBODY)
    begin(settings, "everybody")
    frozen = members(settings, "everybody")
    salt, share = settings.campaign_control_salt, settings.campaign_control_share
    for key, arm in frozen.items():
        expected = "global_control" if is_in_control(salt, key, share) else arm_of("everybody", key, Decimal("0.25"))
        assert arm == expected
    text = members_file(settings, "everybody").read_text(encoding="utf-8")
    begin(settings, "everybody", NOW + timedelta(days=3))
    assert members_file(settings, "everybody").read_text(encoding="utf-8") == text
    (logged,) = entries(settings, action="start_campaign")
    assert (logged.actor, logged.subject) == ("mia@example.com", "campaign everybody")
    assert json.loads(logged.detail)["members"] == len(frozen)


def test_arms_have_their_shares_and_differ_between_campaigns() -> None:
    keys = [f"c:{number}" for number in range(20_000)]
    one = [arm_of("one", key, Decimal("0.2")) == "held_out" for key in keys]
    two = [arm_of("two", key, Decimal("0.2")) == "held_out" for key in keys]
    both = sum(first and second for first, second in zip(one, two, strict=True))
    assert abs(sum(one) - 4_000) < 200 and abs(sum(two) - 4_000) < 200
    assert abs(both - 800) < 100


def test_a_greater_control_group_keeps_everybody_who_was_in_it() -> None:
    keys = [f"c:{number}" for number in range(5_000)]
    small = {key for key in keys if is_in_control("salt", key, 0.05)}
    large = {key for key in keys if is_in_control("salt", key, 0.1)}
    assert small < large and 180 < len(small) < 320
    assert small != {key for key in keys if is_in_control("another", key, 0.05)}


def test_another_salt_of_the_control_group_is_refused(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(EVERYBODY + "\n" + EVERYBODY.replace("everybody", "again"))
    begin(settings, "everybody")
    with pytest.raises(OrderhouseError, match="campaign_control_salt is not the one of the first campaign"):
        begin(settings.model_copy(update={"campaign_control_salt": "another"}), "again")
    assert not members_file(settings, "again").exists()


def test_a_killed_start_is_finished_with_the_same_members(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(EVERYBODY)
    program = "from orderhouse.cli import main; main(['campaigns', 'start', 'everybody'])"
    environment = {
        **os.environ, "ORDERHOUSE_HOME": str(settings.home), "ORDERHOUSE_FAULT": "campaign_members_landed",
    }  # fmt: skip
    killed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert killed.returncode == 137
    frozen = members(settings, "everybody")
    assert campaign_states(open_store(settings)) == {}
    begin(settings, "everybody", NOW + timedelta(days=1))
    state = campaign_states(open_store(settings))["everybody"]
    assert members(settings, "everybody") == frozen
    (landed,) = {
        json.loads(line)["assigned_at"] for line in members_file(settings, "everybody").read_text().splitlines()
    }
    assert (state.members_count, state.started_at) == (len(frozen), landed)


def test_a_role_without_the_right_starts_and_stops_nothing(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(EVERYBODY)
    with pytest.raises(OrderhouseError, match="The role viewer may not start or stop campaigns"):
        start(settings, "everybody", actor="v", role=BUILT_IN["viewer"], now=NOW)
    begin(settings, "everybody")
    with pytest.raises(OrderhouseError, match="The role operator may not"):
        set_state(settings, "everybody", "stopped", actor="o", role=BUILT_IN["operator"])


def test_states_follow_each_other(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(EVERYBODY)
    with pytest.raises(OrderhouseError, match="has not started"):
        set_state(settings, "everybody", "paused", actor="m", role=MARKETING)
    begin(settings, "everybody")
    for state in ("paused", "running", "paused", "stopped"):
        set_state(settings, "everybody", state, actor="m", role=MARKETING)
        assert [each.state for each in list_campaigns(settings)] == [state]
    with pytest.raises(OrderhouseError, match="is stopped, so it cannot be resumed"):
        set_state(settings, "everybody", "running", actor="m", role=MARKETING)


def test_an_audience_of_nobody_is_refused(settings: Settings, write_campaigns: WriteCampaigns) -> None:
    write_campaigns(
        "nobody: {audience: {filters: {field: country, eq: XX}}, hold_out: 10%, attribution_days: 7, purpose: news}"
    )
    with pytest.raises(OrderhouseError, match="would write to nobody: 0 customers match"):
        begin(settings, "nobody")
    assert not members_file(settings, "nobody").exists()


def test_due_campaigns_start_in_the_order_of_their_priority(
    settings: Settings, write_campaigns: WriteCampaigns
) -> None:
    one = settings.model_copy(update={"campaign_cap_count": 1})
    rest = "hold_out: 10%, attribution_days: 7, purpose: news"
    write_campaigns(
        f"""
        low: {{start: 2026-03-31T09:00+00:00, priority: 1, {rest}}}
        high: {{start: 2026-03-31T09:30+00:00, priority: 9, {rest}}}
        later: {{start: 2026-04-30T09:00+00:00, priority: 99, {rest}}}
        by_hand: {{start: now, priority: 99, {rest}}}
        """
    )
    outcomes = start_due(one, now=NOW)
    assert list(outcomes) == ["high", "low"] and outcomes["high"] == "started"
    assert "would write to nobody" in outcomes["low"]
    assert list(start_due(one, now=NOW + timedelta(days=8))) == ["low"]
    assert sorted(path.name for path in one.campaigns.glob("members-*")) == ["members-high.ndjson"]


def test_results_are_the_published_ones_with_the_messages(settings: Settings) -> None:
    found = results_of(settings, "winter_sale")
    assert [each.arm for each in found] == ["treated", "global_control", "held_out"]
    treated = found[0]
    assert treated.has_effect and treated.total_lift == pytest.approx(
        float(treated.lift_per_member or 0) * treated.members_count
    )
    assert [each.lift_per_member for each in found[1:]] == [None, None]
    assert {each.campaign_id for each in results_of(settings)} == {"winter_sale", "spring_sale"}


def test_a_version_of_another_release_says_so(settings: Settings, tmp_path: Path) -> None:
    with duckdb.connect(str(settings.published / "warehouse-1.duckdb")) as version:
        version.execute("drop table marts.fct_campaign_results")
    with pytest.raises(OrderhouseError, match="has no results of campaigns"):
        results_of(settings)
