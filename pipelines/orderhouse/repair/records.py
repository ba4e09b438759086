"""Repairs of records as received: try a patch on the record, and record it in the source's own field names.

They serve formats that make rows of several feeds, or values of other rows, from one record, where a repair of one row
is not enough. Repairs of rows belong to `decisions`; `reread` applies repairs of records.
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
from orderhouse.ingest.ledger import KnownFile, Ledger
from orderhouse.ingest.loaded_files import LoadedFiles
from orderhouse.ingest.repairs_in_force import WHOLE, RecordRepairs
from orderhouse.ingest.screening import UNREADABLE
from orderhouse.repair.decisions import require_reason, write_decisions
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import ERASED, Vault

__all__ = ["RecordReader", "repair_records"]


@dataclass(frozen=True)
class _Place:
    """File and number of a record, with the quarantined row that named it."""

    quarantine_id: str
    source: str
    file_id: str
    feed: str | None
    path: str
    record: int


class RecordReader:
    """Reader of single records of loaded files, with or without a patch.

    Attributes:
        repairs: The decisions about records so far.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        vault: Vault,
        originals: Originals,
        sources: Mapping[str, Source],
    ) -> None:
        self.repairs = RecordRepairs(connection, vault)
        self._loaded_files = LoadedFiles(originals)
        self._sources = sources
        self._ledger = Ledger(connection, self.repairs)

    def read(self, source_name: str, file_id: str, record: int, patch: RecordPatch | None = None) -> RecordPatches:
        """Read a file up to one of its records.

        Args:
            source_name: Name of the source of the file.
            file_id: Content hash of the file.
            record: Number of the record.
            patch: A patch to try on the record.

        Returns:
            The record as received, and the problem with the patch if it does not fit.

        Raises:
            OrderhouseError: The source is no longer declared, the file can no longer be read, or has no such record.
        """
        source = self._sources.get(source_name)
        if source is None:
            raise OrderhouseError(
                f"The sources file no longer declares source {source_name!r}, so its records cannot be read. "
                "Declare it again."
            )
        unit = self._loaded_files.unit(source, self._ledger.loaded_with(source_name, file_id))
        if isinstance(unit, KnownFile):
            raise OrderhouseError(
                f"{unit.path} can no longer be read: no original of it is kept, and the file was moved, deleted or "
                "changed. Put it back, or repair the row alone, without `--received`."
            )
        patches = patches_for_record(record, patch)
        _read_to(unit, file_id, record, patches)
        if record not in patches.received:
            path = self._ledger.loaded_with(source_name, file_id)[0].path
            raise OrderhouseError(f"{path}:{record} cannot be repaired by itself. Send the corrected file.")
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
    """Record patches of records as received. The vault stores the values before the patch is committed.

    Args:
        connection: The raw database, open for writing.
        vault: Store of values that may be personal.
        originals: Store of the files as received.
        sources: The declared sources.
        quarantine_ids: Full ids of rows; each names the record that it came from.
        fields: Values by the source's own names (in JSON: dotted paths), as the source would write them. Empty text
            empties a field.
        text: The whole record as the source should have sent it; None to patch the record as received.
        why: The reason.
        who: The person who decides.

    Returns:
        The ids of the repairs, and notes about fields that the records did not have before.

    Raises:
        OrderhouseError: A record can no longer be read, or the patch does not fit one. Nothing is recorded then.
    """
    require_reason(why)
    if not fields and text is None:
        raise OrderhouseError("The repair changes no field. Give `--set field=value` or `--text RECORD`.")
    _require_utf8([*fields, *fields.values(), text or ""])
    reader = RecordReader(connection, vault, originals, sources)
    notes: list[str] = []
    lines: list[dict[str, object]] = []
    for place in _places(connection, quarantine_ids):
        kept, patch = _merge(reader.repairs, place, fields, text)
        tried = reader.read(place.source, place.file_id, place.record, patch)
        if place.record in tried.problems:
            raise OrderhouseError(f"{place.path}:{place.record}: {tried.problems[place.record]}.")
        received = tried.received[place.record]
        notes += _new_field_notes(place, received, fields)
        after = kept | _with_tokens(vault, fields if text is None else {WHOLE: text, **fields})
        before = _with_tokens(vault, _before(received, after))
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
    """Return the records that rows came from, each once."""
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
        raise OrderhouseError(f"{error} no longer exists. Put the file back, or send it again.") from None
    except FileRejected as error:
        raise OrderhouseError(f"{unit.files[0].path} can no longer be read: {error.reason}") from None


def _merge(
    repairs: RecordRepairs, place: _Place, fields: Mapping[str, str], text: str | None
) -> tuple[dict[str, str], RecordPatch]:
    """Return the stored fields kept from an earlier patch in force, and the whole new patch with its values."""
    earlier = repairs.in_force(place.source, place.file_id, place.record) if text is None else None
    if earlier is None:
        return {}, RecordPatch("", dict(fields), text)
    stored, patch = earlier
    kept = {name: value for name, value in stored.items() if name not in fields}
    return kept, RecordPatch("", {**patch.fields, **fields}, patch.text)


def _before(received: Received, after: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of a patch as received, without those that the record did not have."""
    if not received.is_readable or (WHOLE in after and received.text):
        return {WHOLE: received.text}
    if WHOLE in after:
        return {name: value or "" for name, value in received.fields.items()}
    return {name: received.fields[name] or "" for name in after if name in received.fields}


def _new_field_notes(place: _Place, received: Received, fields: Mapping[str, str]) -> list[str]:
    """Return notes about fields that a JSON record did not have, since their names may be mistyped."""
    if not received.can_gain_fields or not received.is_readable:
        return []
    known = {*received.fields}
    new = [name for name in fields if not any(each == name or each.startswith(f"{name}.") for each in known)]
    return [f"{place.path}:{place.record} had no {name}. The repair adds it." for name in new]


def _with_tokens(vault: Vault, values: Mapping[str, str]) -> dict[str, str]:
    """Return values as a patch stores them: a value that may be personal becomes a mark with its token."""
    odd = {name: value for name, value in values.items() if value and not re.search(HARMLESS, value)}
    frame = pl.DataFrame({"value": list(odd.values())}, schema={"value": pl.String()})
    tokens = vault.tokenise(frame, {"value": UNREADABLE})["value_token"].to_list()
    return {**values, **{name: f"{ERASED}{token}" for name, token in zip(odd, tokens, strict=True)}}


def _require_utf8(values: Sequence[str]) -> None:
    for value in values:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise OrderhouseError("The repair contains text that is not UTF-8. Nothing was recorded.") from None
