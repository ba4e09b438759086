"""Contacts of customers: addresses, numbers and names from the vault, looked up when a message is sent and not kept.

The vault has one user at a time, so the lock of runs is held for the moment of the look-up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.messages.outbox import Message
from orderhouse.messages.releases import Gate, epoch_of, gate_of
from orderhouse.operations.store import Store
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import MESSAGES, open_raw, run_lock
from orderhouse.vault.vault import Vault, open_vault

__all__ = ["Contact", "LookedUp", "look_up", "names_by_email"]

NOBODY = (None, None)

# The newest row of a customer or an order counts.
NAMES = """
select email_token, arg_max(name_token, (_batch_id, _record)) filter (where name_token is not null) as name_token,
    arg_max(phone_token, (_batch_id, _record)) filter (where phone_token is not null) as phone_token
from raw.customers
where email_token in (select unnest($recipients))
group by email_token
"""
PHONES = """
select order_id, arg_max(phone_token, (_batch_id, _record)) filter (where phone_token is not null) as phone_token
from raw.orders
where order_id in (select unnest($orders))
group by order_id
"""


@dataclass(frozen=True)
class Contact:
    """How to reach the recipient of a message.

    Attributes:
        email: E-mail address, or None.
        phone: Telephone number, or None.
        name: Name, or None.
        is_erased: True if the person was erased, and is told nothing.
    """

    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    is_erased: bool = False


@dataclass(frozen=True)
class LookedUp:
    """Result of a look-up.

    Attributes:
        gate: Whether customers may be told.
        contacts: Contact of each message by its id; none while the gate is closed.
        texts: Other values that were asked for, by token; none while the gate is closed.
    """

    gate: Gate
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)


def look_up(
    settings: Settings, store: Store, messages: Sequence[Message], tokens: Collection[str] = ()
) -> LookedUp | None:
    """Return whether customers may be told, and their contacts; None while a run has the vault.

    Args:
        settings: Settings of the home.
        store: The operations store.
        messages: Messages to customers.
        tokens: Tokens of further values; those of erased people have none.

    Raises:
        OrderhouseError: The vault, the received rows or the store cannot be opened.
    """
    try:
        with run_lock(settings, MESSAGES, wait_seconds=0), contextlib.ExitStack() as stack:
            raw = None
            if settings.raw_db.exists():
                raw = stack.enter_context(contextlib.closing(open_raw(settings, read_only=True)))
            gate = gate_of(settings, store, epoch_of(raw))
            if not gate.is_open:
                return LookedUp(gate)
            vault = stack.enter_context(open_vault(settings))
            return LookedUp(gate, _contacts(vault, raw, messages), vault.reveal(tokens) if tokens else {})
    except OrderhouseError as error:
        if error.exit_code == LockHeld.exit_code:
            return None
        raise


def _contacts(vault: Vault, raw: duckdb.DuckDBPyConnection | None, messages: Sequence[Message]) -> dict[str, Contact]:
    """Return the contacts of messages. A person is erased if any of their tokens is."""
    recipients = sorted({message.recipient for message in messages if message.recipient})
    orders = sorted({message.order_id for message in messages if message.order_id and message.channel == "sms"})
    people, phones = _tokens(raw, recipients, orders)
    tokens = {
        message.message_id: (
            message.recipient,
            phones.get(message.order_id or "") or people.get(message.recipient, NOBODY)[1] or "",
            people.get(message.recipient, NOBODY)[0] or "",
        )
        for message in messages
    }
    wanted = {token for own in tokens.values() for token in own if token}
    values, erased = vault.reveal(wanted), vault.suppressed() & wanted
    return {
        message_id: Contact(
            values.get(email), values.get(phone), values.get(name), not erased.isdisjoint((email, phone))
        )
        for message_id, (email, phone, name) in tokens.items()
    }


def names_by_email(settings: Settings, recipients: Sequence[str]) -> dict[str, str]:
    """Return the tokens of names by those of e-mail addresses. The caller holds the run lock."""
    if not settings.raw_db.exists():
        return {}
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        rows = raw.execute(NAMES, {"recipients": list(recipients)}).fetchall()
    return {token: name for token, name, _ in rows if name}


def _tokens(
    raw: duckdb.DuckDBPyConnection | None, recipients: Sequence[str], orders: Sequence[str]
) -> tuple[dict[str, tuple[str | None, str | None]], dict[str, str]]:
    """Return name and telephone tokens by e-mail token, and telephone tokens by order."""
    if raw is None:
        return {}, {}
    names = raw.execute(NAMES, {"recipients": list(recipients)}).fetchall()
    phones = raw.execute(PHONES, {"orders": list(orders)}).fetchall() if orders else []
    return {token: (name, phone) for token, name, phone in names}, {order: phone for order, phone in phones if phone}
