"""Saving of one campaign into `campaigns.yaml`: its lines are replaced or added, all other lines stay as they are."""

from __future__ import annotations

from typing import Any

from orderhouse.access.roles import Role
from orderhouse.campaigns.campaign import DEFAULT_TEMPLATE, Campaign
from orderhouse.campaigns.campaigns_file import campaigns_path, load_campaigns, read_campaigns
from orderhouse.campaigns.members import has_started
from orderhouse.campaigns.starting import require_right
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import record
from orderhouse.rules.saving import plain_condition
from orderhouse.settings import Settings
from orderhouse.storage.people_files import drafted, only_writer, save_text, text_or
from orderhouse.yaml_blocks import entry_lines, with_block

__all__ = ["as_yaml", "campaign_of", "save_campaign"]

SECTION = "campaigns"
EMPTY = "campaigns:\n"


def campaign_of(settings: Settings, name: str, body: dict[str, Any]) -> Campaign:
    """Return a campaign as it would be read if it stood in the file.

    Raises:
        OrderhouseError: It has a mistake.
    """
    draft = settings.operations / "campaigns_draft.yaml"
    with only_writer(settings, SECTION), drafted(draft, EMPTY + entry_lines(name, body), "campaigns.yaml"):
        (found,) = read_campaigns(draft)
    return found


def save_campaign(settings: Settings, campaign: Campaign, *, actor: str, role: Role) -> None:
    """Write a campaign into the file of the home. One that has started stays as it is.

    Raises:
        OrderhouseError: The role may not, the campaign has started, or the file has a mistake. Nothing is saved.
    """
    require_right(role)
    if has_started(settings, campaign.campaign_id):
        raise OrderhouseError(
            f"The campaign {campaign.campaign_id} has started, so its members are frozen. "
            "Save this one under another name."
        )
    path = campaigns_path(settings)
    with only_writer(settings, SECTION):
        load_campaigns(settings)
        save_text(path, _with_campaign(text_or(path, EMPTY), campaign))
    record(settings, actor=actor, role=role.name, action="save_campaign", subject=f"campaign {campaign.campaign_id}")


def _with_campaign(text: str, campaign: Campaign) -> str:
    if text.strip() == EMPTY.strip():
        return text.rstrip() + "\n" + as_yaml(campaign)
    return with_block(text, SECTION, campaign.campaign_id, as_yaml(campaign))


def as_yaml(campaign: Campaign) -> str:
    """Return a campaign as the lines of `campaigns.yaml`, with two spaces before each."""
    audience: dict[str, Any] = {}
    if campaign.segments:
        audience["segments"] = [f"{scheme}:{each}" for scheme, all_ in campaign.segments.items() for each in all_]
    if campaign.filters is not None:
        audience["filters"] = plain_condition(campaign.filters)
    body: dict[str, Any] = {"title": campaign.title}
    if audience:
        body["audience"] = audience
    body["hold_out"] = f"{campaign.hold_out * 100:f}".rstrip("0").rstrip(".") + "%" if campaign.hold_out else "0%"
    if campaign.offer is not None:
        body["offer"] = campaign.offer
    body["channel"] = campaign.channel
    if campaign.template != DEFAULT_TEMPLATE:
        body["template"] = campaign.template
    body["start"] = "now" if campaign.start_at is None else campaign.start_at.isoformat()
    body |= {
        "attribution_days": campaign.attribution_days, "priority": campaign.priority, "purpose": campaign.purpose,
    }  # fmt: skip
    return entry_lines(campaign.campaign_id, body)
