"""Tests of the lifts of campaigns: against scipy, and against a world in which the true effect is known."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from orderhouse.simulate.campaign_world import CampaignWorld, write_campaign_world
from scipy.stats import t as student_t
from scipy.stats import ttest_ind

from tests.integration.running import PROJECT, run_orderhouse

WORLD = CampaignWorld()
SEED = PROJECT / "dbt_project" / "seeds" / "student_t_quantiles.csv"


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Build the world once, and open its tables."""
    folder = tmp_path_factory.mktemp("world")
    sources = write_campaign_world(WORLD, folder / "feeds")
    run_orderhouse("ingest", "--sources", str(sources), home=folder)
    run_orderhouse("build", "--sources", str(sources), "--as-of", "2026-02-15T00:00:00Z", home=folder)
    return duckdb.connect(str(folder / "warehouse" / "warehouse.duckdb"), read_only=True)


def lifts(marts: duckdb.DuckDBPyConnection, kind: str) -> list[dict[str, Any]]:
    """Return the rows of treated members of the campaigns of a kind."""
    found = marts.sql(
        "select * from marts.fct_campaign_results where arm = 'treated' and campaign_id like ? order by campaign_id",
        params=[f"{kind}_%"],
    ).pl()
    return list(found.iter_rows(named=True))


def test_intervals_hold_the_planted_effect_as_often_as_they_say(marts: duckdb.DuckDBPyConnection) -> None:
    rows = lifts(marts, "works")
    assert len(rows) == WORLD.campaigns
    held = sum(row["lift_low_per_member"] <= WORLD.effect <= row["lift_high_per_member"] for row in rows)
    assert 90 <= held <= 99
    mean = sum(row["lift_per_member"] for row in rows) / len(rows)
    assert mean == pytest.approx(WORLD.effect, rel=0.1)


def test_campaigns_without_an_effect_show_one_in_one_to_ten_of_a_hundred(marts: duckdb.DuckDBPyConnection) -> None:
    rows = lifts(marts, "idle")
    assert len(rows) == WORLD.campaigns
    assert 1 <= sum(row["has_effect"] for row in rows) <= 10
    assert all(row["has_effect"] == (row["p_value"] < 0.05) for row in rows if abs(row["p_value"] - 0.05) > 0.0001)


def test_a_lift_that_can_be_detected_is_seen_in_about_four_of_five(marts: duckdb.DuckDBPyConnection) -> None:
    rows = lifts(marts, "works")
    power = sum(row["has_effect"] and row["lift_per_member"] > 0 for row in rows) / len(rows)
    typical = sorted(row["detectable_lift_per_member"] for row in rows)[len(rows) // 2]
    # The normal approximation of the power at the planted effect, by the lift of which 80 % are seen.
    expected = student_t.cdf(WORLD.effect / typical * 2.8 - 1.96, 150)
    assert power == pytest.approx(expected, abs=0.12)


def test_every_number_is_that_of_scipy(marts: duckdb.DuckDBPyConnection) -> None:
    values = marts.execute(
        "select campaign_id, arm, list(net_sales_amount_reporting::double) from marts.fct_campaign_members group by all"
    ).fetchall()
    by_arm = {(campaign, arm): amounts for campaign, arm, amounts in values}
    for row in [*lifts(marts, "works"), *lifts(marts, "idle")]:
        treated, held_out = (by_arm[(row["campaign_id"], arm)] for arm in ("treated", "held_out"))
        found = ttest_ind(treated, held_out, equal_var=False)
        exact = found.confidence_interval(0.95)
        assert row["degrees_of_freedom"] == int(found.df)
        assert row["p_value"] == pytest.approx(found.pvalue, abs=2e-3)
        # Rounded down, so that the interval is never narrower.
        width = exact.high - exact.low
        assert width - 1e-9 <= row["lift_high_per_member"] - row["lift_low_per_member"] <= width * 1.01
        assert row["lift_per_member"] == pytest.approx((exact.high + exact.low) / 2)


def test_the_seed_has_the_quantiles_of_scipy() -> None:
    rows = [line.split(",") for line in SEED.read_text(encoding="utf-8").splitlines()[1:]]
    assert [int(row[0]) for row in rows][:3] == [1, 2, 3] and len(rows) > 100
    for degrees, two_sided, power in rows:
        assert float(two_sided) == pytest.approx(student_t.ppf(0.975, int(degrees)), abs=1e-9)
        assert float(power) == pytest.approx(student_t.ppf(0.8, int(degrees)), abs=1e-9)
