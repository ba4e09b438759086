"""Stores that decisions about quarantined rows need, opened together, and the applying of pending decisions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orderhouse.repair.replay import replay
from orderhouse.repair.reread import reread
from orderhouse.repair.results import replay_sentences
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.home_identity import check_key
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

__all__ = ["Applied", "Opened", "apply_decisions", "opened"]


@dataclass(frozen=True)
class Opened:
    """Raw database, vault, retained originals and declared sources, opened under the run lock."""

    connection: duckdb.DuckDBPyConnection
    vault: Vault
    originals: Originals
    sources: Mapping[str, Source]


@dataclass(frozen=True)
class Applied:
    """Outcome of applying decisions.

    Attributes:
        sentences: What happened to the rows.
        notes: Sentences about what could not be applied.
        has_written: True if a batch was written, which the next run takes in.
    """

    sentences: list[str]
    notes: list[str]
    has_written: bool


@contextlib.contextmanager
def opened(settings: Settings, purpose: str) -> Iterator[Opened]:
    """Open what decisions need, under the run lock.

    Raises:
        LockHeld: A run or another decision is busy.
        OrderhouseError: The sources file or a store cannot be read.
    """
    declared = sources_of(settings)
    with run_lock(settings, purpose), open_vault(settings) as vault, contextlib.closing(open_raw(settings)) as raw:
        check_key(raw, vault.keys.fingerprint)
        yield Opened(raw, vault, Originals(settings, vault.keys), declared.sources)


def apply_decisions(stores: Opened, quarantine_ids: Sequence[str] | None = ()) -> Applied:
    """Apply pending decisions, and screen rows again; see `replay` for the ids."""
    rereads = reread(stores.connection, stores.vault, stores.originals, stores.sources)
    result = replay(stores.connection, stores.vault, stores.sources, quarantine_ids)
    return Applied(
        [*rereads.sentences, *replay_sentences(result)],
        [*rereads.notes, *result.notes],
        rereads.batch_id is not None or result.batch_id is not None,
    )
