"""Notices of alerts, delivered to a webhook (signed as Standard Webhooks) and by e-mail.

A channel raises an error in words if it could not deliver. When to tell whom belongs in `alerts`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from functools import partial
from urllib.parse import urlsplit

from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings

__all__ = ["Notice", "channels_of"]

SECONDS = 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Notice:
    """One message about an alert.

    Attributes:
        notice_id: Id that is the same whenever this state of this alert is told.
        state: `raised`, `cleared` or `test`.
        at: Instant of that state, UTC, ISO-8601.
        kind: Kind of the condition.
        subject: What it is about.
        severity: Severity.
        message: What is wrong, and what to do.
        since: Instant at which the condition was first seen.
    """

    notice_id: str
    state: str
    at: str
    kind: str
    subject: str
    severity: str
    message: str
    since: str


def channels_of(settings: Settings) -> dict[str, Callable[[Notice], None]]:
    """Return the configured channels by name. Each takes a notice and raises `OrderhouseError` if it fails.

    Raises:
        OrderhouseError: A channel is configured in part, or would send in clear over a network.
    """
    channels: dict[str, Callable[[Notice], None]] = {}
    if settings.alert_webhook is not None:
        parts = urlsplit(settings.alert_webhook)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise OrderhouseError("alert_webhook must begin with https://, or with http:// on this machine.")
        channels["webhook"] = partial(_post, settings)
    if settings.alert_emails:
        if settings.smtp_server is None or settings.smtp_sender is None:
            raise OrderhouseError("alert_emails needs the settings smtp_server and smtp_sender.")
        if settings.smtp_security == "none" and _server(settings)[0] not in LOOPBACK:
            raise OrderhouseError("smtp_security may be `none` on this machine only. Use `starttls` or `tls`.")
        channels["email"] = partial(_mail, settings)
    return channels


def _post(settings: Settings, notice: Notice) -> None:
    import requests  # takes a tenth of a second, and most reviews tell nothing

    body = json.dumps({"type": f"alert.{notice.state}", "timestamp": notice.at, "data": asdict(notice)}).encode()
    headers = {"content-type": "application/json", "webhook-id": notice.notice_id}
    if settings.alert_webhook_secret is not None:
        headers |= _signature(settings.alert_webhook_secret.get_secret_value(), notice.notice_id, body)
    try:
        # A redirection could lead the notice, and its signature, to another host.
        answer = requests.post(
            settings.alert_webhook or "", data=body, headers=headers, timeout=SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise OrderhouseError(f"The alert webhook could not be reached: {type(error).__name__}.") from None
    if not 200 <= answer.status_code < 300:
        raise OrderhouseError(f"The alert webhook answered {answer.status_code}.")


def _signature(secret: str, notice_id: str, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks that sign a body."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise OrderhouseError(
            "alert_webhook_secret must be a secret of Standard Webhooks: `whsec_` and base64."
        ) from None
    sent = str(int(time.time()))
    digest = hmac.digest(key, f"{notice_id}.{sent}.".encode() + body, hashlib.sha256)
    return {"webhook-timestamp": sent, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _mail(settings: Settings, notice: Notice) -> None:
    message = EmailMessage()
    message["Subject"] = f"[Orderhouse] {notice.state}: {notice.kind.replace('_', ' ')} ({notice.subject})"
    message["From"] = settings.smtp_sender
    message["To"] = ", ".join(settings.alert_emails)
    domain = (settings.smtp_sender or "").rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{notice.notice_id}@{domain}>"
    message.set_content(
        f"{notice.message}\n\nState: {notice.state} at {notice.at}\nSeverity: {notice.severity}\n"
        f"First seen: {notice.since}\nHome: {settings.home}\n"
    )
    try:
        with _connected(settings) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise OrderhouseError(f"The mail server could not take the alert: {type(error).__name__}.") from None


def _connected(settings: Settings) -> smtplib.SMTP:
    host, port = _server(settings)
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SECONDS)
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
    if settings.smtp_user is not None and settings.smtp_password is not None:
        server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    return server


def _server(settings: Settings) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{settings.smtp_server}")
        if parts.hostname is None or parts.port is None:
            raise ValueError
    except ValueError:
        raise OrderhouseError("smtp_server must be host:port, such as mail.example.com:587.") from None
    return parts.hostname, parts.port
