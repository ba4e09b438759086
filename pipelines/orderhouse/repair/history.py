"""History of decisions about quarantined rows and records as received, and of their outcomes.

This module reads `raw.repairs` and `raw.replays`. The current state of each row belongs to `state`.
"""

from __future__ import annotations

import duckdb

from orderhouse.repair.state import Row, rows_of

__all__ = ["events"]


def events(
    connection: duckdb.DuckDBPyConnection,
    quarantine_id: str | None = None,
    what: str | None = None,
    limit: int = 50,
) -> list[Row]:
    """Return decisions and outcomes, the latest first, one dictionary each.

    The keys are at (UTC), what, who, why, fields, fields_before, repair_id, quarantine_id, batch_id, path, record and
    feed.

    Args:
        connection: The raw database.
        quarantine_id: Full id of a row, for events about this row and about the record that it came from.
        what: One kind of events: patch, record_patch, discard, withdraw, accepted, duplicate, still_quarantined …
        limit: Greatest number of events.
    """
    return rows_of(
        connection,
        """
        with events as (
            select made_at as at, kind as what, quarantine_id, repair_id, made_by as who, why, fields, fields_before,
                batch_id, row_hash is null as is_of_record
            from raw.repairs
            union all by name
            select replayed_at as at, outcome as what, quarantine_id, repair_id, reasons as why, batch_id,
                feed is null as is_of_record
            from raw.replays
        ),

        asked as (
            select source, file_id, record from raw.quarantine where quarantine_id = $id
        )

        select events.* exclude (is_of_record), quarantine.path, quarantine.record, quarantine.feed
        from events
        inner join raw.quarantine as quarantine using (quarantine_id)
        where (
            $id is null or quarantine_id = $id
            or is_of_record and (quarantine.source, quarantine.file_id, quarantine.record) in (from asked)
        ) and ($what is null or what = $what)
        order by events.batch_id desc, path, record
        limit $limit
        """,
        {"id": quarantine_id, "what": what, "limit": limit},
    )
