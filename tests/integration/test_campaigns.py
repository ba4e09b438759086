"""Campaigns from their start through the runs that follow: the same members after each run and rebuild."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import OWNER
from orderhouse.campaigns.members import members_file
from orderhouse.campaigns.results import results_of
from orderhouse.campaigns.starting import start
from orderhouse.messages.suppressions import land_suppressions
from orderhouse.settings import Settings
from orderhouse.simulate import simulate

from tests.integration.running import run_orderhouse, run_steps

CAMPAIGN = "campaigns:\n  all: {hold_out: 30%, attribution_days: 30, purpose: newsletter}\n"
MEMBERS = "select customer_key, arm, assigned_at, attribution_days from marts.fct_campaign_members order by 1"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which a campaign has started after a run, and somebody has unsubscribed."""
    folder = tmp_path_factory.mktemp("campaigns")
    simulate(orders=150, seed=5, to=folder / "feeds")
    home = folder / "home"
    run_steps(home, folder / "feeds" / "sources.yaml")
    (home / "campaigns.yaml").write_text(CAMPAIGN, encoding="utf-8")
    settings = Settings(home=home)
    start(settings, "all", actor="test", role=OWNER)
    land_suppressions(settings, ["0123456789abcdef" * 2], "newsletter", kind="unsubscribed", origin="portal")
    run_steps(home, folder / "feeds" / "sources.yaml")
    return home


def rows(home: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(sql).fetchall()


def test_members_are_published_as_they_were_frozen(home: Path) -> None:
    lines = members_file(Settings(home=home), "all").read_text(encoding="utf-8").splitlines()
    frozen = {row["customer_key"]: row["arm"] for row in map(json.loads, lines)}
    assert len(frozen) > 20 and {key: arm for key, arm, *_ in rows(home, MEMBERS)} == frozen
    results = {each.arm: each.members_count for each in results_of(Settings(home=home), "all")}
    assert sum(results.values()) == len(frozen)


def test_an_unsubscription_is_a_row(home: Path) -> None:
    found = rows(home, "select recipient, purpose, is_suppressed from marts.fct_suppressions")
    assert found == [("0123456789abcdef" * 2, "newsletter", True)]


def test_a_rebuild_gives_the_same_members(home: Path) -> None:
    before = rows(home, MEMBERS)
    sources = home.parent / "feeds" / "sources.yaml"
    run_orderhouse("build", "--sources", str(sources), "--as-of", "data", "--full", home=home)
    assert rows(home, MEMBERS) == before
