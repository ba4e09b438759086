"""World of campaigns with a known effect: orders of members of many campaigns, of which some make people buy more.

It answers whether the published lifts are right: how often an interval holds the planted effect, and how often a
campaign without one shows one. The world has orders and members, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import yaml

from orderhouse.campaigns.assigning import arm_of
from orderhouse.simulate.files import write_frame

__all__ = ["CampaignWorld", "write_campaign_world"]

START = datetime(2026, 1, 15, 9, tzinfo=UTC)
DAYS = 14
HOLD_OUT = Decimal("0.5")
# Share of people who buy without any campaign, and what they spend: gamma-distributed, with this shape and scale.
BUYING, SHAPE, SCALE = 0.3, 3.0, 15.0


@dataclass(frozen=True)
class CampaignWorld:
    """A world of campaigns.

    Attributes:
        campaigns: Number of campaigns without an effect, and as many with one.
        members: Members of each campaign.
        moved: Share of treated people who buy once more because of a campaign with an effect.
        seed: Seed of all draws.
    """

    campaigns: int = 100
    members: int = 160
    moved: float = 0.2
    seed: int = 7

    @property
    def effect(self) -> float:
        """Return the true lift per member of a campaign with an effect."""
        return self.moved * SHAPE * SCALE


def write_campaign_world(world: CampaignWorld, folder: Path) -> Path:
    """Write the feeds of a world, and return its sources file.

    Campaigns are named `works_000`, … if they have an effect, else `idle_000`, ….
    """
    folder.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(world.seed)
    members = _members(world)
    buys = _purchases(world, members, draws)
    write_frame(members.drop("works"), folder / "campaign_members.csv", "csv")
    write_frame(_orders(buys), folder / "orders.csv", "csv")
    write_frame(_lines(buys), folder / "order_lines.csv", "csv")
    feeds = ["orders", "order_lines", "campaign_members"]
    sources = {feed: {"format": "canonical", "feed": feed, "path": f"{feed}.csv", "covers": [feed]} for feed in feeds}
    path = folder / "sources.yaml"
    content = {"merchant": {"business_time_zone": "UTC", "reporting_currency": "EUR"}, "sources": sources}
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _members(world: CampaignWorld) -> pl.DataFrame:
    names = [f"{kind}_{number:03d}" for kind in ("works", "idle") for number in range(world.campaigns)]
    rows = [(name, f"c:{name}-{number:04d}") for name in names for number in range(world.members)]
    return pl.DataFrame(rows, schema=["campaign_id", "customer_key"], orient="row").with_columns(
        pl.Series("arm", [arm_of(name, key, HOLD_OUT) for name, key in rows]),
        pl.lit(START).alias("assigned_at"),
        pl.lit(DAYS).alias("attribution_days"),
        pl.lit("news").alias("purpose"),
        pl.lit("email").alias("channel"),
        pl.col("campaign_id").str.starts_with("works").alias("works"),
    )


def _purchases(world: CampaignWorld, members: pl.DataFrame, draws: np.random.Generator) -> pl.DataFrame:
    """Return a row for each purchase: the person, the amount, and the second of the window."""
    count = members.height
    moved = members.select(pl.col("works") & (pl.col("arm") == "treated")).to_series().to_numpy()
    times = (draws.random(count) < BUYING).astype(np.int64) + (moved & (draws.random(count) < world.moved))
    position = np.repeat(np.arange(count), times)
    cents = np.maximum(np.rint(draws.gamma(SHAPE, SCALE, len(position)) * 100), 1).astype(np.int64)
    seconds = draws.integers(0, DAYS * 86_400, len(position))
    return pl.DataFrame(
        {"customer_id": members["customer_key"].str.slice(2).gather(position), "cents": cents, "second": seconds}
    ).with_row_index("number", offset=1)


ORDER_ID = pl.format("OH-{}", pl.col("number").cast(pl.String).str.zfill(7)).alias("order_id")


def _placed(buys: pl.DataFrame) -> pl.Series:
    return pl.Series([START + timedelta(seconds=second) for second in buys["second"]])


def _orders(buys: pl.DataFrame) -> pl.DataFrame:
    at = _placed(buys)
    return buys.select(
        ORDER_ID,
        at.alias("placed_at"),
        at.alias("updated_at"),
        pl.lit("EUR").alias("currency"),
        pl.col("customer_id"),
    )


def _lines(buys: pl.DataFrame) -> pl.DataFrame:
    return buys.select(
        ORDER_ID,
        pl.lit("1").alias("line_id"),
        _placed(buys).alias("updated_at"),
        pl.lit("SKU-1").alias("sku"),
        pl.lit(1).alias("quantity"),
        (pl.col("cents").cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)).alias("unit_price"),
    )
