{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='shipment_id') }}

with {{ feed_versions(
    'shipments',
    key=['shipment_id', 'order_id', 'line_id'],
    touched_by='shipment_id'
) }},

final as (
    select
        versions.shipment_id,
        versions.line_id,
        versions.order_id,
        versions.sku,
        versions.warehouse_id,
        {{ our_label('versions.carrier', 'carrier_words') }} as carrier,
        versions.carrier as carrier_word,
        versions.service,
        versions.tracking_number,
        versions.cost_currency,
        versions.quantity,
        versions.cost_amount,
        versions.shipped_at,
        coalesce(versions.estimate_is_date_only, false) as estimate_is_date_only,
        {{ promised_instant('versions.estimated_delivery_at', 'versions.estimate_is_date_only') }}
            as estimated_delivery_at,
        versions.content_hash,
        versions.is_current,
        versions.has_conflict,
        versions._file_id,
        versions._record,
        versions._received_at,
        versions._batch_id,
        versions._source
    from versions
    left join {{ ref('stg_vocabulary') }} as carrier_words
        on {{ word_of('carrier_words', 'shipments', 'carrier') }}
)

select * from final
