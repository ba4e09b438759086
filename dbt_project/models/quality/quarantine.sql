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

{# A decision is about a row of a file, whichever load of it; identical rows of one record are told apart by number. #}
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
    where replays.outcome not like 'no_longer%'
    qualify row_number() over (partition by replays.quarantine_id order by replays.batch_id desc) = 1
),

final as (
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
)

select * from final
