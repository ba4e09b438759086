"""One campaign: its audience, hold-out, message and window. Reading belongs in `campaigns_file`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderhouse.messages.kinds import CAMPAIGN
from orderhouse.rules.rule import Group

__all__ = ["DEFAULT_TEMPLATE", "SCHEMES", "Campaign"]

# Schemes of fct_customer_segments.
SCHEMES = ("rfm", "lifecycle", "value_band", "discount", "demographic", "affinity", "cart")
DEFAULT_TEMPLATE = CAMPAIGN.name


@dataclass(frozen=True)
class Campaign:
    """One campaign.

    Attributes:
        campaign_id: Its name, which is part of the arm of each person and of the key of each message.
        title: Sentence that people read.
        segments: Segments by scheme. A person is in one of them for each scheme.
        filters: Condition on the table `customers` of rules, or None.
        hold_out: Share of the members who are not written to.
        offer: Offer, such as a discount code, or None.
        channel: Channel of `messages.yaml`.
        template: Name of the template of its messages.
        start_at: Instant at which it starts by itself; None if a person starts it.
        attribution_days: Days after the start within which purchases count.
        priority: Of campaigns that start together, the one with the greatest number takes its members first.
        purpose: Purpose of its messages, from which people may unsubscribe.
        line: Line of the file.
    """

    campaign_id: str
    title: str
    segments: dict[str, tuple[str, ...]]
    filters: Group | None
    hold_out: Decimal
    offer: str | None
    channel: str
    template: str
    start_at: datetime | None
    attribution_days: int
    priority: int
    purpose: str
    line: int = 1
