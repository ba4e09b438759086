"""Personal texts in the landed files of actions, which are files of the home.

Once the rows of a file are stored, a receipt without these texts takes its place. Texts of an erased person in a file
that still waits for a run become the marks of their tokens.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.erasure.person import own_values
from orderhouse.files.landed_actions import LANDED, LOADED, LOCK
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import OPERATORS
from orderhouse.storage.file_locks import locked
from orderhouse.vault.vault import ERASED, Vault

__all__ = ["conceal_loaded", "mark_waiting", "reopen_unknown", "waiting_tokens"]

Record = dict[str, Any]
FILE_ID = "loaded_as"
DRAFT = ".part"


def conceal_loaded(settings: Settings, connection: duckdb.DuckDBPyConnection) -> int:
    """Replace every file whose rows are stored by its receipt, and return how many were replaced.

    The receipt is there before the file goes, so that a reader finds one of them. The caller holds the run lock.
    """
    loaded = _files_of(connection, "and status = 'loaded'")
    count = 0
    with _held(settings) as folder:
        for remains in _files(folder, DRAFT, hidden=True):  # of a process that was killed
            remains.unlink(missing_ok=True)
        for path in _files(folder, LANDED):
            content = path.read_bytes()
            file_id = hashlib.sha256(content).hexdigest()
            if file_id in loaded:
                records = [_without_texts(record) for record in _records(content)]
                _write(path.with_suffix(LOADED), [{FILE_ID: file_id}, *records])
                path.unlink()
                count += 1
    return count


def reopen_unknown(settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
    """Let receipts of files that the ledger does not know land again: the raw tables are of an earlier state.

    Their texts are not in them any more. The caller holds the run lock.
    """
    known = _files_of(connection)
    with _held(settings) as folder:
        for path in _files(folder, LOADED):
            first, *records = _records(path.read_bytes()) or [{}]
            target = path.with_suffix(LANDED)
            if first.get(FILE_ID) not in known and not target.exists():
                _write(target, records if FILE_ID in first else [first, *records])
                path.unlink()


def waiting_tokens(
    settings: Settings, connection: duckdb.DuckDBPyConnection, vault: Vault, tokens: frozenset[str]
) -> set[str]:
    """Return the tokens of the texts about a person in files that wait for a run.

    A text is the person's by order, or if it contains their address, number or full name.

    Args:
        settings: Settings of the home.
        connection: The raw database, in which `find_person` has found the person's orders.
        vault: The vault.
        tokens: Tokens of the person.
    """
    orders = {order for (order,) in connection.execute("select id from person_orders").fetchall()}
    own = own_values(vault, tokens)
    found: set[str] = set()
    with _held(settings) as folder:
        for path in _files(folder, LANDED):
            for record in _records(path.read_bytes()):
                for kind, text in _texts(record):
                    if record.get("order_id") in orders or any(value in text.lower() for value in own):
                        found.add(_token_of(vault, kind, text))
    return found


def mark_waiting(settings: Settings, vault: Vault, erased: set[str]) -> int:
    """Replace texts whose tokens are erased by marks, in files that wait for a run; return the number of files."""

    def marked(record: Record) -> Record:
        tokens = {name: _token_of(vault, kind, _text(record[name])) for name, kind in _personal(record).items()}
        return {**record, **{name: ERASED + token for name, token in tokens.items() if token in erased}}

    return _rewrite(settings, marked)


def _rewrite(settings: Settings, changed: Callable[[Record], Record]) -> int:
    count = 0
    with _held(settings) as folder:
        for path in _files(folder, LANDED):
            before = _records(path.read_bytes())
            after = [changed(record) for record in before]
            if after != before:
                _write(path, after)
                count += 1
    return count


def _files_of(connection: duckdb.DuckDBPyConnection, condition: str = "") -> set[str]:
    rows = connection.execute(f"select distinct file_id from raw.files where source = ? {condition}", [OPERATORS])  # noqa: S608
    return {file_id for (file_id,) in rows.fetchall()}


@contextlib.contextmanager
def _held(settings: Settings) -> Iterator[Path | None]:
    """Hold the lock of the folder, so that nobody judges or lands meanwhile; None if nobody has acted."""
    if not settings.actions.is_dir():
        yield None
        return
    with locked(settings.actions / LOCK):
        yield settings.actions


def _files(folder: Path | None, suffix: str, *, hidden: bool = False) -> list[Path]:
    if folder is None:
        return []
    return sorted(path for path in folder.glob(f"*{suffix}") if path.name.startswith(".") == hidden)


def _records(content: bytes) -> list[Record]:
    """Return the records in a file. A line that is none has no place in a receipt."""
    found: list[Record] = []
    for line in content.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            record = json.loads(line)
            if isinstance(record, dict):
                found.append(record)
    return found


def _personal(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the kinds of the personal texts that a record has, by name."""
    return {name: kind for name, kind in CONTRACTS["actions"].personal().items() if record.get(name) is not None}


def _without_texts(record: Record) -> Record:
    return {name: value for name, value in record.items() if name not in CONTRACTS["actions"].personal()}


def _texts(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, kind in _personal(record).items():
        yield kind, _text(record[name])


def _text(value: Any) -> str:
    """Return a value as the ingest reads it."""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _token_of(vault: Vault, kind: str, text: str) -> str:
    ((token,),) = vault.tokens_of(kind, pl.DataFrame({"value": [text]})).select("token").rows()
    return str(token)


def _write(path: Path, records: list[Record]) -> None:
    """Write a file for its owner alone, whole or not at all, also after a power cut."""
    draft = path.with_name(f".{path.name}{DRAFT}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
