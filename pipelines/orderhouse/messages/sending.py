"""Forms that all channels share: what is handed to an endpoint, and how a hand-over can fail."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from orderhouse.errors import OrderhouseError

__all__ = ["LOOPBACK", "SECONDS", "Attachment", "Deferred", "Endpoint", "Outgoing", "Refused", "Sender", "Unavailable"]

# Seconds for which one step of a connection may take.
SECONDS = 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Refused(OrderhouseError):
    """The endpoint refuses this message for good. Another attempt would end in the same way."""


class Deferred(OrderhouseError):
    """The endpoint wants this message later. It works otherwise.

    Attributes:
        seconds: Seconds after which to try again, if the endpoint stated them.
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


class Unavailable(OrderhouseError):
    """The endpoint could not be reached, or does not work."""


@dataclass(frozen=True)
class Attachment:
    """File of a mail: its name, its media type such as `text/csv`, and its bytes."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A message with its text and its address, as it is handed to an endpoint. It is never stored.

    Attributes:
        message_id: Id of the message, by which a receiver recognises a repetition.
        kind: Kind.
        occurred_at: Instant of what it tells, UTC, ISO 8601.
        title: Subject line.
        text: Text for mail.
        html: The same as HTML, or None.
        short: Text for a short message.
        to: Addresses or telephone numbers; empty if the endpoint needs none.
        data: Values for a webhook.
        locale: Language and country.
        unsubscribe_url: Address at which one POST ends messages of this purpose (RFC 8058); None for order messages.
        attachments: Files that go with a mail.
    """

    message_id: str
    kind: str
    occurred_at: str
    title: str
    text: str
    html: str | None = None
    short: str = ""
    to: tuple[str, ...] = field(default=(), repr=False)
    data: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
    unsubscribe_url: str | None = field(default=None, repr=False)
    attachments: tuple[Attachment, ...] = ()


class Sender(Protocol):
    """Open connection to an endpoint."""

    def __call__(self, message: Outgoing) -> None:
        """Hand a message over.

        Raises:
            Refused: This message is refused for good.
            Deferred: It is to be sent later.
            Unavailable: The endpoint does not work.
        """


class Endpoint(Protocol):
    """Place to which messages go."""

    @property
    def name(self) -> str:
        """Return the name of the endpoint."""

    @property
    def channel(self) -> str:
        """Return its channel."""

    def check(self) -> None:
        """Raise an `OrderhouseError` if the configuration is not whole, or would send in clear over a network."""

    def probe(self) -> None:
        """Reach the endpoint without sending anything to a person.

        Raises:
            Unavailable: It cannot be reached, or does not work.
        """

    def connected(self) -> AbstractContextManager[Sender]:
        """Return a sender for several messages. It connects with its first message."""
