"""Rows that an earlier release received with an address as the id of a customer: their ids become tokens, once.

Otherwise a customer would be two, since rows received now have the token. All tables are built anew afterwards, and the
raw database is copied into a new file, because a database file keeps the bytes of changed rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import polars as pl

from orderhouse.faults import checkpoint
from orderhouse.ingest.personal_ids import CUSTOMER, FEEDS, with_tokens_for_ids
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.storage.database_files import compact
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import ROW_GROUP, open_raw
from orderhouse.vault.vault import Vault

__all__ = ["replace_earlier_ids"]

BEGUN, DONE = "customer ids are being replaced", "customer ids that are addresses are tokens"


def replace_earlier_ids(
    settings: Settings, connection: duckdb.DuckDBPyConnection, vault: Vault, sources: Mapping[str, Source]
) -> duckdb.DuckDBPyConnection:
    """Replace personal ids in rows of earlier releases, and return the connection to go on with.

    Args:
        settings: Settings of the home.
        connection: The raw database, open for writing; it is closed if the file is copied.
        vault: Stores the values and returns tokens.
        sources: The declared sources, whose prefixes the ids have.
    """
    noted = _noted(connection)
    if DONE in noted:
        return connection
    if _replace(connection, vault, sources) or BEGUN in noted:
        checkpoint("earlier_ids_replaced")
        connection.close()
        compact(settings.raw_db, row_group=ROW_GROUP)
        connection = open_raw(settings)
    _note(connection, DONE)
    return connection


def _replace(connection: duckdb.DuckDBPyConnection, vault: Vault, sources: Mapping[str, Source]) -> bool:
    """Replace the ids in one transaction; return whether there were any."""
    replaced = {feed: _replacements(connection, vault, sources, feed) for feed in FEEDS}
    if not any(frame.height for frame in replaced.values()):
        vault.discard()
        return False
    vault.flush()
    connection.execute("begin")
    try:
        for feed, frame in replaced.items():
            connection.register("incoming", frame.to_arrow())
            connection.execute(
                f"""
                update received.{quote(feed)} as rows set {CUSTOMER} = incoming.token
                from incoming, received.loads as loads
                where rows.{CUSTOMER} = incoming.{CUSTOMER} and loads.load_id = rows._load_id
                    and loads.source = incoming.source
                """  # noqa: S608 - names of a contract
            )
            connection.unregister("incoming")
        begin_epoch(connection, vault.keys.fingerprint, "customer ids that are addresses became tokens")
        _note(connection, BEGUN)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return True


def _replacements(
    connection: duckdb.DuckDBPyConnection, vault: Vault, sources: Mapping[str, Source], feed: str
) -> pl.DataFrame:
    """Return source, id and the id with a token, of every personal id in the rows of a feed."""
    ids: pl.DataFrame = connection.sql(
        f"select distinct _source as source, {CUSTOMER} from raw.{quote(feed)} where {CUSTOMER} is not null"  # noqa: S608
    ).pl()
    found = [pl.DataFrame(schema={"source": pl.String(), CUSTOMER: pl.String(), "token": pl.String()})]
    for (name,), group in ids.group_by("source", maintain_order=True):
        source = sources.get(str(name))
        if source is not None and source.personal_values == "allow":
            continue
        prefix = source.id_prefixes(feed).get(CUSTOMER, "") if source else ""
        tokens, _ = with_tokens_for_ids(group, vault, prefix)
        found.append(group.with_columns(token=tokens[CUSTOMER]).filter(pl.col("token") != pl.col(CUSTOMER)))
    return pl.concat(found)


def _noted(connection: duckdb.DuckDBPyConnection) -> set[str]:
    connection.execute("create schema if not exists meta")
    connection.execute("create table if not exists meta.rewritten (what varchar, since timestamp)")
    return {what for (what,) in connection.execute("select what from meta.rewritten").fetchall()}


def _note(connection: duckdb.DuckDBPyConnection, what: str) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.execute("insert into meta.rewritten values (?, ?)", [what, now])
