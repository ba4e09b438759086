"""Live content of a home: the live rows of every feed, the current quarantine, and the counts, without receipts."""

from __future__ import annotations

import contextlib
from typing import Any

from orderhouse.contracts import CONTRACTS
from orderhouse.ingest.superseding import create_superseded_tables, is_live
from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import open_raw

__all__ = ["what_counts"]

RECEIPT = "_batch_id, _received_at, _file_id, _is_duplicate"
IN_QUARANTINE = """
    select feed, source, record, rules, reasons, row_json from raw.quarantine
    where batch_id = (
        select max(files.batch_id) from raw.files as files
        where files.source = quarantine.source and files.file_id = quarantine.file_id
    )
    order by all
"""
COUNTS = """
    select source, feed, path, role, rows_in, accepted + duplicate, quarantined from raw.files as files
    where batch_id = (
        select max(latest.batch_id) from raw.files as latest
        where latest.source = files.source and latest.file_id = files.file_id
    )
    order by all
"""


def what_counts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Return live rows by feed, with source, mapping and record; the current quarantine; the latest loads' counts."""
    with contextlib.closing(open_raw(settings)) as raw:
        create_superseded_tables(raw)
        rows = {
            feed: raw.execute(
                f"select * exclude ({RECEIPT}) from raw.{quote(feed)} where {is_live(feed)} order by all"
            ).fetchall()
            for feed in CONTRACTS
        }
        quarantine, counts = raw.execute(IN_QUARANTINE).fetchall(), raw.execute(COUNTS).fetchall()
    assert all(line[4] == line[5] + line[6] for line in counts), "rows in are accepted, duplicate or quarantined"
    return {**rows, "quarantine": quarantine, "counts": counts}
