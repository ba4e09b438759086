{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='campaign_id') }}

with {{ feed_versions(
    'campaign_members',
    key=['campaign_id', 'customer_key'],
    touched_by='campaign_id'
) }},

final as (
    select
        versions.campaign_id,
        versions.customer_key,
        versions.title,
        versions.arm,
        versions.purpose,
        versions.channel,
        versions.template,
        versions.offer,
        versions.attribution_days,
        versions.assigned_at,
        {{ add_days('versions.assigned_at', 'versions.attribution_days') }} as window_ends_at,
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
