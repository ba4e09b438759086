"""The vault: personal values behind keyed tokens, in a file of its own that only its owner may read.

Equal values of one kind have one token (HMAC-SHA-256 under the vault's key, 128 bits of it in hexadecimal). So tables
can be joined without personal data. Nothing in the vault is ever published. Retained originals belong in `originals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import duckdb
import polars as pl
import pyarrow as pa

from orderhouse.errors import OrderhouseError
from orderhouse.faults import with_checkpoints
from orderhouse.settings import Settings
from orderhouse.storage.database_files import make_database
from orderhouse.storage.layouts import bring_forward
from orderhouse.storage.machine_errors import is_locked, machine_problem
from orderhouse.vault.erased_list import read_erased
from orderhouse.vault.keys import VaultKeys, load_keys, new_keys, write_keys
from orderhouse.vault.token_cache import TokenCache

__all__ = ["ERASED", "TOKEN_CHARACTERS", "TOKEN_MARK", "Vault", "adopt_keys", "in_memory_vault", "open_vault"]

TOKEN_CHARACTERS = 32
# DuckDB gives each thread one batch at a time, and hashing is slow enough to use all threads.
BATCH_ROWS = 8192
# Prefix of the token that replaces a value in a redacted original, so that rereading gives the same token.
ERASED = "token:"
TOKEN_MARK = rf"{ERASED}[0-9a-f]{{{TOKEN_CHARACTERS}}}"

SCHEMA = """
create table if not exists personal (token varchar, kind varchar, value varchar, stored_at timestamp);
create table if not exists suppressed (token varchar, since timestamp);
create table if not exists keyed (fingerprint varchar, since timestamp);
create temp table pending (token varchar, kind varchar, value varchar);
"""

# E-mail addresses that differ only in case are the same address.
# The kind is part of the message: equal texts of two kinds, such as a name and a street, have different tokens.
MESSAGE = "encode(kind || ':' || case when kind = 'email' then lower(value) else value end)"
# HMAC written out, because DuckDB has SHA-256 and no HMAC.
TOKEN = f"sha256($outer || unhex(sha256($inner || {MESSAGE})))[:{TOKEN_CHARACTERS}]"


class Vault:
    """An open vault. New values are pending until `flush`, which may be repeated."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, keys: VaultKeys) -> None:
        self.connection = connection
        self.keys = keys
        self._caches: dict[str, TokenCache] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def tokenise(self, frame: pl.DataFrame, personal: Mapping[str, str]) -> pl.DataFrame:
        """Replace personal columns by their tokens and add the values to the pending ones.

        Args:
            frame: Any frame.
            personal: Kind of value by column. A column ``email`` becomes ``email_token`` at the same position.

        Returns:
            The frame with tokens; null stays null.
        """
        columns = {name: kind for name, kind in personal.items() if name in frame.columns}
        tokens = [self._token_column(kind, frame[name]) for name, kind in columns.items() if not _is_empty(frame[name])]
        return frame.with_columns(tokens).rename({name: f"{name}_token" for name in columns})

    def _token_column(self, kind: str, values: pl.Series) -> pl.Series:
        """Return the tokens of values from the cache; compute the others, cache them and make them pending."""
        cache = self._caches.setdefault(kind, TokenCache())
        tokens = cache.look_up(values)
        is_fresh = tokens.is_null() & values.is_not_null()
        if not is_fresh.any():
            return tokens
        fresh = values.filter(is_fresh).alias("value").to_frame()
        computed = self.tokens_of(kind, fresh.unique())
        self.connection.register("incoming", computed.to_arrow())
        self.connection.execute("insert into pending select token, $kind, value from incoming", {"kind": kind})
        self.connection.unregister("incoming")
        cache.remember(computed)
        return tokens.scatter(is_fresh.arg_true(), fresh.join(computed, on="value", maintain_order="left")["token"])

    def tokens_of(self, kind: str, values: pl.DataFrame) -> pl.DataFrame:
        """Return ``value`` and ``token`` for a frame's column ``value``, without storing anything."""
        self.connection.register("incoming", _in_batches(values))
        keys = {"kind": kind, "inner": self.keys.inner, "outer": self.keys.outer}
        tokens: pl.DataFrame = self.connection.sql(
            f"select value, {TOKEN} as token from (select $kind as kind, value from incoming)",  # noqa: S608
            params=keys,
        ).pl()
        self.connection.unregister("incoming")
        erased = pl.col("value").str.starts_with(ERASED)
        if not tokens.select(erased.any()).item():
            return tokens
        # A format may compose a value from several fields, each of which then contains the same mark.
        marks = pl.col("value").str.extract_all(TOKEN_MARK).list.unique()
        only = (marks.list.len() == 1) & pl.col("value").str.replace_all(TOKEN_MARK, "").str.contains(r"^\W*$")
        kept = marks.list.first().str.strip_prefix(ERASED)
        is_kept = erased & only & kept.is_in(list(self.suppressed()))
        return tokens.with_columns(pl.when(is_kept).then(kept).otherwise("token").alias("token"))

    def suppressed(self) -> set[str]:
        """Return the tokens of erased people."""
        return {token for (token,) in self.connection.execute("select distinct token from suppressed").fetchall()}

    def flush(self) -> None:
        """Store the pending values, except those of erased people."""
        now = datetime.now(UTC).replace(tzinfo=None)
        self.connection.execute("begin")
        self.connection.execute(
            """
            insert into personal
            select pending.token, min(pending.kind), min(pending.value), $now
            from pending
            where not exists (select 1 from personal where personal.token = pending.token)
                and not exists (select 1 from suppressed where suppressed.token = pending.token)
            group by pending.token
            """,
            {"now": now},
        )
        self.connection.execute("delete from pending")
        self.connection.execute("commit")

    def discard(self) -> None:
        """Drop the pending values."""
        self.connection.execute("delete from pending")
        # Cached tokens count as stored, so the cache must go together with the pending values.
        self._caches = {}

    def computes_its_tokens(self) -> bool:
        """Return whether a stored value has its stored token under the present keys; True if no value is stored.

        The fingerprint is stored beside the keys and does not tell that one of them changed.
        """
        ((adopted,),) = self.connection.execute("select max(since) from keyed").fetchall()
        rows = self.connection.execute(
            "select kind, value, token from personal where $adopted is null or stored_at >= $adopted limit 1",
            {"adopted": adopted},
        ).fetchall()
        return all(
            self.tokens_of(kind, pl.DataFrame({"value": [value]}))["token"].to_list() == [token]
            for kind, value, token in rows
        )

    def note_keys(self) -> None:
        """Record the fingerprint of the keys as the one in force."""
        now = datetime.now(UTC).replace(tzinfo=None)
        self.connection.execute("insert into keyed values (?, ?)", [self.keys.fingerprint, now])

    def reveal(self, tokens: Iterable[str]) -> dict[str, str]:
        """Return the values behind tokens; erased and unknown tokens are left out."""
        rows = self.connection.execute(
            "select token, value from personal where list_contains($tokens, token)", {"tokens": list(tokens)}
        ).fetchall()
        return dict(rows)

    def erase(self, tokens: Iterable[str]) -> int:
        """Delete the values behind tokens, suppress the tokens for good, and return how many values were deleted."""
        wanted = list(tokens)
        now = datetime.now(UTC).replace(tzinfo=None)
        self.connection.execute("begin")
        (count,) = self.connection.execute(
            "select count(*) from personal where list_contains($tokens, token)", {"tokens": wanted}
        ).fetchone() or (0,)
        self.connection.execute("delete from personal where list_contains($tokens, token)", {"tokens": wanted})
        self.connection.execute(
            """
            insert into suppressed
            select token, $now from (select distinct unnest($tokens) as token) as erased
            where not exists (select 1 from suppressed where suppressed.token = erased.token)
            """,
            {"tokens": wanted, "now": now},
        )
        self.connection.execute("commit")
        return int(count)


def _in_batches(values: pl.DataFrame) -> pa.Table:
    table = values.to_arrow()
    return pa.Table.from_batches(table.to_batches(max_chunksize=BATCH_ROWS), schema=table.schema)


def _is_empty(values: pl.Series) -> bool:
    return values.null_count() == values.len()


def open_vault(settings: Settings) -> Vault:
    """Open the vault, and create it on first use.

    Raises:
        OrderhouseError: Another process has it open, or the keys are missing or those of another vault.
    """
    vault = _open(settings, load_keys(settings))
    try:
        _check_keys(settings, vault)
        listed = read_erased(settings.erased_tokens)
        if listed - vault.suppressed():
            vault.erase(listed)
    except OrderhouseError:
        vault.connection.close()
        raise
    return vault


def adopt_keys(settings: Settings) -> VaultKeys:
    """Take the keys that are there, or new ones, as those in force, and return them. The caller holds the run lock.

    Values under former tokens stay readable. The same person gets another token from now on.
    """
    if not settings.vault_keys.exists():
        settings.vault.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_keys(settings, new_keys())
    with _open(settings, load_keys(settings)) as vault:
        vault.note_keys()
        return vault.keys


def _open(settings: Settings, keys: VaultKeys) -> Vault:
    try:
        make_database(settings.vault_db)
        connection = duckdb.connect(str(settings.vault_db))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        unavailable = OrderhouseError(
            f"The vault {settings.vault_db} cannot be opened: {reason}", exit_code=3 if is_locked(error) else 2
        )
        raise machine_problem(error) or unavailable from None
    # DuckDB creates files with the permissions of the process; personal data is for the owner alone.
    settings.vault_db.chmod(0o600)
    connection = with_checkpoints(connection)
    try:
        bring_forward(connection, "vault", settings.vault_db)
    except OrderhouseError:
        connection.close()
        raise
    connection.execute(SCHEMA)
    return Vault(connection, keys)


def _check_keys(settings: Settings, vault: Vault) -> None:
    """Compare the keys with those under which the vault's values were stored; note them in a new vault."""
    rows = vault.connection.execute("select fingerprint from keyed order by since desc limit 1").fetchall()
    if not rows:
        vault.note_keys()
    elif rows[0][0] != vault.keys.fingerprint:
        raise OrderhouseError(
            f"{settings.vault_keys} has the fingerprint {vault.keys.fingerprint}, but the values of "
            f"{settings.vault_db} were stored under {rows[0][0]}. Restore both files from the same backup; "
            "if that key is lost for good, run `orderhouse vault adopt`."
        )
    if not vault.computes_its_tokens():
        raise OrderhouseError(
            f"{settings.vault_keys} is damaged: the stored values have other tokens under it. Restore it from a backup."
        )


def in_memory_vault() -> Vault:
    """Return a vault in memory with keys of its own, for trials that store nothing."""
    connection = duckdb.connect(":memory:")
    connection.execute(SCHEMA)
    return Vault(connection, new_keys())
