"""Values of a person in repairs of records as received: new values, and the values they replaced.

Such a repair uses the source's own field names, which do not tell what is personal. A value counts as the person's if
the record gave rows of the person, and one of the person's values contains it.
"""

from __future__ import annotations

import duckdb

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.repairs_in_force import has_repairs
from orderhouse.storage.sql_names import quote
from orderhouse.vault.vault import Vault

__all__ = ["tokens_in_record_patches"]

TOKEN = "[0-9a-f]{32}"  # noqa: S105 - a pattern
# Shorter values are contained in too many others.
SHORTEST = 2


def tokens_in_record_patches(connection: duckdb.DuckDBPyConnection, vault: Vault, tokens: set[str]) -> set[str]:
    """Return the tokens of a person in repairs of records.

    Args:
        connection: The raw database, with the temporary tables `person_ids` and `person_orders`.
        vault: The vault.
        tokens: Tokens on the rows of the person.
    """
    if not has_repairs(connection):
        return set()
    found = connection.execute(
        f"""
        with patches as (
            select *, regexp_extract_all(concat_ws(' ', fields, fields_before), '{TOKEN}') as tokens
            from raw.repairs where row_hash is null
        )
        select distinct source, file_id, record, unnest(tokens) from patches
        """  # noqa: S608
    ).fetchall()
    if not found:
        return set()
    theirs = _records(connection)
    given = {token for *record, token in found if tuple(record) in theirs}
    rows = vault.connection.execute(
        """
        select token from personal where list_contains($given, token) and length(value) >= $shortest and exists (
            select 1 from personal as own
            where list_contains($own, own.token) and contains(lower(own.value), lower(trim(personal.value)))
        )
        """,
        {"given": sorted(given), "own": sorted(tokens), "shortest": SHORTEST},
    ).fetchall()
    return {token for (token,) in rows}


def _records(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, int]]:
    """Return source, file and record of every row of the person, in files with repaired records."""
    owned = {"customer_id": "person_ids", "order_id": "person_orders"}
    queries = [
        f"""
        select distinct _source, _file_id, _record from raw.{quote(feed)}
        where {name} in (select id from {people})
            and (_source, _file_id) in (select (source, file_id) from raw.repairs where row_hash is null)
        """  # noqa: S608
        for feed, contract in CONTRACTS.items()
        for name, people in owned.items()
        if name in contract.fields()
    ]
    return set(connection.execute(" union ".join(queries)).fetchall())
