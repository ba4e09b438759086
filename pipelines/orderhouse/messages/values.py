"""Variables of a text: the facts of a message, the name of the customer, and the link to the tracking page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderhouse.messages.configuration import Configuration
from orderhouse.messages.sellers import seller_of

__all__ = ["COMMON", "OF_CAMPAIGNS", "OF_OPERATORS", "SAMPLES", "samples_of", "values_of"]

# Variables of every kind.
COMMON = ("name", "shop", "seller", "order_id", "tracking_url", "currency", "unsubscribe_url")
ITEM = {"name": "Kettle", "quantity": 1}
AT = "2026-04-05T22:00:00Z"

# Examples of each kind, one for every stage that its text tells apart. They also say which variables it has.
SAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "order_confirmation": (
        {
            "items": [ITEM, {"name": "Tea", "quantity": 2}],
            "amount": "1234.50",
            "tax_amount": "197.10",
            "promised_at": AT,
        },
        {"items": [ITEM], "amount": "9.99", "tax_amount": None, "promised_at": None},
    ),
    "back_ordered": (
        {"items": [ITEM], "promised_at": AT},
        {"items": [ITEM, {"name": "Tea", "quantity": 1000}], "promised_at": None},
    ),
    "late": ({"promised_at": AT, "new_at": "2026-04-08T16:00:00Z"}, {"promised_at": AT, "new_at": None}),
    "cancelled": (
        {"items": [ITEM], "is_whole": False},
        {"items": [ITEM, {"name": "Tea", "quantity": 2}], "is_whole": False},
        {"items": [ITEM], "is_whole": True},
    ),
    "dispatched": (
        {"carrier": "DHL", "tracking_number": "00340434161094042557", "estimated_delivery_at": AT},
        {"carrier": None, "tracking_number": None, "estimated_delivery_at": None},
    ),
    "out_for_delivery": ({"carrier": "UPS", "tracking_number": "1Z1"}, {"carrier": None, "tracking_number": None}),
    "delivered": ({"carrier": "DPD", "delivered_at": AT},),
    "return_received": ({"items": [ITEM]}, {"items": [ITEM, {"name": "Tea", "quantity": 2}]}),
    "refunded": ({"amount": "15.27", "method": "card"}, {"amount": "1234567.50", "method": None}),
    "feedback_asked": ({"delivered_at": AT},),
}
# Examples of messages to operators.
LISTED = {
    "code": "late", "severity": "high", "about": "OH-000001234", "order_id": "OH-000001234", "amount": "1234.50",
    "age_days": 3, "is_new": True, "url": "https://pages.example.com/exceptions?exception=late",
}  # fmt: skip
OF_CODE = {
    "code": "late", "severity": "high", "count": 2, "new_count": 1, "amount": "1234.50",
    "url": "https://pages.example.com/exceptions?code=late",
}  # fmt: skip
DIGEST = {
    "schedule": "morning", "title": "Worklist of the operator", "role": "operator", "due_at": AT, "as_of": AT,
    "version": 7, "count": 3, "new_count": 1, "amount": "1234.50", "currency": "EUR", "codes": [OF_CODE],
    "worst": [LISTED, {**LISTED, "amount": None, "order_id": None, "is_new": False, "url": ""}], "more_count": 1,
    "url": "https://pages.example.com/exceptions",
}  # fmt: skip
OF_OPERATORS: dict[str, tuple[dict[str, Any], ...]] = {
    "digest": (
        DIGEST,
        {**DIGEST, "new_count": None, "amount": None, "url": "", "more_count": 0,
         "codes": [{**OF_CODE, "count": 1, "new_count": None, "amount": None, "url": ""}]},
        {**DIGEST, "count": 0, "new_count": 0, "amount": None, "codes": [], "worst": [], "more_count": 0},
    ),
    "report": tuple(
        {
            "schedule": "sales", "title": "Net sales by day", "role": "finance", "due_at": AT, "as_of": AT,
            "version": 7, "count": count, "files": ["sales.pdf", "sales.csv", "manifest.json"],
            "folder": "2026-04-05T220000Z",
        }
        for count in (1, 28)
    ),
}  # fmt: skip
# Examples of messages of campaigns.
OF_CAMPAIGNS: tuple[dict[str, Any], ...] = (
    {
        "campaign": "spring", "title": "Spring sale", "offer": "SPRING10", "purpose": "newsletter", "channel": "email",
        "template": "campaign",
    },
    {
        "campaign": "spring", "title": "Spring sale", "offer": None, "purpose": "newsletter", "channel": "email",
        "template": "campaign",
    },
)  # fmt: skip
SHORT_NAME = 5
MOST_ITEMS = 200


def samples_of(template: str) -> tuple[dict[str, Any], ...]:
    """Return the examples of a template: those of its kind, those to operators, or those of campaigns."""
    return SAMPLES.get(template) or OF_OPERATORS.get(template, OF_CAMPAIGNS)


def values_of(
    payload: Mapping[str, Any], configuration: Configuration, name: str | None, unsubscribe_url: str | None = None
) -> dict[str, Any]:
    """Return the variables of a text.

    Args:
        payload: Values of the message.
        configuration: Configuration in force.
        name: Name of the customer, or None.
        unsubscribe_url: Link that ends messages of this purpose, or None.
    """
    found = dict(payload)
    if found.get("carrier"):
        found["carrier"] = _carrier(str(found["carrier"]))
    if "items" in found:
        found["items"] = list(found["items"])[:MOST_ITEMS]
    seller = seller_of(configuration.legal_entities, found.pop("legal_entity", None), configuration.shop_name)
    tracking_id = found.pop("tracking_id", None)
    link = f"{configuration.portal_url}/track/{tracking_id}" if configuration.portal_url and tracking_id else ""
    return {
        **found,
        "name": " ".join((name or "").split()),
        "shop": seller.get("shop") or configuration.shop_name or "",
        "seller": seller,
        "tracking_url": link,
        "unsubscribe_url": unsubscribe_url or "",
    }


def _carrier(code: str) -> str:
    """Return the name of a carrier for people; short codes are abbreviations."""
    return code.upper() if len(code) < SHORT_NAME else code.replace("_", " ").title()
