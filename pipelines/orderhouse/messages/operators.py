"""Texts of messages to operators, made of what a schedule stored. To whom they go belongs to `orderhouse.schedules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderhouse.messages.configuration import FILE, Configuration
from orderhouse.messages.outbox import Message
from orderhouse.messages.sending import Attachment, Outgoing
from orderhouse.messages.templates import Found, Text, find_template, render

__all__ = ["operator_mail", "operator_text"]


def operator_text(
    configuration: Configuration, template: str, locale: str, zone: str, payload: Mapping[str, Any]
) -> tuple[Found, Text]:
    """Return the template of a message to operators in the nearest language, and its text.

    Args:
        configuration: Configuration in force.
        template: Name of the template, see `OPERATOR_TEMPLATES`.
        locale: Language and country of the text.
        zone: Business time zone.
        payload: Values of the message.

    Raises:
        OrderhouseError: The template has a mistake, or does not exist.
    """
    own = configuration.path.parent / FILE.removesuffix(".yaml")
    found = find_template(template, locale, own, configuration.language)
    # No imprint of a seller stands below what people of the house read.
    return found, render(found, locale, zone, {**payload, **_common(configuration)})


def _common(configuration: Configuration) -> dict[str, str]:
    return {"shop": configuration.shop_name or "", "pages_url": configuration.pages_url or ""}


def operator_mail(
    configuration: Configuration,
    message: Message,
    zone: str,
    to: tuple[str, ...] = (),
    attachments: tuple[Attachment, ...] = (),
) -> tuple[Outgoing, str]:
    """Return a message to operators as it is handed over, and the version of its template.

    Args:
        configuration: Configuration in force.
        message: The message.
        zone: Business time zone.
        to: Addresses; none for an endpoint that has its own.
        attachments: Files that go with it.

    Raises:
        OrderhouseError: The template has a mistake, or does not exist.
    """
    locale = message.locale or configuration.language
    template, text = operator_text(configuration, str(message.template), locale, zone, message.payload)
    outgoing = Outgoing(
        message_id=message.message_id,
        kind=message.kind,
        occurred_at=message.occurred_at,
        title=text.title,
        text=text.text,
        html=text.html,
        short=text.short,
        to=to,
        data=message.payload,
        locale=locale,
        attachments=attachments,
    )
    return outgoing, f"{template.language}/{template.version}"
