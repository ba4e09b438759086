{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='feedback_id') }}

with {{ feed_versions(
    'feedback',
    key=['feedback_id'],
    touched_by='feedback_id'
) }},

final as (
    select
        versions.feedback_id,
        versions.order_id,
        versions.customer_id,
        versions.channel,
        versions.topic,
        versions.text_token,
        versions.score,
        versions.scale_max,
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
