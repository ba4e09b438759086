{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='cart_id') }}

with {{ feed_versions(
    'carts',
    key=['cart_id', 'sku', 'status', 'occurred_at'],
    touched_by='cart_id'
) }},

final as (
    select
        versions.cart_id,
        versions.sku,
        versions.customer_id,
        versions.order_id,
        versions.campaign,
        {{ our_word('versions.status', 'status_words') }} as status,
        versions.status as status_word,
        versions.quantity,
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
        on {{ word_of('status_words', 'carts', 'status') }}
)

select * from final
