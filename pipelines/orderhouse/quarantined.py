"""The quarantine as it stands: every row with what was decided about it and what its replays came to.

Reads `raw.quarantine`, `raw.repairs` and `raw.replays`, which are all append-only; nothing here writes.
`quality.quarantine` says the same of what is published. Deciding belongs to `ingest.repairing`, carrying out to
`ingest.replaying`.

A decision belongs to a row of a file, not to one load of it: to its source, file, feed, record and content. So it
holds again when the file is read anew under another mapping and the same row breaks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["STATES", "Selection", "events", "note_quarantined", "quarantined"]

Row = dict[str, Any]

STATES = ("open", "patched", "patch_failed", "repaired", "discarded", "superseded")

# Identical rows of one record are told apart by their number.
VIEW = """
create or replace temp view quarantined as
with loads as (
    select source, file_id, max(batch_id) as batch_id, arg_max(mapping_version, batch_id) as mapping_version
    from raw.files
    group by source, file_id
),

numbered as (
    select
        quarantine.*,
        loads.mapping_version,
        quarantine.batch_id = loads.batch_id as is_current,
        sha256(
            quarantine.row_json || '|' || row_number() over (
                partition by
                    quarantine.source, quarantine.file_id, quarantine.feed, quarantine.record, quarantine.batch_id,
                    quarantine.row_json
                order by quarantine.quarantine_id
            )
        ) as row_hash
    from raw.quarantine as quarantine
    inner join loads using (source, file_id)
),

decisions as (
    select * from raw.repairs
    qualify row_number() over (
        partition by source, file_id, feed, record, row_hash order by batch_id desc, repair_id
    ) = 1
),

outcomes as (
    select * from raw.replays
    where not starts_with(outcome, 'no_longer')
    qualify row_number() over (partition by quarantine_id order by batch_id desc) = 1
),

found as (
    select
        numbered.quarantine_id,
        numbered.source,
        numbered.feed,
        numbered.path,
        numbered.record,
        numbered.rules,
        coalesce(outcomes.reasons, numbered.reasons) as reasons,
        numbered.row_json,
        numbered.received_at,
        decisions.kind as repair_kind,
        decisions.repair_id,
        decisions.fields,
        decisions.made_by as repair_made_by,
        decisions.made_at as repair_made_at,
        decisions.why as repair_why,
        outcomes.outcome as replay_outcome,
        outcomes.replayed_at,
        numbered.file_id,
        numbered.row_hash,
        numbered.mapping_version,
        numbered.is_current,
        outcomes.repair_id as replayed_repair_id,
        coalesce(outcomes.outcome in ('accepted', 'duplicate'), false) as is_in_feed
    from numbered
    left join decisions
        on decisions.source = numbered.source and decisions.file_id = numbered.file_id
            and decisions.feed is not distinct from numbered.feed and decisions.record = numbered.record
            and decisions.row_hash = numbered.row_hash
    left join outcomes on outcomes.quarantine_id = numbered.quarantine_id
)

select
    *,
    case
        when not is_current then 'superseded'
        when repair_kind = 'discard' then 'discarded'
        when is_in_feed
            and replayed_repair_id is not distinct from case when repair_kind = 'patch' then repair_id end
            then 'repaired'
        when repair_kind = 'patch' and replayed_repair_id = repair_id then 'patch_failed'
        when repair_kind = 'patch' then 'patched'
        else 'open'
    end as state,
    is_current and case repair_kind
        when 'patch' then replayed_repair_id is distinct from repair_id
        when 'discard' then is_in_feed
        when 'withdraw' then is_in_feed and replayed_repair_id is not null
        else false
    end as is_due
from found
"""


@dataclass(frozen=True)
class Selection:
    """Which rows are meant; None means any.

    Attributes:
        rule: A broken rule, such as ``currency|iso_4217``.
        states: Of these states.
        quarantine_ids: These, each by its first characters.
    """

    feed: str | None = None
    source: str | None = None
    rule: str | None = None
    states: Sequence[str] | None = None
    quarantine_ids: Sequence[str] | None = None
    limit: int | None = None


def note_quarantined(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the view `quarantined`: one row per row of `raw.quarantine`, with its state.

    Besides what `quality.quarantine` has: the fields of the latest patch, the row's hash, the mapping it was read
    under, whether the row is in the feed by a replay (`is_in_feed`) and whether a decision waits to be carried out
    (`is_due`).
    """
    connection.execute(VIEW)


def quarantined(connection: duckdb.DuckDBPyConnection, wanted: Selection) -> list[Row]:
    """Rows of the quarantine, the latest first.

    Args:
        connection: The raw database.
        wanted: Which of them.

    Raises:
        OrderhouseError: A state that there is not.
    """
    for state in wanted.states or ():
        if state not in STATES:
            raise OrderhouseError(f"{state!r} is no state of a row in quarantine; choose one of {', '.join(STATES)}.")
    note_quarantined(connection)
    return _rows(
        connection,
        """
        select * exclude (fields, row_hash, mapping_version, is_current, replayed_repair_id, is_in_feed, is_due)
        from quarantined
        where ($feed is null or feed = $feed) and ($source is null or source = $source)
            and ($rule is null or list_contains(from_json(rules, '["varchar"]'), $rule))
            and ($states is null or list_contains($states, state))
            and ($ids is null or len(list_filter($ids::varchar[], lambda each: starts_with(quarantine_id, each))) > 0)
        order by received_at desc, path, record, quarantine_id
        limit $limit
        """,
        {
            "feed": wanted.feed,
            "source": wanted.source,
            "rule": wanted.rule,
            "states": list(wanted.states) if wanted.states is not None else None,
            "ids": list(wanted.quarantine_ids) if wanted.quarantine_ids is not None else None,
            "limit": wanted.limit if wanted.limit is not None else 2**62,
        },
    )


def events(
    connection: duckdb.DuckDBPyConnection,
    quarantine_id: str | None = None,
    what: str | None = None,
    limit: int = 50,
) -> list[Row]:
    """What was decided and done, the latest first: at, what, place, who, why, fields and fields_before, ids.

    Args:
        connection: The raw database.
        quarantine_id: Only about this row, whole id.
        what: Only of this kind: patch, discard, withdraw, accepted, duplicate, still_quarantined, withdrawn …
        limit: At most so many.
    """
    return _rows(
        connection,
        """
        with events as (
            select made_at as at, kind as what, quarantine_id, repair_id, made_by as who, why, fields, fields_before,
                batch_id
            from raw.repairs
            union all by name
            select replayed_at as at, outcome as what, quarantine_id, repair_id, reasons as why, batch_id
            from raw.replays
        )
        select events.*, quarantine.path, quarantine.record, quarantine.feed
        from events
        inner join raw.quarantine as quarantine using (quarantine_id)
        where ($id is null or quarantine_id = $id) and ($what is null or what = $what)
        order by events.batch_id desc, path, record
        limit $limit
        """,
        {"id": quarantine_id, "what": what, "limit": limit},
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, object]) -> list[Row]:
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
