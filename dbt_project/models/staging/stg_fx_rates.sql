{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='rate_date') }}

with {{ feed_versions(
    'fx_rates',
    key=['rate_date', 'base', 'quote'],
    touched_by='rate_date'
) }},

final as (
    select
        versions.base,
        versions.quote,
        versions.rate,
        versions.rate_date,
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
