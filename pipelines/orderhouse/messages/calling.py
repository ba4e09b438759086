"""Calls: an action is sent to another system by an HTTP request of its own kind, such as a PUT that holds an order.

Values are put into address and body after these were read, so that no value can change their form or the host.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.messages.posting import ask_for_head, filled, hand_over, opened_session, refuse_clear
from orderhouse.messages.sending import Outgoing, Refused, Sender

__all__ = ["ACTION", "VALUES", "Call", "CallsEndpoint"]

# Beginning of the kind of messages that carry actions.
ACTION = "action."
# Values of an action that a call may name in braces.
VALUES = (
    "action_id", "kind", "order_id", "order_number", "source", "line_id", "quantity", "warehouse_id", "promised_at",
    "assignee", "actor", "role", "reason", "payload", "occurred_at", "message_id",
)  # fmt: skip
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Call:
    """Request for one kind of action.

    Attributes:
        url: Address with placeholders behind the host.
        method: Method.
        body: JSON with placeholders within its texts; no body if None.
    """

    url: str
    method: str = "POST"
    body: Any = None


@dataclass(frozen=True)
class CallsEndpoint:
    """System that takes actions over HTTP.

    Attributes:
        name: Name of the endpoint.
        calls: Request by kind of action.
        headers: Headers of every request, secrets included.
    """

    name: str
    calls: Mapping[str, Call]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    channel: str = "http"

    def check(self) -> None:
        """Raise if an address would send in clear, has a value as its host, or a value is not known."""
        for kind, call in self.calls.items():
            where = f"{self.name}: calls: {kind}"
            refuse_clear(call.url, f"{where}: url")
            if "{" in urlsplit(call.url).netloc:
                raise OrderhouseError(f"{where}: url: the host must be written out; a value cannot name it.")
            for name in PLACEHOLDER.findall(json.dumps([call.url, call.body], ensure_ascii=False)):
                if name not in VALUES:
                    raise OrderhouseError(f"{where}: {nearest_sentence('value of an action', name, VALUES)}")

    def probe(self) -> None:
        """Ask for the head of each address up to its first value. A request of its own would act on an order."""
        for url in sorted({call.url.split("{")[0] for call in self.calls.values()}):
            ask_for_head(url, self.headers, f"The endpoint {self.name}")

    @contextlib.contextmanager
    def connected(self) -> Iterator[Sender]:
        """Yield a sender."""
        with opened_session() as session:

            def send(message: Outgoing) -> None:
                call = self.calls.get(message.kind.removeprefix(ACTION))
                if call is None:
                    raise Refused(f"The channel {self.name} has no call for {message.kind.removeprefix(ACTION)}.")
                values = {**dict.fromkeys(VALUES), **message.data, "message_id": message.message_id}
                headers = {"idempotency-key": message.message_id, **self.headers}
                body = b""
                if call.body is not None:
                    headers = {"content-type": "application/json", **headers}
                    body = json.dumps(filled(call.body, values), ensure_ascii=False).encode()
                hand_over(session, call.method, _address(call.url, values), headers, body, f"The endpoint {self.name}")

            yield send


def _address(url: str, values: Mapping[str, Any]) -> str:
    """Return an address with its values; a value cannot leave its part of the path or query."""

    def _quoted(found: re.Match[str]) -> str:
        value = values[found[1]]
        text = "" if value is None else str(value)
        # A part of dots alone would lead to another path.
        return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")

    return PLACEHOLDER.sub(_quoted, url)
