"""Repairs of records as received that are in force, as patches applied when the records' files are read.

A decision about a record has no row hash, since it holds for the record and all rows made of it. The latest decision
about a record is in force. Recording of decisions belongs to `orderhouse.repair.records`, rereading of files to
`orderhouse.repair.reread`.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from orderhouse.files.patches import RecordPatch, RecordPatches
from orderhouse.files.source_files import SourceFile
from orderhouse.vault.vault import ERASED, Vault

__all__ = ["WHOLE", "RecordRepairs", "has_repairs", "write_outcomes"]

# The field name under which a patch holds the whole text of a record.
WHOLE = "(the whole record)"
FINGERPRINT_CHARACTERS = 16

IN_FORCE = """
select source, file_id, record, repair_id, kind, coalesce(fields, '{}'), made_by
from raw.repairs where row_hash is null
qualify row_number() over (partition by source, file_id, record order by batch_id desc, repair_id) = 1
order by source, file_id, record
"""
# The outcome of each decided record of a file that was just read with its patches.
OUTCOMES = """
insert into raw.replays by name
with decided as (
    select * from raw.repairs
    where row_hash is null and source = $source and file_id = $file
    qualify row_number() over (partition by record order by batch_id desc, repair_id) = 1
),

broken as (
    select record, string_agg(distinct reasons, '; ' order by reasons) as reasons
    from raw.quarantine
    where source = $source and file_id = $file and batch_id = $batch
    group by record
),

misfits as (
    select unnest($records::bigint[]) as record, unnest($sentences::varchar[]) as sentence
)

select
    decided.quarantine_id, decided.repair_id, decided.source, decided.file_id, null as feed, decided.record,
    case
        when decided.kind = 'withdraw' then 'withdrawn'
        when misfits.sentence is not null then 'no_longer_applies'
        when broken.record is null then 'accepted'
        else 'still_quarantined'
    end as outcome,
    case when decided.kind <> 'withdraw' then coalesce(misfits.sentence, broken.reasons) end as reasons,
    $now as replayed_at, $batch as batch_id
from decided left join broken using (record) left join misfits using (record)
"""


@dataclass(frozen=True)
class _Decided:
    """Decision in force about one record."""

    record: int
    repair_id: str
    kind: str
    fields: Mapping[str, str]
    made_by: str


class RecordRepairs:
    """Decisions in force about records as received, by file, with the values behind their tokens."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, vault: Vault) -> None:
        self._by_file: dict[tuple[str, str], list[_Decided]] = defaultdict(list)
        found = connection.execute(IN_FORCE).fetchall() if has_repairs(connection) else []
        for source, file_id, record, repair_id, kind, fields, made_by in found:
            decided = _Decided(record, repair_id, kind, json.loads(fields), made_by)
            self._by_file[source, file_id].append(decided)
        tokens = [token for each in self._patches() for token in _tokens(each)]
        self._values = vault.reveal(tokens) if tokens else {}

    def fingerprint(self, source: str, file_id: str) -> str | None:
        """Return a hash of the decisions about a file's records; None if there are none."""
        decided = self._by_file.get((source, file_id))
        if decided is None:
            return None
        ids = ",".join(each.repair_id for each in decided)
        return hashlib.sha256(ids.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]

    def with_patches(self, source: str, file: SourceFile) -> SourceFile:
        """Return the file with the patches of its records; the file itself if there are no decisions."""
        fingerprint = self.fingerprint(source, file.file_id)
        if fingerprint is None:
            return file
        decided = self._by_file[source, file.file_id]
        patches = {each.record: self._patch(each) for each in decided if each.kind != "withdraw"}
        return replace(file, patches=RecordPatches(fingerprint, patches))

    def in_force(self, source: str, file_id: str, record: int) -> tuple[dict[str, str], RecordPatch] | None:
        """Return the patch of a record twice: as stored, with tokens, and as applied, with values; None if none."""
        for each in self._by_file.get((source, file_id), ()):
            if each.record == record and each.kind != "withdraw":
                return dict(each.fields), self._patch(each)
        return None

    def notes(self, source: str, files: Iterable[SourceFile]) -> list[str]:
        """Return notes about patches of files that were read: patches that did not fit, and values erased."""
        notes: list[str] = []
        for file in files:
            for each in self._by_file.get((source, file.file_id), ()) if file.patches else ():
                about = f"{file.path}:{each.record}: the repair {each.repair_id} by {each.made_by}"
                problem = file.patches.problems.get(each.record) if file.patches else None
                if problem:
                    notes.append(f"{about} no longer applies: {problem}. The record is read as received.")
                lost = [name for name, value in each.fields.items() if self._is_lost(value)]
                if lost and each.kind != "withdraw":
                    notes.append(f"{about} is incomplete: its value of {', '.join(lost)} is no longer in the vault.")
        return notes

    def _patches(self) -> list[_Decided]:
        return [each for decided in self._by_file.values() for each in decided]

    def _patch(self, decided: _Decided) -> RecordPatch:
        """Return a patch with its values. An erased value stays as its mark, as in a redacted original."""
        values = {name: self._values.get(value.removeprefix(ERASED), value) for name, value in decided.fields.items()}
        text = values.pop(WHOLE, None)
        return RecordPatch(decided.repair_id, values, text)

    def _is_lost(self, value: str) -> bool:
        return value.startswith(ERASED) and value.removeprefix(ERASED) not in self._values


def has_repairs(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return True if the table of repairs exists; a home written by an old version may not have it yet."""
    found = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'repairs'"
    ).fetchall()
    return bool(found)


def write_outcomes(
    connection: duckdb.DuckDBPyConnection, source: str, file: SourceFile, batch_id: int, now: datetime
) -> None:
    """Append to `raw.replays` the outcome of each decision about records of a file that was just loaded.

    The lines have no feed, since they are about the record and not about one of its rows. `now` is in UTC.
    """
    if file.patches is None:
        return
    problems = file.patches.problems
    connection.execute(
        OUTCOMES,
        {
            "source": source,
            "file": file.file_id,
            "batch": batch_id,
            "now": now,
            "records": list(problems),
            "sentences": list(problems.values()),
        },
    )


def _tokens(decided: _Decided) -> list[str]:
    return [value.removeprefix(ERASED) for value in decided.fields.values() if value.startswith(ERASED)]
