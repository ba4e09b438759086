"""Signatures of webhooks as Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time

from orderhouse.errors import OrderhouseError

__all__ = ["signature_headers"]


def signature_headers(secret: str, message_id: str, body: bytes, *, named: str) -> dict[str, str]:
    """Return the headers that sign a body.

    Args:
        secret: Secret of Standard Webhooks, `whsec_` and base64.
        message_id: Id of the message.
        body: The body.
        named: Name of the setting that holds the secret, for messages.

    Raises:
        OrderhouseError: The secret is none of Standard Webhooks.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise OrderhouseError(f"{named} must be a secret of Standard Webhooks: `whsec_` and base64.") from None
    sent = str(int(time.time()))
    digest = hmac.digest(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256)
    return {"webhook-timestamp": sent, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
