{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='sku') }}

with {{ feed_versions(
    'products',
    key=['sku'],
    touched_by='sku',
    clock='updated_at'
) }},

final as (
    select
        versions.sku,
        versions.name,
        versions.category,
        versions.brand,
        {{ our_word('versions.kind', 'kind_words', default="'goods'") }} as kind,
        versions.kind as kind_word,
        versions.supplier,
        versions.currency,
        versions.lead_time_days,
        versions.pack_size,
        versions.minimum_order_quantity,
        versions.unit_cost,
        coalesce(versions.is_active, true) as is_active,
        versions.updated_at,
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
        on {{ word_of('kind_words', 'products', 'kind') }}
)

select * from final
