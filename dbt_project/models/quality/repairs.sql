with repairs as (
    select * from {{ source('raw', 'repairs') }}
),

replays as (
    select * from {{ source('raw', 'replays') }}
),

quarantine as (
    select * from {{ ref('quarantine') }}
),

ranked as (
    select
        repairs.*,
        row_number() over (
            partition by
                repairs.source,
                repairs.file_id,
                repairs.record,
                repairs.row_hash,
                case when repairs.row_hash is not null then repairs.feed end
            order by repairs.batch_id desc, repairs.repair_id
        ) as nth_latest
    from repairs
),

latest_replays as (
    select replays.*
    from replays
    where replays.repair_id is not null
    qualify row_number() over (
        partition by replays.repair_id order by replays.batch_id desc, replays.quarantine_id
    ) = 1
),

in_force as (
    select distinct quarantine.repair_id
    from quarantine
    where quarantine.state <> 'superseded'
),

final as (
    select
        ranked.repair_id,
        ranked.kind,
        case
            when ranked.nth_latest > 1 then 'replaced'
            when ranked.kind = 'withdraw' then 'withdrawn'
            when ranked.kind = 'record_patch' then coalesce(latest_replays.outcome, 'waiting')
            when ranked.kind = 'discard' and in_force.repair_id is null then 'no_longer_applies'
            when in_force.repair_id is null then coalesce(latest_replays.outcome, 'waiting')
            when ranked.kind = 'discard' then 'discarded'
            when latest_replays.outcome is null or latest_replays.outcome like 'no_longer%' then 'waiting'
            else latest_replays.outcome
        end as state,
        ranked.quarantine_id,
        ranked.source,
        ranked.feed,
        ranked.file_id,
        quarantine.path,
        ranked.record,
        ranked.fields,
        ranked.fields_before,
        ranked.why,
        ranked.made_by,
        latest_replays.reasons,
        ranked.made_at,
        latest_replays.replayed_at,
        ranked.batch_id
    from ranked
    left join in_force
        on ranked.repair_id = in_force.repair_id
    left join latest_replays
        on ranked.repair_id = latest_replays.repair_id
    left join quarantine
        on ranked.quarantine_id = quarantine.quarantine_id
)

select * from final
