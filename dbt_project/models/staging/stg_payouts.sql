{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='movement_id') }}

with {{ feed_versions(
    'payouts',
    key=['movement_id'],
    touched_by='movement_id'
) }},

final as (
    select
        versions.movement_id,
        versions.payout_id,
        versions.payment_id,
        {{ our_word('versions.kind', 'kind_words') }} as kind,
        versions.kind as kind_word,
        versions.provider,
        versions.currency,
        versions.amount,
        versions.fee_amount,
        versions.occurred_at,
        versions.arrives_at,
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
        on {{ word_of('kind_words', 'payouts', 'kind') }}
)

select * from final
