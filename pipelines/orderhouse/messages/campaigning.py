"""Messages of campaigns: made of the frozen members that are published, one for each treated member.

Nothing is sent here. What decides when a message goes (consent, suppression, a paused or stopped campaign) is asked in
`customers`, at that moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from orderhouse.messages.configuration import Configuration
from orderhouse.messages.delivering import Later, Never
from orderhouse.messages.deriving import ROWS_AT_ONCE, Derived, channel_of, state_of, store_new
from orderhouse.messages.endpoints import EndpointState
from orderhouse.messages.judging import VERSION
from orderhouse.messages.kinds import CAMPAIGN
from orderhouse.messages.locales import locale_of, zones_of
from orderhouse.messages.outbox import NewMessage
from orderhouse.messages.selecting import Fact, Published
from orderhouse.operations.store import Store
from orderhouse.operations.tables import CAMPAIGNS, MESSAGES

__all__ = ["campaign_decision", "campaign_state", "count_campaign_messages", "derive_campaigns"]

PAUSED = timedelta(minutes=10)
STOPPED = "the campaign was stopped"


def derive_campaigns(
    store: Store,
    published: Published,
    configuration: Configuration,
    states: dict[str, EndpointState],
    result: Derived,
    *,
    now: datetime,
) -> None:
    """Store the messages to the treated members of campaigns that run. A key that is known is left as it is."""
    running = {name for name, state in campaign_state(store).items() if state != "stopped"}
    if not running:
        return
    batch: list[NewMessage] = []
    since = published_since(now)
    for fact in published.facts(CAMPAIGN, since=since):
        if fact.occasion not in running or not fact.has_consent or fact.recipient is None:
            continue
        batch.append(_message(published, fact, configuration, states))
        if len(batch) >= ROWS_AT_ONCE:
            store_new(store, batch, result, now)
            batch = []
    store_new(store, batch, result, now)


def published_since(now: datetime) -> datetime:
    """Return the instant from which campaigns are looked at: the age at which a message of one expires."""
    return now - timedelta(hours=CAMPAIGN.max_age_hours)


def campaign_state(store: Store) -> dict[str, str]:
    """Return the state of each campaign that has started."""
    with store.reading() as connection:
        return {row.campaign_id: row.state for row in connection.execute(sa.select(CAMPAIGNS))}


def campaign_decision(states: dict[str, str], campaign_id: str, now: datetime) -> Later | Never | None:
    """Return why a message of a campaign does not go now; None if it may. One that is not known counts as stopped."""
    state = states.get(campaign_id, "stopped")
    if state == "running":
        return None
    return Later(now + PAUSED) if state == "paused" else Never(STOPPED)


def count_campaign_messages(store: Store) -> dict[str, dict[str, int]]:
    """Return the number of messages by campaign and state.

    Raises:
        OrderhouseError: The store cannot be read.
    """
    columns = MESSAGES.c
    query = (
        sa.select(columns.occasion, columns.state, sa.func.count())
        .where(columns.kind == CAMPAIGN.name)
        .group_by(columns.occasion, columns.state)
    )
    found: dict[str, dict[str, int]] = {}
    with store.reading() as connection:
        for row in connection.execute(query):
            found.setdefault(str(row[0]), {})[str(row[1])] = int(row[2])
    return found


def _message(
    published: Published, fact: Fact, configuration: Configuration, states: dict[str, EndpointState]
) -> NewMessage:
    endpoint = str(fact.payload["channel"])
    expires_at = fact.occurred_at + timedelta(hours=CAMPAIGN.max_age_hours)
    state, reason = state_of(published, fact, expires_at, states.get(endpoint))
    return NewMessage(
        kind=CAMPAIGN.name,
        subject_type=CAMPAIGN.subject,
        subject_id=fact.subject_id,
        occasion=fact.occasion,
        channel=channel_of(endpoint, configuration),
        endpoint=endpoint,
        audience="customer",
        recipient=fact.recipient or "",
        locale=locale_of(fact.language, fact.country, configuration.language),
        time_zone=",".join(zones_of(fact.country, published.version.business_time_zone)),
        template=str(fact.payload["template"]),
        payload={**fact.payload, VERSION: published.version.number},
        occurred_at=fact.occurred_at,
        expires_at=expires_at,
        state=state,
        reason=reason,
    )
