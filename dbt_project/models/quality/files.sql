with files as (
    select * from {{ source('raw', 'files') }}
),

-- Results of the newest control totals of each file.
controls as (
    select
        controls.source,
        controls.file_id,
        max(case when controls.status = 'failed' then 1 else 0 end) as is_failed
    from {{ ref('controls') }} as controls
    where controls.is_current
    group by controls.source, controls.file_id
),

quarantine as (
    select * from {{ ref('quarantine') }}
),

{# Outcomes of repairs of the rows that a load put into quarantine. #}
repaired_rows as (
    select
        quarantine.source,
        quarantine.file_id,
        quarantine.feed,
        quarantine.batch_id,
        count(*) filter (where quarantine.replay_outcome = 'accepted') as accepted,
        count(*) filter (where quarantine.replay_outcome = 'duplicate') as duplicate,
        count(*) filter (
            where
            quarantine.repair_kind = 'discard'
            and coalesce(quarantine.replay_outcome, 'none') not in ('accepted', 'duplicate')
        ) as discarded
    from quarantine
    group by quarantine.source, quarantine.file_id, quarantine.feed, quarantine.batch_id
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
        files.accepted + coalesce(repaired_rows.accepted, 0) as accepted,
        files.duplicate + coalesce(repaired_rows.duplicate, 0) as duplicate,
        files.quarantined - coalesce(repaired_rows.accepted + repaired_rows.duplicate, 0) as quarantined,
        coalesce(repaired_rows.accepted + repaired_rows.duplicate, 0) as repaired,
        coalesce(repaired_rows.discarded, 0) as discarded,
        files.batch_id < max(files.batch_id) over (partition by files.source, files.file_id) as is_superseded,
        case controls.is_failed when 1 then 'failed' when 0 then 'passed' end as control_status,
        files.received_at,
        files.batch_id
    from files
    left join controls on files.source = controls.source and files.file_id = controls.file_id
    left join repaired_rows
        on
            files.source = repaired_rows.source
            and files.file_id = repaired_rows.file_id
            and files.feed = repaired_rows.feed
            and files.batch_id = repaired_rows.batch_id
)

select * from final
