with quarantine as (
    select * from {{ source('raw', 'quarantine') }}
),

final as (
    select
        quarantine.quarantine_id,
        quarantine.file_id,
        quarantine.source,
        quarantine.feed,
        quarantine.path,
        quarantine.record,
        quarantine.rules,
        quarantine.reasons,
        quarantine.row_json,
        quarantine.received_at,
        quarantine.batch_id
    from quarantine
)

select * from final
