"""Reading of `campaigns.yaml`: campaigns in their order, or a sentence with file, line and the nearest valid name.

Fields, values and segments are compared with the tables in `audience`, when there is a published version.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from orderhouse.campaigns.campaign import DEFAULT_TEMPLATE, SCHEMES, Campaign
from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.kinds import CAMPAIGN_TEMPLATES
from orderhouse.messages.suppressions import ALL_PURPOSES
from orderhouse.rules.reading import NAME, Form, Place, entries_of, known_keys, number, text
from orderhouse.rules.rules_file import read_condition
from orderhouse.settings import Settings

__all__ = ["campaign_named", "campaigns_path", "load_campaigns", "read_campaigns"]

FORM = Form(
    section="campaigns",
    noun="campaign",
    example="spring_sale",
    most=500,
    keys=(
        "title",
        "audience",
        "hold_out",
        "offer",
        "channel",
        "template",
        "start",
        "attribution_days",
        "priority",
        "purpose",
    ),
    required=("hold_out", "purpose", "attribution_days"),
)
MOST_DAYS = 366
MOST_HELD_OUT = Decimal("0.9")


def campaigns_path(settings: Settings) -> Path:
    """Return the file of a home's campaigns; it may not exist."""
    return settings.home / "campaigns.yaml"


def load_campaigns(settings: Settings) -> list[Campaign]:
    """Read the campaigns of a home, in their order; none without the file.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    path = campaigns_path(settings)
    return read_campaigns(path) if path.exists() else []


def campaign_named(settings: Settings, campaign_id: str) -> Campaign:
    """Return a campaign of the file.

    Raises:
        OrderhouseError: There is none of that name, or the file has a mistake.
    """
    found = {each.campaign_id: each for each in load_campaigns(settings)}
    if campaign_id in found:
        return found[campaign_id]
    if not found:
        raise OrderhouseError(f"There are no campaigns. Write them into {campaigns_path(settings)}.")
    clause = nearest_sentence("campaign", campaign_id, found)
    raise OrderhouseError(clause[0].upper() + clause[1:])


def read_campaigns(path: Path) -> list[Campaign]:
    """Read a file of campaigns, in their order.

    Raises:
        OrderhouseError: The file has a mistake.
    """
    return [_campaign(*entry) for entry in entries_of(path, FORM)]


def _campaign(name: str, body: dict[str, Any], place: Place) -> Campaign:
    segments, filters = _audience(body.get("audience", {}), place / "audience")
    return Campaign(
        campaign_id=name,
        title=text(body.get("title", name.replace("_", " ").capitalize()), place / "title"),
        segments=segments,
        filters=filters,
        hold_out=_share(body["hold_out"], place / "hold_out"),
        offer=text(body["offer"], place / "offer") if "offer" in body else None,
        channel=text(body.get("channel", "email"), place / "channel"),
        template=_named(
            body.get("template", DEFAULT_TEMPLATE), CAMPAIGN_TEMPLATES, place / "template", "campaign_spring"
        ),
        start_at=_start(body.get("start", "now"), place / "start"),
        attribution_days=_days(body["attribution_days"], place / "attribution_days"),
        priority=number(body.get("priority", "1"), place / "priority"),
        purpose=_purpose(body["purpose"], place / "purpose"),
        line=place.line,
    )


def _audience(value: Any, place: Place) -> tuple[dict[str, tuple[str, ...]], Any]:
    if not isinstance(value, dict):
        raise place.refusal("write `segments` and `filters` below it")
    known_keys(value, ("segments", "filters"), place)
    given = value.get("segments", [])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list):
        raise (place / "segments").refusal("write segments as a list, such as [rfm:champions, lifecycle:active]")
    segments: dict[str, tuple[str, ...]] = {}
    for position, each in enumerate(listed):
        inner = place / "segments" / position
        scheme, mark, segment = text(each, inner).partition(":")
        if not (mark and segment.strip()):
            raise inner.refusal("a segment is written as scheme:segment, such as rfm:champions")
        if scheme.strip() not in SCHEMES:
            raise inner.refusal(nearest_sentence("scheme", scheme.strip(), SCHEMES))
        segments[scheme.strip()] = (*segments.get(scheme.strip(), ()), segment.strip())
    filters = read_condition(value["filters"], place / "filters") if "filters" in value else None
    return segments, filters


def _share(value: Any, place: Place) -> Decimal:
    """Return a share that is written as 20% or 0.2."""
    written = value.strip() if isinstance(value, str) else ""
    try:
        found = Decimal(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
    except InvalidOperation:
        found = Decimal(-1)
    if not (found.is_finite() and 0 <= found <= MOST_HELD_OUT):
        raise place.refusal("write a share from 0% to 90%, such as 20%")
    return found


def _start(value: Any, place: Place) -> datetime | None:
    """Return the instant of the start; None for `now`, which a person says."""
    written = text(value, place)
    if written == "now":
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise place.refusal("write now, or an instant with an offset, such as 2026-12-01T09:00+01:00")
    return found.astimezone(UTC)


def _days(value: Any, place: Place) -> int:
    found = number(value, place)
    if found > MOST_DAYS:
        raise place.refusal(f"it must be a whole number from 1 to {MOST_DAYS}")
    return found


def _purpose(value: Any, place: Place) -> str:
    found = _named(value, NAME, place, "newsletter")
    if found == ALL_PURPOSES:
        raise place.refusal("`all` stands for every purpose; name one, such as newsletter")
    return found


def _named(value: Any, pattern: re.Pattern[str], place: Place, example: str) -> str:
    found = text(value, place)
    if not pattern.fullmatch(found):
        raise place.refusal(f"it has lower-case letters, digits and _, such as {example}")
    return found
