"""Search for a person: the rows of a person in all feeds and in quarantine, and the tokens on these rows.

This module reads the raw tables and the vault. Deletion belongs to `erasing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.erasure.patched_values import tokens_in_record_patches
from orderhouse.ingest.personal_ids import CUSTOMER, FEEDS, TOKEN_IN_ID, kind_of_id
from orderhouse.ingest.repairs_in_force import has_repairs
from orderhouse.storage.sql_names import quote
from orderhouse.vault.vault import TOKEN_CHARACTERS, Vault

__all__ = ["By", "Person", "find_person", "own_values", "token_columns"]

By = Literal["customer_id", "email", "token"]
TOKEN = "[0-9a-f]{32}"  # noqa: S105 - a pattern
# A shorter value, such as a first name, is found in texts about other people.
LONG_ENOUGH = 7
OWN = """
    select lower(value) as value from personal
    where list_contains($tokens, token) and kind in ('email', 'phone', 'name', 'street')
        and length(value) >= $long and (kind <> 'name' or contains(value, ' '))
"""


@dataclass(frozen=True)
class Person:
    """Person with customer numbers, tokens and files.

    Attributes:
        customer_ids: Their customer numbers.
        orders: Number of orders they placed, as customer or as guest.
        tokens: Tokens of their values.
        shared: Number of these tokens that are also on customers or orders of other people.
        files: Source and path of the files that their values came from.
    """

    customer_ids: frozenset[str]
    orders: int
    tokens: frozenset[str] = field(repr=False)
    shared: int
    files: tuple[tuple[str, str], ...]

    @property
    def is_known(self) -> bool:
        """Return True if there is any row or value of the person."""
        return bool(self.customer_ids or self.orders or self.tokens)


def token_columns() -> dict[str, list[str]]:
    """Return the token columns of each feed."""
    return {feed: [f"{name}_token" for name in contract.personal()] for feed, contract in CONTRACTS.items()}


def _places_of_tokens() -> dict[str, list[str]]:
    """Return the token columns of each feed, and the end of its customer ids, which may be a token."""
    return {feed: [*columns, *[TOKEN_IN_ID] * (feed in FEEDS)] for feed, columns in token_columns().items()}


def find_person(connection: duckdb.DuckDBPyConnection, vault: Vault, customer: str, by: By) -> Person:
    """Return everything that was received about a person.

    A guest order is theirs if it was placed with one of their e-mail addresses.

    Args:
        connection: The raw database.
        vault: The vault, for the token of an address and for texts that mention one.
        customer: A customer number, an e-mail address or a token.
        by: The kind of `customer`.
    """
    _create_person_tables(connection, vault, customer, by)
    tokens = _tokens_on_rows(connection)
    if by == "token":
        tokens |= _requested_token(connection, vault, customer)
    tokens |= _in_quarantine(connection, tokens)
    tokens |= _tokens_of_texts(vault, tokens)
    tokens |= tokens_in_record_patches(connection, vault, tokens)
    tokens = _in_vault(vault, tokens)
    ids = connection.execute("select id from person_ids").fetchall()
    ((orders,),) = connection.execute("select count(*) from person_orders").fetchall()
    return Person(
        frozenset(each for (each,) in ids),
        orders,
        frozenset(tokens),
        _shared(connection, tokens),
        tuple(files_with(connection, tokens)),
    )


def files_with(connection: duckdb.DuckDBPyConnection, tokens: Iterable[str]) -> list[tuple[str, str]]:
    """Return source and path of every file that contains one of these tokens."""
    units = units_with(connection, tokens)
    rows = connection.execute(
        """
        select distinct source, path from raw.files
        where exists (select 1 from (select unnest($units) as id) as units where units.id = source || '|' || file_id)
        order by all
        """,
        {"units": [f"{source}|{file_id}" for source, file_id in units]},
    ).fetchall()
    return [(source, path) for source, path in rows]


def units_with(
    connection: duckdb.DuckDBPyConnection, tokens: Iterable[str], after_batch: int = 0
) -> list[tuple[str, str]]:
    """Return source and file of every row, accepted or quarantined, with one of these tokens.

    Args:
        connection: The raw database.
        tokens: The tokens.
        after_batch: Only rows of later batches are searched.
    """
    _register(connection, "wanted_tokens", tokens)
    found = [
        f"""
        select distinct _source, _file_id from raw.{quote(feed)}
        where _batch_id > $after and ({" or ".join(f"{name} in (select value from wanted_tokens)" for name in columns)})
        """  # noqa: S608
        for feed, columns in _places_of_tokens().items()
        if columns
    ]
    in_quarantine = f"""
        select distinct source, file_id from raw.quarantine
        where batch_id > $after and list_has_any(
            regexp_extract_all(row_json, '{TOKEN}'), (select coalesce(list(value), []) from wanted_tokens))
    """  # noqa: S608
    rows = connection.execute(" union ".join([*found, in_quarantine]), {"after": after_batch}).fetchall()
    return sorted((source, file_id) for source, file_id in rows)


def _register(connection: duckdb.DuckDBPyConnection, name: str, values: Iterable[str]) -> None:
    connection.register("incoming", pl.DataFrame({"value": sorted(values)}, schema={"value": pl.String()}).to_arrow())
    connection.execute(f"create or replace temp table {name} as select value from incoming")  # noqa: S608
    connection.unregister("incoming")


def _create_person_tables(connection: duckdb.DuckDBPyConnection, vault: Vault, customer: str, by: By) -> None:
    """Create the temporary tables person_ids, person_emails and person_orders."""
    start: list[str] = []
    if by == "email":
        start = [_token_of(vault, "email", customer.strip())]
    elif by == "token":
        start = [customer]
    _register(connection, "asked_emails", start)
    ids = " union ".join(f"select {CUSTOMER} as id from raw.{quote(feed)}" for feed in FEEDS)  # noqa: S608
    connection.execute(f"create or replace temp table known_ids as {ids}")
    _register(connection, "asked_ids", _stored_ids(connection, vault, customer) if by == "customer_id" else [])
    connection.execute(
        f"""
        create or replace temp table person_ids as
        select id from known_ids where id in (select value from asked_ids)
        union
        select id from known_ids
        where right(id, {TOKEN_CHARACTERS}) in (select value from asked_emails)
        union
        select customer_id from raw.customers where email_token in (select value from asked_emails)
        union
        select customer_id from raw.orders
        where email_token in (select value from asked_emails) and customer_id is not null
        """  # noqa: S608
    )
    connection.execute(
        """
        create or replace temp table person_emails as
        select value as email from asked_emails
        union
        select email_token from raw.customers
        where customer_id in (select id from person_ids) and email_token is not null
        union
        select email_token from raw.orders
        where customer_id in (select id from person_ids) and email_token is not null
        """
    )
    connection.execute(
        """
        create or replace temp table person_orders as
        select distinct order_id as id from raw.orders
        where customer_id in (select id from person_ids)
            or (customer_id is null and email_token in (select email from person_emails))
        """
    )


def _stored_ids(connection: duckdb.DuckDBPyConnection, vault: Vault, customer: str) -> set[str]:
    """Return the ids under which rows may name a customer: as given, and with the token of a personal id in it.

    The prefix of a source stays before the token. Without a prefix, the id is looked for in every source.
    """
    rows = connection.execute(
        "select distinct left(id, -$characters) from known_ids where regexp_matches(id, $ending)",
        {"characters": TOKEN_CHARACTERS, "ending": f"{TOKEN}$"},
    ).fetchall()
    prefixes = {prefix for (prefix,) in rows}
    found = {customer.strip()}
    for prefix in prefixes:
        written = customer.strip().removeprefix(prefix)
        kind = kind_of_id(written)
        if kind:
            found.add(prefix + _token_of(vault, kind, written))
    return found


def _token_of(vault: Vault, kind: str, value: str) -> str:
    ((token,),) = vault.tokens_of(kind, pl.DataFrame({"value": [value]})).select("token").rows()
    return str(token)


def _tokens_on_rows(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the tokens on all rows of the person, and in their customer numbers."""
    rows = connection.execute("select right(id, ?) from person_ids", [TOKEN_CHARACTERS]).fetchall()
    tokens = {token for (token,) in rows}
    for feed, columns in token_columns().items():
        fields = CONTRACTS[feed].fields()
        owned = []
        if "customer_id" in fields:
            owned.append("customer_id in (select id from person_ids)")
        if "order_id" in fields:
            owned.append("order_id in (select id from person_orders)")
        for name in columns if owned else []:
            rows = connection.execute(
                f"select distinct {name} from raw.{quote(feed)} where {name} is not null and ({' or '.join(owned)})"  # noqa: S608
            ).fetchall()
            tokens |= {token for (token,) in rows}
    return tokens


def _requested_token(connection: duckdb.DuckDBPyConnection, vault: Vault, token: str) -> set[str]:
    """Return the token that was asked for, if it is in the vault or on any row."""
    in_vault = _in_vault(vault, {token})
    return {token} if in_vault or units_with(connection, [token]) else set()


def _in_quarantine(connection: duckdb.DuckDBPyConnection, tokens: set[str]) -> set[str]:
    """Return tokens in quarantined rows of the person, and in repairs of these rows.

    A row is the person's by customer number, order or e-mail address.
    """
    _register(connection, "wanted_tokens", tokens)
    connection.execute(
        f"""
        create or replace temp table person_quarantine as
        with rows as (
            select quarantine_id, regexp_extract_all(row_json, '{TOKEN}') as tokens,
                row_json ->> '$.customer_id' as customer_id, row_json ->> '$.order_id' as order_id,
                row_json ->> '$.email_token' as email_token
            from raw.quarantine
        )
        select quarantine_id, tokens from rows
        where customer_id in (select id from person_ids) or order_id in (select id from person_orders)
            or email_token in (select email from person_emails)
        """  # noqa: S608
    )
    found = ["select unnest(tokens) as token from person_quarantine"]
    if has_repairs(connection):
        patches = f"regexp_extract_all(concat_ws(' ', fields, fields_before), '{TOKEN}')"
        found.append(
            f"select unnest({patches}) from raw.repairs "  # noqa: S608
            "where quarantine_id in (select quarantine_id from person_quarantine)"
        )
    return {token for (token,) in connection.execute(" union ".join(found)).fetchall()}


def own_values(vault: Vault, tokens: Iterable[str]) -> list[str]:
    """Return the values by which a text is known to be about a person, in lower case."""
    rows = vault.connection.execute(f"select value from ({OWN})", {"tokens": sorted(tokens), "long": LONG_ENOUGH})  # noqa: S608
    return [value for (value,) in rows.fetchall()]


def _tokens_of_texts(vault: Vault, tokens: set[str]) -> set[str]:
    """Return tokens of texts and unreadable lines that contain an address, a number or a full name of the person."""
    rows = vault.connection.execute(
        f"""
        with own as ({OWN})
        select distinct token from personal
        where kind in ('text', 'unreadable')
            and exists (select 1 from own where contains(lower(personal.value), own.value))
        """,  # noqa: S608
        {"tokens": sorted(tokens), "long": LONG_ENOUGH},
    ).fetchall()
    return {token for (token,) in rows}


def _in_vault(vault: Vault, tokens: set[str]) -> set[str]:
    """Return the tokens that have or had a value in the vault.

    A quarantined row may contain a digest that only looks like a token.
    """
    rows = vault.connection.execute(
        """
        select token from personal where list_contains($tokens, token)
        union select token from suppressed where list_contains($tokens, token)
        """,
        {"tokens": sorted(tokens)},
    ).fetchall()
    return {token for (token,) in rows}


def _shared(connection: duckdb.DuckDBPyConnection, tokens: set[str]) -> int:
    """Return the number of tokens that other people share, since equal values have one token."""
    _register(connection, "wanted_tokens", tokens)
    ((count,),) = connection.execute(
        """
        with others as (
            select unnest([email_token, name_token, phone_token]) as token from raw.customers
            where customer_id not in (select id from person_ids)
            union all
            select unnest([email_token, phone_token, ship_name_token, ship_street_token]) from raw.orders
            where order_id not in (select id from person_orders)
        )
        select count(distinct token) from others where token in (select value from wanted_tokens)
        """
    ).fetchall()
    return int(count)
