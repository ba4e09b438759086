"""Start, pause and stop of campaigns by people, and starts at the instant that the file names.

A start freezes the members before anything else: a killed one is finished when it is repeated, with the same members.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb

from orderhouse.access.roles import Role
from orderhouse.campaigns.assigning import require_same_control
from orderhouse.campaigns.audience import Audience, Excluded, audience_of
from orderhouse.campaigns.campaign import Campaign
from orderhouse.campaigns.campaigns_file import campaign_named, campaigns_path, load_campaigns
from orderhouse.campaigns.members import capped, frozen, has_started, land_members
from orderhouse.campaigns.states import campaign_states, change_state, note_start
from orderhouse.errors import OrderhouseError
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.service import own_states
from orderhouse.messages.suppressions import suppressions_of
from orderhouse.operations.audit_log import record
from orderhouse.operations.store import Store, open_store
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked

__all__ = [
    "ACTION",
    "check_campaigns",
    "preview",
    "require_right",
    "set_state",
    "start",
    "start_due",
    "why_not_sent",
]

# Right that a role needs, as `access.yaml` names it.
ACTION = "campaigns"
LOCK = "starting.lock"


def preview(settings: Settings, campaign: Campaign, *, now: datetime | None = None) -> Audience:
    """Return the people whom a campaign would have now. Nothing is stored.

    Raises:
        OrderhouseError: The audience does not fit the tables, or nothing is published.
    """
    with contextlib.closing(open_reader(settings)) as published:
        return _audience(settings, campaign, published, now or datetime.now(UTC))


def check_campaigns(settings: Settings) -> list[str]:
    """Return a sentence for each mistake of the campaigns that the reading of the file does not find.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    campaigns, configuration = load_campaigns(settings), load_configuration(settings)
    problems = []
    for each in campaigns:
        where = f"{campaigns_path(settings)}:{each.line}: {each.campaign_id}"
        why_not = _why_not_sent(configuration, each)
        if why_not:
            problems.append(f"{where}: {why_not}")
        try:
            preview(settings, each)
        except OrderhouseError as error:
            problems.append(error.message)
    return problems


def why_not_sent(settings: Settings, campaign: Campaign) -> str | None:
    """Return why no message of a campaign would go by messages.yaml as it is now; None if they would.

    Raises:
        OrderhouseError: messages.yaml has a mistake.
    """
    return _why_not_sent(load_configuration(settings), campaign)


def _why_not_sent(configuration: Configuration, campaign: Campaign) -> str | None:
    if campaign.channel not in configuration.routes:
        return f"messages.yaml has no channel {campaign.channel!r}, so its messages would be held."
    if configuration.portal_url is None:
        return "messages.yaml has no portal_url, and no marketing goes without a link to it."
    return None


def start(
    settings: Settings, campaign_id: str, *, actor: str, role: Role, now: datetime | None = None
) -> Audience | None:
    """Start a campaign: freeze its members and let its messages go. One that has started stays as it is.

    Args:
        settings: Settings of the home.
        campaign_id: The campaign.
        actor: The person.
        role: Role of the person.
        now: The present instant.

    Returns:
        The audience; None if it had started before.

    Raises:
        OrderhouseError: The role may not, the audience is empty or does not fit the tables, or nothing is published.
    """
    require_right(role)
    campaign = campaign_named(settings, campaign_id)
    at = now or datetime.now(UTC)
    store = open_store(settings)
    with _only_start(settings):
        if has_started(settings, campaign_id):
            # A start that was killed after it froze the members, or a lost operations store.
            started_at, count = frozen(settings, campaign_id)
            note_start(store, campaign, count, actor=actor, now=started_at)
            return None
        require_same_control(settings)
        with contextlib.closing(open_reader(settings)) as published:
            audience = _audience(settings, campaign, published, at)
        if not audience.arms["treated"]:
            raise OrderhouseError(
                f"The campaign {campaign_id} would write to nobody: {audience.matched:,} customers match. "
                f"See `orderhouse campaigns preview {campaign_id}`."
            )
        record(
            settings, actor=actor, role=role.name, action="start_campaign", subject=f"campaign {campaign_id}",
            detail={"members": audience.members.height, **audience.arms},
        )  # fmt: skip
        _note_channels(settings, store, at)
        land_members(settings, campaign, audience.members, at)
        note_start(store, campaign, audience.members.height, actor=actor, now=at)
    return audience


def start_due(settings: Settings, *, now: datetime | None = None) -> dict[str, str]:
    """Start the campaigns whose instant has come, those of a greater priority first.

    Returns:
        What became of each: `started`, or why not.
    """
    at = now or datetime.now(UTC)
    due = [
        each
        for each in load_campaigns(settings)
        if each.start_at is not None and each.start_at <= at and not has_started(settings, each.campaign_id)
    ]
    found = {}
    for each in sorted(due, key=lambda campaign: (-campaign.priority, campaign.line)):
        try:
            start(settings, each.campaign_id, actor="schedule", role=Role(name="schedule", actions=[ACTION]), now=at)
            found[each.campaign_id] = "started"
        except OrderhouseError as error:
            found[each.campaign_id] = error.message
    return found


def set_state(settings: Settings, campaign_id: str, state: str, *, actor: str, role: Role) -> None:
    """Pause, resume or stop the messages of a campaign. Its members and its results stay.

    Args:
        settings: Settings of the home.
        campaign_id: The campaign.
        state: `paused`, `running` or `stopped`.
        actor: The person.
        role: Role of the person.

    Raises:
        OrderhouseError: The role may not, or the campaign is in a state from which this is not possible.
    """
    require_right(role)
    store = open_store(settings)
    if campaign_id not in campaign_states(store):
        raise OrderhouseError(f"The campaign {campaign_id} has not started. See `orderhouse campaigns list`.")
    change_state(store, campaign_id, state, actor=actor, now=datetime.now(UTC))
    record(settings, actor=actor, role=role.name, action=f"campaign_{state}", subject=f"campaign {campaign_id}")


def _audience(settings: Settings, campaign: Campaign, published: duckdb.DuckDBPyConnection, now: datetime) -> Audience:
    erased = settings.erased_tokens
    excluded = Excluded(
        suppressed=suppressions_of(settings, published).by_purpose,
        erased=frozenset(erased.read_text(encoding="utf-8").split()) if erased.exists() else frozenset(),
        capped=capped(settings, now) if settings.campaigns.is_dir() else frozenset(),
    )
    return audience_of(campaign, published, excluded, settings, campaigns_path(settings))


def _note_channels(settings: Settings, store: Store, now: datetime) -> None:
    """Switch the channels of messages.yaml on now, unless they are: a later switch would withhold the messages."""
    with contextlib.suppress(OrderhouseError):  # a mistake in the file, which the pages and each run tell
        own_states(store, load_configuration(settings), now=now)


@contextlib.contextmanager
def _only_start(settings: Settings) -> Iterator[None]:
    """Let one campaign start at a time, so that the limit of one person counts what started before."""
    try:
        settings.campaigns.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(settings.campaigns / LOCK):
            yield
    except OSError as error:
        raise OrderhouseError(f"{settings.campaigns} cannot be written: {error.strerror}. Nothing started.") from None


def require_right(role: Role) -> None:
    """Refuse a role that may not start or stop campaigns."""
    if not role.may(ACTION):
        raise OrderhouseError(
            f"The role {role.name} may not start or stop campaigns. That needs the action `{ACTION}` in access.yaml."
        )
