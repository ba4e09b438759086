"""States of campaigns that have started: running, paused or stopped. They decide about messages, not about members."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from orderhouse.campaigns.campaign import Campaign
from orderhouse.errors import OrderhouseError
from orderhouse.messages.instants import stored
from orderhouse.operations.store import Store
from orderhouse.operations.tables import CAMPAIGNS

__all__ = ["CampaignState", "campaign_states", "change_state", "note_start"]

COLUMNS = CAMPAIGNS.c
# The states from which each one is reached.
FROM = {"paused": ("running",), "running": ("paused",), "stopped": ("running", "paused")}
WORDS = {"paused": "paused", "running": "resumed", "stopped": "stopped"}


@dataclass(frozen=True)
class CampaignState:
    """A campaign that has started.

    Attributes:
        campaign_id: The campaign.
        state: `running`, `paused` or `stopped`.
        body: The campaign as it was when it started, as JSON.
        members_count: Number of its members.
        started_at: Instant of the start, UTC text.
        started_by: The person who started it.
        changed_at: Instant of the last change of the state.
        changed_by: The person who changed it.
    """

    campaign_id: str
    state: str
    body: str
    members_count: int
    started_at: str
    started_by: str
    changed_at: str
    changed_by: str


def campaign_states(store: Store) -> dict[str, CampaignState]:
    """Return the states by campaign, the latest start first.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    query = sa.select(CAMPAIGNS).order_by(COLUMNS.started_at.desc(), COLUMNS.campaign_id)
    with store.reading() as connection:
        return {row.campaign_id: CampaignState(**row._mapping) for row in connection.execute(query)}


def note_start(store: Store, campaign: Campaign, members_count: int, *, actor: str, now: datetime) -> None:
    """Note that a campaign runs. One that is known is left as it is."""
    with store.writing(CAMPAIGNS.name) as connection:
        known = connection.execute(
            sa.select(COLUMNS.campaign_id).where(COLUMNS.campaign_id == campaign.campaign_id)
        ).one_or_none()
        if known is None:
            at = stored(now)
            connection.execute(
                sa.insert(CAMPAIGNS).values(
                    campaign_id=campaign.campaign_id, state="running", members_count=members_count,
                    body=json.dumps(asdict(campaign), default=str, ensure_ascii=False),
                    started_at=at, started_by=actor, changed_at=at, changed_by=actor,
                )
            )  # fmt: skip


def change_state(store: Store, campaign_id: str, state: str, *, actor: str, now: datetime) -> None:
    """Pause, resume or stop a campaign.

    Raises:
        OrderhouseError: It has not started, or is in a state from which this is not possible.
    """
    with store.writing(CAMPAIGNS.name) as connection:
        found = connection.execute(sa.select(COLUMNS.state).where(COLUMNS.campaign_id == campaign_id)).scalar()
        if found is None:
            raise OrderhouseError(f"The campaign {campaign_id} has not started.")
        if found not in FROM[state]:
            raise OrderhouseError(f"The campaign {campaign_id} is {found}, so it cannot be {WORDS[state]}.")
        connection.execute(
            sa.update(CAMPAIGNS)
            .where(COLUMNS.campaign_id == campaign_id)
            .values(state=state, changed_at=stored(now), changed_by=actor)
        )
