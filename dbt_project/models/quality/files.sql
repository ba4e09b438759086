with files as (
    select * from {{ source('raw', 'files') }}
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
        files.received_at,
        files.batch_id
    from files
)

select * from final
