"""Views over the ledgers: what is superseded, and how each quarantined row stands.

Each is defined here alone. Ingest and repair read them in the raw database, dbt reads them as sources. They hold
no rows and follow the ledgers by themselves.
"""

from __future__ import annotations

import hashlib

import duckdb

__all__ = ["RAW_VIEWS", "create_raw_views"]

# Files that were loaded more than once, each with its latest batch: nothing of an earlier batch counts.
SUPERSEDED_LOADS = """
select source, file_id, max(batch_id) as batch_id from files
group by source, file_id
having count(distinct batch_id) > 1
"""

# Batches of a record's replays before its latest one: rows that they brought do not count.
SUPERSEDED_REPLAYS = """
select distinct source, file_id, feed, record, batch_id from replays
where not starts_with(outcome, 'no_longer')
qualify batch_id < max(batch_id) over (partition by source, file_id, feed, record)
"""

# A decision about a row holds for its source, file, feed, record and content, so that it also holds for a later load of
# the same file. Identical rows of one record are told apart by their number.
QUARANTINED_ROWS = """
with loads as (
    select source, file_id, max(batch_id) as batch_id, arg_max(mapping_version, batch_id) as mapping_version
    from files
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
    from quarantine as quarantine
    inner join loads using (source, file_id)
),

decisions as (
    select * from repairs
    qualify row_number() over (
        partition by source, file_id, feed, record, row_hash order by batch_id desc, repair_id
    ) = 1
),

outcomes as (
    select * from replays
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

# A decision about a record as received shows on its rows, unless something was decided about the row itself.
QUARANTINE_STATES = """
with decided as (
    select * from repairs
    where row_hash is null
    qualify row_number() over (partition by source, file_id, record order by batch_id desc, repair_id) = 1
),

carried_out as (
    select repair_id, arg_max(outcome, batch_id) as outcome, max(replayed_at) as replayed_at
    from replays where feed is null
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
    from quarantined_rows as quarantined inner join of_records using (source, file_id, record)
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
    found.batch_id,
    coalesce(states.state, found.state) as state
from quarantined_rows as found left join states using (quarantine_id)
"""

# Feeds of a source of which rows came and every one is in quarantine: they say nothing about its orders yet.
UNTAKEN_FEEDS = """
with loads as (
    select source, file_id, feed, accepted, duplicate, quarantined from files
    where status = 'loaded' and feed is not null
    qualify batch_id = max(batch_id) over (partition by source, file_id)
)

select source, feed from loads
group by source, feed
having sum(quarantined) > 0 and sum(accepted + duplicate) = 0
except
select source, feed from replays where outcome in ('accepted', 'duplicate')
"""

# In an order in which each reads only those before it. Tables are named without a schema: DuckDB looks in the view's
# own, whatever name a reader attaches the file by.
RAW_VIEWS = {
    "superseded_loads": SUPERSEDED_LOADS,
    "superseded_replays": SUPERSEDED_REPLAYS,
    "quarantined_rows": QUARANTINED_ROWS,
    "quarantine_states": QUARANTINE_STATES,
    "untaken_feeds": UNTAKEN_FEEDS,
}


def create_raw_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the views that are missing or were defined otherwise by an earlier release.

    The hash of a definition is the view's comment. A home that is up to date is not written to.
    """
    known = dict(
        connection.execute("select view_name, comment from duckdb_views() where schema_name = 'raw'").fetchall()
    )
    for name, query in RAW_VIEWS.items():
        version = hashlib.sha256(query.encode()).hexdigest()[:16]
        if known.get(name) != version:
            connection.execute(f"create or replace view raw.{name} as {query}")
            connection.execute(f"comment on view raw.{name} is '{version}'")
