"""Search for a person by an address or a telephone number, without opening the vault: its token is computed.

The answer tells whether rows name the person. So every search is recorded with the token, and a role that does not
reveal personal data may ask a limited number of times.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.personal_ids import kind_of_id
from orderhouse.operations.audit_log import count_since, record
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.vault import Vault

__all__ = ["ACTION", "MOST_SEARCHES", "token_of_person"]

# Action of the audit log.
ACTION = "search_person"
# Searches of a person in an hour under a role that does not reveal: enough for a desk, too few to go through a list.
MOST_SEARCHES = 30


def token_of_person(settings: Settings, *, actor: str, role: Role, written: str) -> str | None:
    """Record a search for a person, and return the token under which rows name that person.

    Args:
        settings: Settings of the home.
        actor: Name of the person who searches.
        role: The role that searches.
        written: What the reader wrote.

    Returns:
        The token; None if the text is no address and no telephone number, or the home has no keys yet.

    Raises:
        OrderhouseError: The person has searched too often, the keys of the vault are missing or damaged, or the search
            cannot be recorded.
    """
    kind = kind_of_id(written)
    if kind is None or not settings.vault_keys.exists():
        return None
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    if not role.reveals and count_since(settings, actor=actor, action=ACTION, since=an_hour_ago) >= MOST_SEARCHES:
        raise OrderhouseError(
            f"The role {role.name} may search for {MOST_SEARCHES} people in an hour, and you have. Search for the "
            "order instead, or ask somebody whose role reveals personal data."
        )
    with contextlib.closing(duckdb.connect(":memory:")) as connection:
        tokens = Vault(connection, load_keys(settings)).tokens_of(kind, pl.DataFrame({"value": [written]}))
    token = str(tokens["token"].item())
    record(settings, actor=actor, role=role.name, action=ACTION, subject=token)
    return token
