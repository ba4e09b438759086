"""Frozen members of campaigns: one file of rows of the feed `campaign_members` for each campaign, which never changes.

The file is complete and durable before anything else is done. Every run reads the folder, so that a rebuild, a restore
and `--full` give the same members.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import polars as pl

from orderhouse.campaigns.campaign import Campaign
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically

__all__ = ["capped", "frozen", "has_started", "land_members", "members_file"]


def members_file(settings: Settings, campaign_id: str) -> Path:
    """Return the file of the members of a campaign; it exists once the campaign has started."""
    return settings.campaigns / f"members-{campaign_id}.ndjson"


def has_started(settings: Settings, campaign_id: str) -> bool:
    """Tell if the members of a campaign are frozen."""
    return members_file(settings, campaign_id).exists()


def land_members(settings: Settings, campaign: Campaign, members: pl.DataFrame, now: datetime) -> Path:
    """Land the members of a campaign. They are durably on disk when this returns.

    Args:
        settings: Settings of the home.
        campaign: The campaign.
        members: customer_key and arm of each member.
        now: The instant of the start.

    Raises:
        OrderhouseError: The file could not be written. Nothing is frozen then.
    """
    path = members_file(settings, campaign.campaign_id)
    same = {
        "campaign_id": campaign.campaign_id,
        "assigned_at": now.astimezone(UTC).isoformat(timespec="microseconds"),
        "attribution_days": campaign.attribution_days,
        "purpose": campaign.purpose,
        "channel": campaign.channel,
        "title": campaign.title,
        "template": campaign.template,
        **({"offer": campaign.offer} if campaign.offer else {}),
    }
    text = "".join(
        json.dumps({**same, "customer_key": key, "arm": arm}, ensure_ascii=False) + "\n"
        for key, arm in members.select("customer_key", "arm").iter_rows()
    )
    try:
        write_atomically(path, text)
    except OSError as error:
        raise OrderhouseError(
            f"The members could not be written to {settings.campaigns}: {error.strerror}. The campaign has not "
            "started. Correct this, and start it again."
        ) from None
    checkpoint("campaign_members_landed")
    return path


def frozen(settings: Settings, campaign_id: str) -> tuple[datetime, int]:
    """Return the instant at which a campaign started, and the number of its members."""
    at, keys = _members(members_file(settings, campaign_id))
    return at, len(keys)


def capped(settings: Settings, now: datetime) -> frozenset[str]:
    """Return the people who are members of as many campaigns lately as one person may be.

    Held-out members and the control group count as well: otherwise the arms of the next campaign would differ.
    """
    since = now - timedelta(days=settings.campaign_cap_days)
    counts: Counter[str] = Counter()
    for path in sorted(settings.campaigns.glob("members-*.ndjson")):
        at, keys = _members(path)
        if at > since:
            counts.update(keys)
    return frozenset(key for key, count in counts.items() if count >= settings.campaign_cap_count)


@lru_cache(256)
def _members(path: Path) -> tuple[datetime, tuple[str, ...]]:
    rows = pl.read_ndjson(path, schema={"customer_key": pl.String, "assigned_at": pl.String})
    at = datetime.fromisoformat(rows["assigned_at"][0])
    return at, tuple(rows["customer_key"].to_list())
