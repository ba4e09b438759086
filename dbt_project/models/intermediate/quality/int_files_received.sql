{# Files in the order of receipt. The number of a file is that of its first load; its contents are those of its last load. #}
with files as (
    select * from {{ source('raw', 'files') }}
),

columns_seen as (
    select * from {{ source('raw', 'columns_seen') }}
),

loads as (
    select
        files.source,
        files.feed,
        files.file_id,
        files.path,
        files.rows_in,
        files.received_at,
        files.batch_id,
        min(files.batch_id) over (partition by files.source, files.feed, files.file_id) as first_batch_id,
        min(files.received_at) over (partition by files.source, files.feed, files.file_id) as first_received_at
    from files
    where
        files.status = 'loaded'
        and files.feed is not null
    qualify files.batch_id = max(files.batch_id) over (partition by files.source, files.file_id)
),

-- Files without rows have no columns to compare, and neither have files loaded before columns were recorded.
looked_at as (
    select distinct
        columns_seen.source,
        columns_seen.feed,
        columns_seen.file_id,
        columns_seen.batch_id
    from columns_seen
    where columns_seen.is_used
),

final as (
    select
        loads.source,
        loads.feed,
        loads.file_id,
        loads.path,
        loads.rows_in,
        row_number() over (
            partition by loads.source, loads.feed
            order by loads.first_batch_id, loads.path, loads.file_id
        ) as file_number,
        case
            when looked_at.file_id is not null
                then row_number() over (
                    partition by loads.source, loads.feed, looked_at.file_id is not null
                    order by loads.first_batch_id, loads.path, loads.file_id
                )
        end as looked_at_number,
        loads.first_received_at as received_at,
        loads.batch_id,
        loads.first_batch_id
    from loads
    left join looked_at
        on
            loads.source = looked_at.source
            and loads.feed = looked_at.feed
            and loads.file_id = looked_at.file_id
            and loads.batch_id = looked_at.batch_id
)

select * from final
