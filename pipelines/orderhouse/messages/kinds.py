"""Kinds of messages to customers: their order, ages and defaults.

What is selected for each is in `queries/<kind>.sql`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["CAMPAIGN", "CAMPAIGN_TEMPLATES", "KINDS", "OPERATOR_TEMPLATES", "RULE_TEMPLATES", "Kind", "kind_named"]

Subject = Literal["order", "shipment", "return", "payment", "customer"]


@dataclass(frozen=True)
class Kind:
    """Kind of message.

    Attributes:
        name: Name, also of its templates and its query.
        subject: Type of its subject. There is one message per subject and occasion.
        max_age_hours: Age of what it tells, in hours, above which it is not sent any more.
        after_days: Days after what it tells, before which it is not sent.
        keeps_quiet: True if it waits for the end of the recipient's quiet hours.
        needs_consent: True if it goes only to customers who agreed to marketing.
    """

    name: str
    subject: Subject
    max_age_hours: float
    after_days: float = 0
    keeps_quiet: bool = True
    needs_consent: bool = False

    @property
    def query(self) -> str:
        """Return the query over the published tables."""
        return _query(self.name)


@cache
def _query(name: str) -> str:
    return (Path(__file__).with_name("queries") / f"{name}.sql").read_text(encoding="utf-8")


# In the order in which one recipient gets them if several are new at once.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("order_confirmation", "order", 24, keeps_quiet=False),
        Kind("back_ordered", "order", 72),
        Kind("late", "order", 72),
        Kind("cancelled", "order", 72),
        Kind("dispatched", "shipment", 48),
        Kind("out_for_delivery", "shipment", 12, keeps_quiet=False),
        Kind("delivered", "shipment", 48),
        Kind("return_received", "return", 72),
        Kind("refunded", "payment", 96),
        Kind("feedback_asked", "order", 96, after_days=5, needs_consent=True),
    )
}
# Messages of campaigns. They are derived apart, and no file may free them of consent or quiet hours.
CAMPAIGN = Kind("campaign", "customer", 7 * 24, needs_consent=True)
# Names of templates of campaigns.
CAMPAIGN_TEMPLATES = re.compile(rf"{CAMPAIGN.name}(_[a-z0-9_]{{1,40}})?")
# Texts to operators, which schedules send.
OPERATOR_TEMPLATES = ("digest", "report")
# Texts of the package that rules send, with True for those that need consent to marketing.
RULE_TEMPLATES = {"payment_reminder": False, "thank_you": True}


def kind_named(name: str) -> Kind | None:
    """Return a kind of messages to customers, that of campaigns included; None if there is none."""
    return CAMPAIGN if name == CAMPAIGN.name else KINDS.get(name)
