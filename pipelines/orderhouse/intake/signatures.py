"""Who sent a webhook, and when: the signature schemes of Shopify, Stripe and Standard Webhooks.

Pure functions of headers, body, secrets and clock; every comparison takes the same time whatever is wrong. What
becomes of a good delivery belongs in `landing`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["CHECKS", "Delivery", "Refused", "standard_key"]

TOLERANCE_SECONDS = 300
# Shopify repeats a delivery for four hours (earlier for two days) with the time of the first attempt
SHOPIFY_SECONDS = 48 * 3600

Headers = Mapping[str, str]


class Refused(Exception):  # noqa: N818 - the sentence is about the delivery
    """A delivery that is not taken.

    Attributes:
        status: The HTTP status of the answer.
        outcome: How it is counted.
        reason: What is wrong, for the sender; nothing of the body or of the secret.
    """

    def __init__(self, status: int, outcome: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True)
class Delivery:
    """What a good delivery says of itself."""

    topic: str
    delivery_id: str


def shopify(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """Base64 of HMAC-SHA-256 over the body. Its other headers are not signed: their time is a courtesy, not a proof.

    Raises:
        Refused: The signature is wrong, or the time it says is too far from ours.
    """
    _signed(_of_base64(headers.get("x-shopify-hmac-sha256", "")), [_hmac(secret, body) for secret in secrets])
    triggered = headers.get("x-shopify-triggered-at")
    if triggered is not None:
        _timely(_instant(triggered), now, SHOPIFY_SECONDS)
    return Delivery(headers.get("x-shopify-topic", "event"), headers.get("x-shopify-webhook-id", ""))


def stripe(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """``t=…,v1=…``: hexadecimal HMAC-SHA-256 over time, a dot and the body. Stripe signs every attempt anew.

    Raises:
        Refused: No signature fits, or it is too old or from the future.
    """
    parts = [part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [signature for name, _, value in parts if name == "v1" for signature in _of_hexadecimal(value)]
    if len(times) != 1:
        raise Refused(401, "wrong_signature", "The signature names no time.")
    message = times[0].encode() + b"." + body
    _signed(given, [_hmac(secret, message) for secret in secrets])
    _timely(_seconds(times[0]), now, TOLERANCE_SECONDS)
    return _named_by(body)


def generic(headers: Headers, body: bytes, secrets: Sequence[bytes], now: float) -> Delivery:
    """Standard Webhooks: ``v1,`` and base64 of HMAC-SHA-256 over id, time and body, with dots between.

    Raises:
        Refused: No signature fits, or it is too old or from the future.
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
    _signed(given, [_hmac(standard_key(secret), message) for secret in secrets])
    _timely(_seconds(time), now, TOLERANCE_SECONDS)
    return Delivery("event", delivery_id)


CHECKS: dict[str, Callable[[Headers, bytes, Sequence[bytes], float], Delivery]] = {
    "shopify": shopify,
    "stripe": stripe,
    "generic": generic,
}


def standard_key(secret: bytes) -> bytes:
    """The key behind a Standard Webhooks secret: base64 after ``whsec_``.

    Raises:
        ValueError: It is not base64.
    """
    return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)


def _hmac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def _signed(given: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """All are compared, so that the time tells nothing of which one fits."""
    fitting = [hmac.compare_digest(one, other) for one in given for other in expected]
    if not any(fitting):
        raise Refused(401, "wrong_signature", "The signature does not fit the body.")


def _timely(sent: float | None, now: float, tolerance: float) -> None:
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


def _named_by(body: bytes) -> Delivery:
    """A Stripe event names itself; a body that is none lands all the same, and the ingest says what is wrong."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        return Delivery("event", "")
    return Delivery(str(event.get("type", "event")), str(event.get("id", "")))
