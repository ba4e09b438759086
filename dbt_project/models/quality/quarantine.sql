with quarantine_states as (
    select * from {{ source('raw', 'quarantine_states') }}
),

final as (
    select
        quarantine_states.quarantine_id,
        quarantine_states.file_id,
        quarantine_states.source,
        quarantine_states.feed,
        quarantine_states.path,
        quarantine_states.record,
        quarantine_states.state,
        quarantine_states.rules,
        quarantine_states.reasons,
        quarantine_states.row_json,
        quarantine_states.repair_kind,
        quarantine_states.repair_id,
        quarantine_states.repair_made_by,
        quarantine_states.repair_why,
        quarantine_states.replay_outcome,
        quarantine_states.repair_made_at,
        quarantine_states.replayed_at,
        quarantine_states.received_at,
        quarantine_states.batch_id
    from quarantine_states
)

select * from final
