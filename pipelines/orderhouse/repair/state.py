"""The quarantine as it stands: every row with what was decided about it and what its replays came to.

Reads `raw.quarantine`, `raw.repairs` and `raw.replays`, which are all append-only; nothing here writes.
`quality.quarantine` says the same of what is published. Deciding belongs to `ingest.repairing`, carrying out to
`ingest.replaying`.

A decision belongs to a row of a file, not to one load of it: to its source, file, feed, record and content. So it
holds again when the file is read anew and the same row breaks again. One about a record as received belongs to source,
file and record, whatever rows come of it; rows that broke before it was carried out are then repaired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError

__all__ = ["STATES", "Row", "Selection", "note_quarantined", "quarantined", "rows_of"]

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
    where not starts_with(outcome, 'no_longer') and feed is not null
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
        numbered.batch_id,
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

# What was decided about the record that a row came from shows on the row, unless something was decided about the row.
OF_RECORDS = """
create or replace temp view quarantined_as_seen as
with decided as (
    select * from raw.repairs
    where row_hash is null
    qualify row_number() over (partition by source, file_id, record order by batch_id desc, repair_id) = 1
),

carried_out as (
    select repair_id, arg_max(outcome, batch_id) as outcome, max(replayed_at) as replayed_at
    from raw.replays where feed is null
    group by repair_id
),

of_records as (
    select decided.*, carried_out.outcome, carried_out.replayed_at
    from decided left join carried_out using (repair_id)
    where decided.kind = 'record_patch'
),

states as (
    select
        quarantined.quarantine_id,
        of_records.* exclude (quarantine_id),
        case
            when quarantined.state = 'open' and of_records.outcome is null then 'patched'
            when quarantined.state = 'open' then 'patch_failed'
            when quarantined.state = 'superseded' and of_records.outcome in ('accepted', 'still_quarantined')
                then 'repaired'
        end as state
    from quarantined inner join of_records using (source, file_id, record)
    qualify quarantined.batch_id = max(quarantined.batch_id) over (
        partition by quarantined.source, quarantined.file_id, quarantined.feed, quarantined.record
    )
)

select
    found.quarantine_id,
    found.source,
    found.feed,
    found.path,
    found.record,
    found.rules,
    found.reasons,
    found.row_json,
    found.received_at,
    if(states.state is null, found.repair_kind, states.kind) as repair_kind,
    if(states.state is null, found.repair_id, states.repair_id) as repair_id,
    if(states.state is null, found.repair_made_by, states.made_by) as repair_made_by,
    if(states.state is null, found.repair_made_at, states.made_at) as repair_made_at,
    if(states.state is null, found.repair_why, states.why) as repair_why,
    found.replay_outcome,
    if(states.state is null, found.replayed_at, states.replayed_at) as replayed_at,
    found.file_id,
    coalesce(states.state, found.state) as state
from quarantined as found left join states using (quarantine_id)
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
    """Make the view `quarantined`: one row per row of `raw.quarantine`, with its state by decisions about the row.

    Besides what `quality.quarantine` has: the fields of the latest patch, the row's hash, the mapping it was read
    under, whether the row is in the feed by a replay (`is_in_feed`) and whether a decision waits to be carried out
    (`is_due`). The view `quarantined_as_seen` has what `quality.quarantine` has, decisions about records included.
    """
    connection.execute(VIEW)
    connection.execute(OF_RECORDS)


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
    return rows_of(
        connection,
        """
        select * from quarantined_as_seen
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


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, object]) -> list[Row]:
    """The answer to a query, a dictionary for each row."""
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
