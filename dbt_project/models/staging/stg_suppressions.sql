{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='suppression_id') }}

with {{ feed_versions(
    'suppressions',
    key=['suppression_id'],
    touched_by='suppression_id'
) }},

final as (
    select
        versions.suppression_id,
        versions.recipient,
        versions.purpose,
        versions.kind,
        versions.origin,
        versions.occurred_at,
        versions.content_hash,
        versions.is_current,
        versions.has_conflict,
        versions._file_id,
        versions._record,
        versions._received_at,
        versions._batch_id,
        versions._source
    from versions
)

select * from final
