"""Repairs of records as received are tried on the record and recorded, in the source's own names.

For formats that make rows of several feeds, or values of other rows, out of one record: what a repair of one row cannot
put right. They are decisions like those of `repairing`; `rereading` carries them out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from orderhouse.contracts.sentences import HARMLESS
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.files.patches import Received, RecordPatch, RecordPatches, patches_for_record
from orderhouse.files.source_files import FileRejected, FileVanished
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import Known, Ledger
from orderhouse.ingest.loaded_files import LoadedFiles
from orderhouse.ingest.repairs_in_force import WHOLE, RecordRepairs
from orderhouse.ingest.screening import UNREADABLE
from orderhouse.repair.decisions import demand_reason, write_decisions
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import ERASED, Vault

__all__ = ["RecordsAtHand", "repair_records"]


@dataclass(frozen=True)
class _Place:
    """Where a record stands, and the quarantined row by which it was named."""

    quarantine_id: str
    source: str
    file_id: str
    feed: str | None
    path: str
    record: int


class RecordsAtHand:
    """Records as received, to be looked at and tried, in files that can still be read.

    Attributes:
        repairs: What was decided about records so far.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        vault: Vault,
        originals: Originals,
        sources: Mapping[str, Source],
    ) -> None:
        self.repairs = RecordRepairs(connection, vault)
        self._again = LoadedFiles(originals)
        self._sources = sources
        self._ledger = Ledger(connection, self.repairs)

    def tried(self, source_name: str, file_id: str, record: int, patch: RecordPatch | None = None) -> RecordPatches:
        """Read a file as far as one of its records: what that was, and what is wrong with a patch of it.

        Raises:
            OrderhouseError: The source is no longer declared, the file can no longer be read, or has no such record.
        """
        source = self._sources.get(source_name)
        if source is None:
            raise OrderhouseError(
                f"The sources file declares no source {source_name!r} any more, so its records cannot be read."
            )
        unit = self._again.unit(source, self._ledger.loaded_with(source_name, file_id))
        if isinstance(unit, Known):
            raise OrderhouseError(
                f"{unit.path} can no longer be read: no original of it is kept, and it does not lie where it lay, or "
                "is another file now. Put it back, or repair the row alone, without --received."
            )
        patches = patches_for_record(record, patch)
        _read_to(unit, file_id, record, patches)
        if record not in patches.received:
            path = self._ledger.loaded_with(source_name, file_id)[0].path
            raise OrderhouseError(f"{path}:{record} is no record that can be repaired by itself. Send the file again.")
        return patches


def repair_records(
    connection: duckdb.DuckDBPyConnection,
    vault: Vault,
    originals: Originals,
    sources: Mapping[str, Source],
    quarantine_ids: Sequence[str],
    fields: Mapping[str, str],
    text: str | None = None,
    *,
    why: str,
    who: str,
) -> tuple[list[str], list[str]]:
    """Record what fields of records as received should have been. The vault has the values before the patch is there.

    Args:
        connection: The raw database, open for writing.
        vault: Takes values that may be personal.
        originals: Where files as received are kept.
        sources: The declared sources.
        quarantine_ids: Whole ids of rows, each standing for the record that it came from.
        fields: By the source's own names (of JSON: dotted paths), as the source would write them; empty text for none.
        text: The whole record instead, as the source would have sent it.
        why: The reason.
        who: Whose decision it is.

    Returns:
        The repairs' ids, and sentences about fields that the records did not have before.

    Raises:
        OrderhouseError: A record cannot be read any more, or the patch does not fit one; then nothing is recorded.
    """
    demand_reason(why)
    if not fields and text is None:
        raise OrderhouseError("A repair says what should be there: --set field=value, or --text RECORD.")
    _demand_text([*fields, *fields.values(), text or ""])
    at_hand = RecordsAtHand(connection, vault, originals, sources)
    notes: list[str] = []
    lines: list[dict[str, object]] = []
    for place in _places(connection, quarantine_ids):
        written, meant = _merged(at_hand.repairs, place, fields, text)
        tried = at_hand.tried(place.source, place.file_id, place.record, meant)
        if place.record in tried.problems:
            raise OrderhouseError(f"{place.path}:{place.record}: {tried.problems[place.record]}.")
        received = tried.received[place.record]
        notes += _gained(place, received, fields)
        after = written | _hidden(vault, fields if text is None else {WHOLE: text, **fields})
        before = _hidden(vault, _before(received, after))
        lines.append(
            {
                **vars(place),
                "row_hash": None,
                "fields": json.dumps(after, ensure_ascii=False),
                "fields_before": json.dumps(before, ensure_ascii=False),
            }
        )
    vault.flush()
    checkpoint("repair_after_vault")
    schema_overrides = {"row_hash": pl.String(), "feed": pl.String()}
    decisions = pl.DataFrame(lines, schema_overrides=schema_overrides, infer_schema_length=None)
    ids = write_decisions(connection, decisions, "record_patch", why, who)
    checkpoint("record_repair_noted")
    return ids, notes


def _places(connection: duckdb.DuckDBPyConnection, quarantine_ids: Sequence[str]) -> list[_Place]:
    """The records that rows came from, each once."""
    rows = connection.execute(
        """
        select quarantine_id, source, file_id, feed, path, record from raw.quarantine
        where list_contains($ids, quarantine_id)
        qualify row_number() over (partition by source, file_id, record order by batch_id desc, quarantine_id) = 1
        order by path, record
        """,
        {"ids": list(quarantine_ids)},
    ).fetchall()
    return [_Place(*row) for row in rows]


def _read_to(unit: Unit, file_id: str, record: int, patches: RecordPatches) -> None:
    files = [replace(file, patches=patches) if file.file_id == file_id else file for file in unit.files]
    try:
        for _ in FORMATS[unit.source.format].read(unit.source, files):
            if record in patches.received:
                return
    except FileVanished as error:
        raise OrderhouseError(f"{error} is not there any more.") from None
    except FileRejected as error:
        raise OrderhouseError(f"{unit.files[0].path} can no longer be read: {error.reason}") from None


def _merged(
    repairs: RecordRepairs, place: _Place, fields: Mapping[str, str], text: str | None
) -> tuple[dict[str, str], RecordPatch]:
    """What an earlier patch in force said and is not said anew, as it is written; and all of it as it is meant."""
    earlier = repairs.in_force(place.source, place.file_id, place.record) if text is None else None
    if earlier is None:
        return {}, RecordPatch("", dict(fields), text)
    written, meant = earlier
    kept = {name: value for name, value in written.items() if name not in fields}
    return kept, RecordPatch("", {**meant.fields, **fields}, meant.text)


def _before(received: Received, after: Mapping[str, str]) -> dict[str, str]:
    """The fields of a patch as received; those that were not there are missing."""
    if not received.is_readable or (WHOLE in after and received.text):
        return {WHOLE: received.text}
    if WHOLE in after:
        return {name: value or "" for name, value in received.fields.items()}
    return {name: received.fields[name] or "" for name in after if name in received.fields}


def _gained(place: _Place, received: Received, fields: Mapping[str, str]) -> list[str]:
    """Fields that JSON did not have, which may be slips of the pen."""
    if not received.can_gain_fields or not received.is_readable:
        return []
    known = {*received.fields}
    new = [name for name in fields if not any(each == name or each.startswith(f"{name}.") for each in known)]
    return [f"{place.path}:{place.record} had no {name}; it has it now." for name in new]


def _hidden(vault: Vault, values: Mapping[str, str]) -> dict[str, str]:
    """Values as a patch holds them: what may be personal as a mark with its token, as in redacted originals."""
    odd = {name: value for name, value in values.items() if value and not re.search(HARMLESS, value)}
    frame = pl.DataFrame({"value": list(odd.values())}, schema={"value": pl.String()})
    tokens = vault.tokenise(frame, {"value": UNREADABLE})["value_token"].to_list()
    return {**values, **{name: f"{ERASED}{token}" for name, token in zip(odd, tokens, strict=True)}}


def _demand_text(values: Sequence[str]) -> None:
    for value in values:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise OrderhouseError("What was given is not UTF-8 text.") from None
