"""Signature schemes of webhooks: Shopify, Stripe and Standard Webhooks.

All functions are pure functions of headers, body, secrets and clock. Signatures are compared in constant time. Landing
of a valid delivery belongs to `landing`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["CHECKS", "Delivery", "Refused", "standard_key"]

TOLERANCE_SECONDS = 300
# Shopify repeats a delivery for four hours (formerly two days) with the time of the first attempt.
SHOPIFY_SECONDS = 48 * 3600
# Words of Shopify's topics, such as orders/partially_fulfilled, and the form of its delivery ids.
SHOPIFY_WORDS = frozenset({
    "app", "bulk", "cancelled", "carts", "checkouts", "collections", "company", "companies", "completed",
    "create", "customer", "customers", "deactivate", "delete", "disable", "discounts", "disputes", "domains",
    "draft", "edited", "enable", "events", "failure", "finalize", "finish", "fulfilled", "fulfillment",
    "fulfillments", "inventory", "items", "levels", "locations", "merge", "order", "orders", "paid",
    "partially", "payment", "product", "products", "publications", "redact", "refunds", "release", "request",
    "returns", "reverse", "risk", "shop", "start", "subscription", "success", "tender", "transactions",
    "uninstalled", "update", "updated", "variants",
})  # fmt: skip
TOPIC = re.compile("[a-z]+([/_]+[a-z]+)*")
SHOPIFY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Headers = Mapping[str, str]


class Refused(Exception):  # noqa: N818 - names the outcome of a delivery
    """A delivery was refused.

    Attributes:
        status: The HTTP status of the answer.
        outcome: The name under which it is counted.
        reason: The reason for the sender, without any part of the body or the secret.
    """

    def __init__(self, status: int, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class Delivery:
    """Topic and id of a valid delivery, as the sender states them."""

    topic: str
    delivery_id: str


def shopify(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """Check a delivery of Shopify: base64 of HMAC-SHA-256 over the body.

    The other headers are not signed, so that their time is checked but proves nothing.

    Args:
        headers: Headers of the request.
        body: Body of the request.
        secrets: Secrets that are accepted.
        now: The present instant, in seconds since 1970.

    Raises:
        Refused: The signature is wrong, or the stated time is too far from `now`.
    """
    _require_signature(
        _of_base64(headers.get("x-shopify-hmac-sha256", "")), [_hmac(secret, body) for secret in secrets]
    )
    triggered = headers.get("x-shopify-triggered-at")
    if triggered is not None:
        _require_recent(_instant(triggered), now, SHOPIFY_SECONDS)
    return _unsigned(headers.get("x-shopify-topic", ""), headers.get("x-shopify-webhook-id", ""))


def stripe(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """Check a delivery of Stripe: ``t=…,v1=…`` with hexadecimal HMAC-SHA-256 over time, a dot and the body.

    Stripe signs each attempt with its own time. The arguments are those of `shopify`.

    Raises:
        Refused: No signature fits, or its time is too old or in the future.
    """
    parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [signature for name, _, value in parts if name == "v1" for signature in _of_hexadecimal(value)]
    if len(times) != 1:
        raise Refused(401, "wrong_signature", "The signature names no time.")
    message = times[0].encode() + b"." + body
    _require_signature(given, [_hmac(secret, message) for secret in secrets])
    _require_recent(_seconds(times[0]), now, TOLERANCE_SECONDS)
    return _named_by(body)


def generic(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """Check a delivery of Standard Webhooks: ``v1,`` and base64 of HMAC-SHA-256 over id, time and body, joined by dots.

    The arguments are those of `shopify`.

    Raises:
        Refused: No signature fits, or its time is too old or in the future.
    """
    delivery_id, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [
        signature
        for part in headers.get("webhook-signature", "").split()
        if part.startswith("v1,")
        for signature in _of_base64(part.removeprefix("v1,"))
    ]
    if not delivery_id or not time:
        raise Refused(401, "wrong_signature", "The headers webhook-id and webhook-timestamp are needed.")
    message = delivery_id.encode() + b"." + time.encode() + b"." + body
    _require_signature(given, [_hmac(standard_key(secret), message) for secret in secrets])
    _require_recent(_seconds(time), now, TOLERANCE_SECONDS)
    return Delivery("event", delivery_id)


CHECKS: dict[str, Callable[[Headers, bytes, Sequence[bytes], float], Delivery]] = {
    "shopify": shopify,
    "stripe": stripe,
    "generic": generic,
}


def standard_key(secret: bytes) -> bytes:
    """Return the key of a Standard Webhooks secret, which is base64 after ``whsec_``.

    Raises:
        ValueError: The secret is not base64.
    """
    return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)


def _hmac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def _require_signature(given: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Raise Refused if no signature fits. All pairs are compared, so that the time does not tell which one fits."""
    fitting = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(fitting):
        raise Refused(401, "wrong_signature", "The signature does not fit the body.")


def _require_recent(sent: float | None, now: float, tolerance: float) -> None:
    if sent is None:
        raise Refused(400, "stale", "The time stamp cannot be read.")
    if sent < now - tolerance:
        raise Refused(400, "stale", f"The time stamp is more than {tolerance:.0f} seconds old.")
    if sent > now + TOLERANCE_SECONDS:
        raise Refused(400, "stale", "The time stamp is in the future.")


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def _instant(text: str) -> float | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.timestamp() if instant.tzinfo else None


def _of_base64(text: str) -> list[bytes]:
    try:
        return [base64.b64decode(text.encode(), validate=True)]
    except (ValueError, binascii.Error):
        return []


def _of_hexadecimal(text: str) -> list[bytes]:
    try:
        return [bytes.fromhex(text)]
    except ValueError:
        return []


def _unsigned(topic: str, delivery_id: str) -> Delivery:
    """Return what the headers of Shopify say, which its signature does not cover, as far as it can only be a name.

    Other text could be anything, also somebody's name, and would stand in the name of a file.
    """
    is_topic = TOPIC.fullmatch(topic.lower()) and set(re.split("[/_]+", topic.lower())) <= SHOPIFY_WORDS
    return Delivery(topic if is_topic and topic else "event", delivery_id if SHOPIFY_ID.fullmatch(delivery_id) else "")


def _named_by(body: bytes) -> Delivery:
    """Return type and id of a Stripe event; a body that is not an event lands too, and the ingest reports it."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return Delivery("event", "")
    return Delivery(str(event.get("type", "event")), str(event.get("id", "")))
