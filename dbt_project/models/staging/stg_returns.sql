{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='return_id') }}

with {{ feed_versions(
    'returns',
    key=['return_id', 'line_id', 'status', 'occurred_at'],
    touched_by='return_id'
) }},

final as (
    select
        versions.return_id,
        versions.line_id,
        versions.order_id,
        {{ our_word('versions.status', 'status_words') }} as status,
        versions.status as status_word,
        versions.reason_token,
        versions.warehouse_id,
        versions.sku,
        versions.customer_id,
        versions.channel,
        versions.country,
        versions.currency,
        versions.quantity,
        versions.credit_amount,
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
    left join {{ ref('stg_vocabulary') }} as status_words
        on {{ word_of('status_words', 'returns', 'status') }}
)

select * from final
