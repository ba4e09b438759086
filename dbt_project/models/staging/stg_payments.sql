{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='payment_id') }}

with {{ feed_versions(
    'payments',
    key=['payment_id'],
    touched_by='payment_id',
    learnt=['method', 'fee_amount', 'payout_id', 'payout_at', 'return_id', 'goods_amount', 'tax_amount', 'shipping_amount'],
    undone=['kind', 'failed', 'refunded'],
    follows=['order_id', 'parent_payment_id']
) }},

-- A payment that names its parent in place of an order belongs to the parent's order.
parents as (
    select
        versions.payment_id,
        versions.order_id
    from versions
    where
        versions.is_current
        and exists (
            select 1 from arrived
            where
                arrived.order_id = arrived.parent_payment_id
                and arrived.parent_payment_id = versions.payment_id
        )
),

final as (
    select
        versions.payment_id,
        coalesce(parents.order_id, versions.order_id) as order_id,
        {{ our_word('versions.kind', 'kind_words') }} as kind,
        versions.kind as kind_word,
        versions.method,
        versions.provider,
        versions.currency,
        versions.payout_id,
        versions.parent_payment_id,
        versions.return_id,
        versions.amount,
        versions.fee_amount,
        versions.goods_amount,
        versions.tax_amount,
        versions.shipping_amount,
        versions.occurred_at,
        versions.payout_at,
        versions.content_hash,
        versions.is_current,
        versions.has_conflict,
        versions._file_id,
        versions._record,
        versions._received_at,
        versions._batch_id,
        versions._source
    from versions
    left join {{ ref('stg_vocabulary') }} as kind_words
        on {{ word_of('kind_words', 'payments', 'kind') }}
    left join parents
        on
            versions.order_id = versions.parent_payment_id
            and versions.parent_payment_id = parents.payment_id
)

select * from final
