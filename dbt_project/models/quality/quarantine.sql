with quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

repairs as (
    select * from {{ source('raw', 'repairs') }}
),

replays as (
    select * from {{ source('raw', 'replays') }}
),

loads as (
    select
        files.source,
        files.file_id,
        max(files.batch_id) as batch_id
    from {{ source('raw', 'files') }} as files
    group by files.source, files.file_id
),

{# A decision is about a row of a file, in every load of it. Identical rows of one record are distinguished by number. #}
numbered as (
    select
        quarantine.*,
        quarantine.batch_id = loads.batch_id as is_in_latest_load,
        row_number() over (
            partition by
                quarantine.source,
                quarantine.file_id,
                quarantine.feed,
                quarantine.record,
                quarantine.batch_id,
                quarantine.row_json
            order by quarantine.quarantine_id
        ) as row_number_in_record
    from quarantine
    inner join loads
        on quarantine.source = loads.source and quarantine.file_id = loads.file_id
),

hashed as (
    select
        numbered.*,
        {{ sha256_hex("concat_ws('|', numbered.row_json, cast(numbered.row_number_in_record as " ~ dbt.type_string() ~ "))") }}
            as row_hash
    from numbered
),

decisions as (
    select repairs.*
    from repairs
    qualify row_number() over (
        partition by repairs.source, repairs.file_id, repairs.feed, repairs.record, repairs.row_hash
        order by repairs.batch_id desc, repairs.repair_id
    ) = 1
),

outcomes as (
    select replays.*
    from replays
    where replays.outcome not like 'no_longer%' and replays.feed is not null
    qualify row_number() over (partition by replays.quarantine_id order by replays.batch_id desc) = 1
),

found as (
    select
        hashed.quarantine_id,
        hashed.file_id,
        hashed.source,
        hashed.feed,
        hashed.path,
        hashed.record,
        case
            when not hashed.is_in_latest_load then 'superseded'
            when decisions.kind = 'discard' then 'discarded'
            when
                outcomes.outcome in ('accepted', 'duplicate')
                and coalesce(outcomes.repair_id, 'none')
                = case when decisions.kind = 'patch' then decisions.repair_id else 'none' end
                then 'repaired'
            when decisions.kind = 'patch' and outcomes.repair_id = decisions.repair_id then 'patch_failed'
            when decisions.kind = 'patch' then 'patched'
            else 'open'
        end as state,
        hashed.rules,
        coalesce(outcomes.reasons, hashed.reasons) as reasons,
        hashed.row_json,
        decisions.kind as repair_kind,
        decisions.repair_id,
        decisions.made_by as repair_made_by,
        decisions.why as repair_why,
        outcomes.outcome as replay_outcome,
        decisions.made_at as repair_made_at,
        outcomes.replayed_at,
        hashed.received_at,
        hashed.batch_id
    from hashed
    left join decisions
        on
            hashed.source = decisions.source
            and hashed.file_id = decisions.file_id
            and hashed.feed is not distinct from decisions.feed
            and hashed.record = decisions.record
            and hashed.row_hash = decisions.row_hash
    left join outcomes
        on hashed.quarantine_id = outcomes.quarantine_id
),

{# Decisions about records as received name no row, and the lines with their outcomes have no feed. #}
carried_out as (
    select
        replays.repair_id,
        replays.outcome,
        replays.replayed_at
    from replays
    where replays.feed is null
    qualify row_number() over (partition by replays.repair_id order by replays.batch_id desc) = 1
),

record_decisions as (
    select repairs.*
    from repairs
    where repairs.row_hash is null
    qualify row_number() over (
        partition by repairs.source, repairs.file_id, repairs.record
        order by repairs.batch_id desc, repairs.repair_id
    ) = 1
),

record_patches as (
    select
        record_decisions.source,
        record_decisions.file_id,
        record_decisions.record,
        record_decisions.kind,
        record_decisions.repair_id,
        record_decisions.made_by,
        record_decisions.why,
        record_decisions.made_at,
        carried_out.outcome,
        carried_out.replayed_at
    from record_decisions
    left join carried_out on record_decisions.repair_id = carried_out.repair_id
    where record_decisions.kind = 'record_patch'
),

{# A decision about the record applies to its rows that have no decision of their own. #}
states as (
    select
        found.quarantine_id,
        record_patches.kind,
        record_patches.repair_id,
        record_patches.made_by,
        record_patches.why,
        record_patches.made_at,
        record_patches.replayed_at,
        case
            when found.state = 'open' and record_patches.outcome is null then 'patched'
            when found.state = 'open' then 'patch_failed'
            when found.state = 'superseded' and record_patches.outcome in ('accepted', 'still_quarantined') then 'repaired'
        end as state
    from found
    inner join record_patches
        on
            found.source = record_patches.source
            and found.file_id = record_patches.file_id
            and found.record = record_patches.record
    qualify found.batch_id = max(found.batch_id) over (
        partition by found.source, found.file_id, found.feed, found.record
    )
),

final as (
    select
        found.quarantine_id,
        found.file_id,
        found.source,
        found.feed,
        found.path,
        found.record,
        coalesce(states.state, found.state) as state,
        found.rules,
        found.reasons,
        found.row_json,
        case when states.state is null then found.repair_kind else states.kind end as repair_kind,
        case when states.state is null then found.repair_id else states.repair_id end as repair_id,
        case when states.state is null then found.repair_made_by else states.made_by end as repair_made_by,
        case when states.state is null then found.repair_why else states.why end as repair_why,
        found.replay_outcome,
        case when states.state is null then found.repair_made_at else states.made_at end as repair_made_at,
        case when states.state is null then found.replayed_at else states.replayed_at end as replayed_at,
        found.received_at,
        found.batch_id
    from found
    left join states on found.quarantine_id = states.quarantine_id
)

select * from final
