"""Examination of a whole home, and the repair of what can be made again. The caller sees findings only."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import duckdb

from orderhouse.doctor.databases import check_built, check_predictions, check_published, check_received, files_to_read
from orderhouse.doctor.file_checks import check_leftovers, check_notes, check_permissions, check_space, check_sqlite
from orderhouse.doctor.findings import Finding
from orderhouse.doctor.ledger_checks import check_identity, check_ledger
from orderhouse.doctor.reading import read_whole
from orderhouse.doctor.repairing import repair
from orderhouse.doctor.vault_checks import check_keys, check_originals
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw, run_lock

__all__ = ["Examination", "examine"]

Say = Callable[[str], None]


class Examination:
    """Findings of an examination, and the sentences about what was repaired before it."""

    def __init__(self, findings: list[Finding], repaired: list[str]) -> None:
        self.findings = [finding for finding in findings if not finding.is_hint]
        self.hints = [finding for finding in findings if finding.is_hint]
        self.repaired = repaired


def examine(settings: Settings, *, repairs: bool = False, say: Say = lambda text: None) -> Examination:
    """Check every file of a home; with `repairs`, first repair what can be made again.

    Received rows, keys, values and originals are never changed.

    Raises:
        LockHeld: A run is busy, or another program has a file open.
        OrderhouseError: There is no such home.
    """
    if not settings.home.is_dir():
        raise OrderhouseError(f"There is no home {settings.home}. Name one with `--home`.")
    if settings.restoring.exists():
        return Examination([_open_restore(settings)], [])
    with run_lock(settings, "doctor"):
        findings = list(_findings(settings, say))
        repaired = repair(settings, findings, say) if repairs else []
        if repaired:
            say("Checking again")
            findings = list(_findings(settings, say))
    return Examination(findings, repaired)


def _findings(settings: Settings, say: Say) -> Iterator[Finding]:
    yield from check_permissions(settings)  # first, because opening the vault corrects some of them
    say("Reading every block of the databases")
    readings = read_whole(files_to_read(settings))
    received = list(check_received(settings, readings))
    yield from received
    faulty = {each.where for each in received if not each.is_hint}
    is_readable = settings.raw_db.exists() and str(settings.raw_db) not in faulty
    with contextlib.ExitStack() as stack:
        raw: duckdb.DuckDBPyConnection | None = None
        if is_readable:
            raw = stack.enter_context(contextlib.closing(open_raw(settings, read_only=True)))
            say("Comparing the ledger with the rows")
            yield from check_identity(settings, raw)
            yield from check_ledger(settings, raw)
        yield from check_keys(settings, raw)
        yield from check_originals(settings, raw, say)
    yield from check_predictions(settings, readings)
    yield from check_built(settings, readings)
    yield from check_published(settings, readings)
    yield from check_leftovers(settings)
    yield from check_sqlite(settings)
    yield from check_notes(settings)
    yield from check_space(settings)


def _open_restore(settings: Settings) -> Finding:
    return Finding(
        str(settings.restoring),
        "A restore into this home has not ended.",
        "Run the same `orderhouse restore` again.",
    )
