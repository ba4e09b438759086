"""Results of campaigns for pages and commands: what is published, with the messages that the outbox counts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from orderhouse.access.roles import OWNER, Role
from orderhouse.campaigns.campaigns_file import load_campaigns
from orderhouse.campaigns.members import has_started
from orderhouse.campaigns.states import CampaignState, campaign_states
from orderhouse.errors import OrderhouseError
from orderhouse.messages.campaigning import count_campaign_messages
from orderhouse.operations.store import open_store
from orderhouse.serve.publishing import current_version
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

__all__ = ["Arm", "Listed", "list_campaigns", "results_of"]


@dataclass(frozen=True)
class Arm:
    """Result of one arm of a campaign, as in `fct_campaign_results`, with the messages to its members.

    The lift and everything about it stand on the arm `treated` alone. Amounts are in the reporting currency.
    """

    campaign_id: str
    arm: str
    title: str | None
    members_count: int
    buyers_count: int
    orders_count: int
    missing_rates_count: int
    net_sales_amount_reporting: Decimal | None
    net_sales_per_member: float | None
    lift_per_member: float | None
    lift_low_per_member: float | None
    lift_high_per_member: float | None
    detectable_lift_per_member: float | None
    p_value: float | None
    has_effect: bool | None
    is_complete: bool
    assigned_at: datetime
    window_ends_at: datetime
    messages_sent: int

    @property
    def total_lift(self) -> float | None:
        """Return the lift of all members of the arm."""
        return None if self.lift_per_member is None else self.lift_per_member * self.members_count


@dataclass(frozen=True)
class Listed:
    """A campaign of the file or of the past.

    Attributes:
        campaign_id: The campaign.
        title: Its title, or None if it is no longer in the file and nothing is published of it.
        state: `not started`, `running`, `paused`, `stopped`, or `frozen` if the operations store does not know it.
        priority: Its priority; None if it is no longer in the file.
        start_at: Instant at which it starts by itself.
        started: What the operations store knows; None before the start.
        messages: Number of messages by state.
    """

    campaign_id: str
    title: str | None
    state: str
    priority: int | None
    start_at: datetime | None
    started: CampaignState | None
    messages: dict[str, int]


COLUMNS = tuple(name for name in Arm.__dataclass_fields__ if name != "messages_sent")


def list_campaigns(settings: Settings) -> list[Listed]:
    """Return the campaigns of the file in their order, then those that are no longer in it.

    Raises:
        OrderhouseError: The file has a mistake, or the operations store cannot be read.
    """
    store = open_store(settings)
    states, counts = campaign_states(store), count_campaign_messages(store)
    found = [
        Listed(
            each.campaign_id, each.title, _state(settings, each.campaign_id, states), each.priority, each.start_at,
            states.get(each.campaign_id), counts.get(each.campaign_id, {}),
        )
        for each in load_campaigns(settings)
    ]  # fmt: skip
    known = {each.campaign_id for each in found}
    return found + [
        Listed(name, None, state.state, None, None, state, counts.get(name, {}))
        for name, state in states.items()
        if name not in known
    ]


def _state(settings: Settings, campaign_id: str, states: dict[str, CampaignState]) -> str:
    if campaign_id in states:
        return states[campaign_id].state
    return "frozen" if has_started(settings, campaign_id) else "not started"


def results_of(settings: Settings, campaign_id: str | None = None, *, role: Role = OWNER) -> list[Arm]:
    """Return the published results of one campaign or of all, the latest start first, treated members first.

    Args:
        settings: Settings of the home.
        campaign_id: The campaign; all by default.
        role: The role that reads.

    Raises:
        OrderhouseError: Nothing is published, or another release built it.
    """
    version = current_version(settings)
    if version is None:
        raise OrderhouseError("Nothing is published yet. Next: `orderhouse run`.")
    sent = {name: states.get("sent", 0) for name, states in count_campaign_messages(open_store(settings)).items()}
    with contextlib.closing(open_reader(settings, role=role, path=version.path)) as published:
        rows = _rows(published, campaign_id)
    return [
        Arm(**dict(zip(COLUMNS, row, strict=True)), messages_sent=sent.get(row[0], 0) if row[1] == "treated" else 0)
        for row in rows
    ]


def _rows(published: duckdb.DuckDBPyConnection, campaign_id: str | None) -> list[tuple[Any, ...]]:
    order = "order by assigned_at desc, campaign_id, arm <> 'treated', arm"
    sql = f"select {', '.join(COLUMNS)} from marts.fct_campaign_results where $name is null or campaign_id = $name {order}"  # noqa: S608, E501 - our names
    try:
        return published.execute(sql, {"name": campaign_id}).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        raise OrderhouseError(
            "The published version has no results of campaigns, or your role does not see them. "
            "Build and publish a new version: `orderhouse run`."
        ) from None
