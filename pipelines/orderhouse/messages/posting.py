"""Webhooks and HTTP templates: messages posted to an address with an idempotency key.

Redirections are not followed.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orderhouse.errors import OrderhouseError
from orderhouse.messages.sending import LOOPBACK, SECONDS, Deferred, Outgoing, Refused, Sender, Unavailable
from orderhouse.messages.signatures import signature_headers

if TYPE_CHECKING:
    import requests

__all__ = [
    "TemplateEndpoint",
    "WebhookEndpoint",
    "ask_for_head",
    "filled",
    "filled_text",
    "hand_over",
    "opened_session",
    "refuse_clear",
]

LATER = frozenset({408, 425, 429})
# Statuses about the content of one message. Every other failure is one of the endpoint.
OF_CONTENT = frozenset({400, 406, 409, 413, 415, 422})


@dataclass(frozen=True)
class WebhookEndpoint:
    """Receiver of Standard Webhooks.

    Attributes:
        name: Name of the endpoint.
        url: Address; https, or http on this machine.
        secret: Secret that signs; unsigned if None.
        setting: Name of the setting with the address, for messages.
        said: Name of the receiver at the beginning of a sentence.
    """

    name: str
    url: str
    secret: str | None = field(default=None, repr=False)
    setting: str = "url"
    said: str = "The webhook"
    channel: str = "webhook"

    def check(self) -> None:
        """Raise if the address would send in clear over a network, or the secret is none."""
        refuse_clear(self.url, self.setting)
        if self.secret is not None:
            signature_headers(self.secret, "", b"", named=f"{self.setting}_secret")

    def probe(self) -> None:
        """Post a webhook of the type `test`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.connected() as send:
            send(Outgoing(str(uuid.uuid4()), "test", now, "Test", "This is a test."))

    @contextlib.contextmanager
    def connected(self) -> Iterator[Sender]:
        """Yield a sender."""
        with opened_session() as session:

            def send(message: Outgoing) -> None:
                content = {"type": message.kind, "timestamp": message.occurred_at, "data": dict(message.data)}
                body = json.dumps(content, ensure_ascii=False).encode()
                headers = {"content-type": "application/json", "webhook-id": message.message_id}
                if self.secret is not None:
                    headers |= signature_headers(self.secret, message.message_id, body, named=f"{self.setting}_secret")
                hand_over(session, "POST", self.url, headers, body, self.said)

            yield send


@dataclass(frozen=True)
class TemplateEndpoint:
    """Service for short messages or chat that takes JSON over HTTP.

    Attributes:
        name: Name of the endpoint.
        channel: `sms` or `chat`.
        url: Address.
        method: `POST` or `PUT`.
        headers: Headers, secrets included.
        body: JSON with the placeholders `{to}`, `{text}`, `{title}` and `{message_id}` within its texts.
        to: Recipient of messages to the team, such as a room.
    """

    name: str
    channel: str
    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default_factory=dict)
    to: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise if the address would send in clear over a network."""
        refuse_clear(self.url, f"{self.name}: url")

    def probe(self) -> None:
        """Ask for the head of the address. A test message would reach, and cost, somebody."""
        ask_for_head(self.url, self.headers, f"The endpoint {self.name}")

    @contextlib.contextmanager
    def connected(self) -> Iterator[Sender]:
        """Yield a sender."""
        with opened_session() as session:

            def send(message: Outgoing) -> None:
                values = {
                    "to": ", ".join(message.to or self.to),
                    "text": message.short or message.text,
                    "title": message.title,
                    "message_id": message.message_id,
                }
                body = json.dumps(filled(self.body, values), ensure_ascii=False).encode()
                headers = {
                    "content-type": "application/json",
                    "idempotency-key": message.message_id,
                    **self.headers,
                }
                hand_over(session, self.method, self.url, headers, body, f"The endpoint {self.name}")

            yield send


def ask_for_head(url: str, headers: Mapping[str, str], said: str) -> None:
    """Ask for the head of an address.

    Raises:
        Unavailable: It cannot be reached, refuses the sign-in, or does not work.
    """
    import requests

    with opened_session() as session:
        try:
            answer = session.head(url, headers=dict(headers), timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            raise Unavailable(f"{said} could not be reached: {type(error).__name__}.") from None
    if answer.status_code in (401, 403) or answer.status_code >= 500 and answer.status_code != 501:
        raise Unavailable(f"{said} answered {answer.status_code}.")


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a JSON value whose texts have their placeholders replaced, each once: values are never templates.

    A text that is a placeholder alone becomes the value with its type, such as a number.
    """
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    if template[:1] == "{" and template[-1:] == "}" and template[1:-1] in values:
        return values[template[1:-1]]
    return filled_text(template, values)


def filled_text(template: str, values: Mapping[str, Any]) -> str:
    """Return a text with its placeholders replaced, each once."""
    first, *rest = template.split("{")
    found = [first]
    for part in rest:
        name, mark, after = part.partition("}")
        is_value = bool(mark) and name in values
        found.append(f"{'' if values[name] is None else values[name]}{after}" if is_value else "{" + part)
    return "".join(found)


@contextlib.contextmanager
def opened_session() -> Iterator[requests.Session]:
    """Open a session of HTTP, which keeps its connection for several messages."""
    import requests  # takes a tenth of a second, and most commands send nothing

    with requests.Session() as session:
        yield session


def hand_over(
    session: requests.Session, method: str, url: str, headers: Mapping[str, str], body: bytes, said: str
) -> None:
    """Send a request, and raise as a `Sender` does.

    A redirection could lead the message, and its signature, to another host; so none is followed.
    """
    import requests

    try:
        answer = session.request(method, url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise Unavailable(f"{said} could not be reached: {type(error).__name__}.") from None
    if 200 <= answer.status_code < 300:
        return
    sentence = f"{said} answered {answer.status_code}."
    if answer.status_code in LATER:
        after = answer.headers.get("retry-after", "")
        raise Deferred(sentence, float(after) if after.isdigit() else None)
    raise Refused(sentence) if answer.status_code in OF_CONTENT else Unavailable(sentence)


def refuse_clear(url: str, setting: str) -> None:
    """Refuse an address that would send in clear over a network."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if host is None or (parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK)):
        raise OrderhouseError(f"{setting} must begin with https://, or with http:// on this machine.")
