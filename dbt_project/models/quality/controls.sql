with controls as (
    select * from {{ source('raw', 'controls') }}
),

final as (
    select
        controls.source,
        controls.file_id,
        controls.path,
        controls.origin,
        controls.control_id,
        controls.measure,
        controls.expected,
        controls.actual,
        controls.status,
        controls.detail,
        controls.is_rejected,
        controls.batch_id = max(controls.batch_id) over (partition by controls.source, controls.file_id) as is_current,
        controls.checked_at,
        controls.batch_id
    from controls
)

select * from final
