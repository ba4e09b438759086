with files as (
    select * from {{ source('raw', 'files') }}
),

-- What the newest control totals of each file came to.
controls as (
    select
        controls.source,
        controls.file_id,
        max(case when controls.status = 'failed' then 1 else 0 end) as is_failed
    from {{ ref('controls') }} as controls
    where controls.is_current
    group by controls.source, controls.file_id
),

final as (
    select
        files.file_id,
        files.source,
        files.feed,
        files.role,
        files.path,
        files.format,
        files.mapping_version,
        files.bundle_id,
        files.status,
        files.reason,
        files.ignored_columns,
        files.size_bytes,
        files.rows_in,
        files.accepted,
        files.duplicate,
        files.quarantined,
        files.batch_id < max(files.batch_id) over (partition by files.source, files.file_id) as is_superseded,
        case controls.is_failed when 1 then 'failed' when 0 then 'passed' end as control_status,
        files.received_at,
        files.batch_id
    from files
    left join controls on files.source = controls.source and files.file_id = controls.file_id
)

select * from final
