{{ config(severity='warn') }}

-- Files that were rejected as a whole within the last week of receipts and not replaced by a later file of the same
-- name.
select
    files.source,
    files.path,
    files.reason,
    files.received_at
from {{ ref('files') }} as files
where
    files.status = 'rejected'
    and files.received_at >= (
        select {{ add_days('max(latest.received_at)', -7) }}
        from {{ ref('files') }} as latest
    )
    and not exists (
        select 1
        from {{ ref('files') }} as later
        where
            later.source = files.source
            and later.path = files.path
            and later.status = 'loaded'
            and later.batch_id > files.batch_id
    )
