"""Repairs in a landing, without the command line: the quarantine, decisions, and their results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from orderhouse.repair.decisions import record_discards, record_patches, record_withdrawal
from orderhouse.repair.records import repair_records
from orderhouse.repair.replay import replay
from orderhouse.repair.reread import Reread, reread
from orderhouse.repair.results import ReplayResult
from orderhouse.repair.state import Selection, quarantined
from orderhouse.settings import Settings
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

WHY = "the shop said so"


@dataclass(frozen=True)
class Mending:
    """Operator of the quarantine of a home."""

    settings: Settings

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Vault]]:
        """Open the raw store and the vault for writing."""
        with open_vault(self.settings) as vault, contextlib.closing(open_raw(self.settings)) as raw:
            yield raw, vault

    def rows(self, *states: str) -> list[dict[str, Any]]:
        """Return the rows in quarantine that have one of these states, by record."""
        with contextlib.closing(open_raw(self.settings, read_only=True)) as raw:
            found = quarantined(raw, Selection(states=states or None))
        return sorted(found, key=lambda row: (row["path"], row["record"]))

    def states(self) -> list[tuple[int, str]]:
        """Return record and state of each row."""
        return [(row["record"], row["state"]) for row in self.rows()]

    def patch(self, record: int, fields: dict[str, str], path: str = "") -> str:
        """Record a repair of fields of a row without replaying it; return its id."""
        (row,) = [
            each
            for each in self.rows()
            if each["record"] == record and each["path"].endswith(path) and each["state"] != "superseded"
        ]
        return self.patch_one(row["quarantine_id"], fields)

    def patch_one(self, quarantine_id: str, fields: dict[str, str]) -> str:
        """Record a repair of a row by its quarantine id."""
        with self.opened() as (raw, vault):
            (repair_id,) = record_patches(raw, vault, self._sources, [quarantine_id], fields, why=WHY, who="ada")
        return repair_id

    def repair(self, record: int, fields: dict[str, str], path: str = "") -> ReplayResult:
        """Record a repair of a row and replay it."""
        self.patch(record, fields, path)
        return self.replay()

    def note_record(self, quarantine_id: str, fields: dict[str, str], text: str | None = None) -> tuple[str, list[str]]:
        """Record a repair of a record as received without rereading it; return the repair's id, and notes."""
        with self.opened() as (raw, vault):
            originals = Originals(self.settings, vault.keys)
            (repair_id,), notes = repair_records(
                raw, vault, originals, self._sources, [quarantine_id], fields, text, why=WHY, who="ada"
            )
        return repair_id, notes

    def repair_record(self, quarantine_id: str, fields: dict[str, str], text: str | None = None) -> Reread:
        """Record a repair of a record and reread it."""
        self.note_record(quarantine_id, fields, text)
        return self.reread()

    def reread(self) -> Reread:
        """Reread the records with open repairs, and replay the rows."""
        with self.opened() as (raw, vault):
            done = reread(raw, vault, Originals(self.settings, vault.keys), self._sources)
            replay(raw, vault, self._sources)
        return done

    def replay(self, ids: Sequence[str] | None = ()) -> ReplayResult:
        """Replay the open repairs."""
        with self.opened() as (raw, vault):
            return replay(raw, vault, self._sources, ids)

    def discard(self, record: int, why: str = WHY) -> None:
        """Decide that a row stays out."""
        ids = [row["quarantine_id"] for row in self.rows() if row["record"] == record]
        with self.opened() as (raw, vault):
            record_discards(raw, ids, why=why, who="ada")
            replay(raw, vault, self._sources)

    def take_back(self, repair_id: str) -> ReplayResult:
        """Take a repair back."""
        with self.opened() as (raw, vault):
            record_withdrawal(raw, repair_id, why=WHY, who="bea")
            reread(raw, vault, Originals(self.settings, vault.keys), self._sources)
            return replay(raw, vault, self._sources)

    @property
    def _sources(self) -> dict[str, Any]:
        return dict(load_sources(self.settings.sources_file).sources)
