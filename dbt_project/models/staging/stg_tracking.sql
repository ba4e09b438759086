{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='scan_key') }}

with {{ feed_versions(
    'tracking',
    key=['scan_key', 'status', 'occurred_at'],
    touched_by='scan_key',
    touched_expression="coalesce(shipment_id, carrier || ':' || tracking_number)"
) }},

final as (
    select
        versions.scan_key,
        versions.shipment_id,
        {{ our_label('versions.carrier', 'carrier_words') }} as carrier,
        versions.carrier as carrier_word,
        versions.tracking_number,
        {{ our_word('versions.status', 'status_words') }} as status,
        versions.status as status_word,
        versions.location,
        versions.detail,
        versions.occurred_at,
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
        on {{ word_of('carrier_words', 'tracking', 'carrier') }}
    left join {{ ref('stg_vocabulary') }} as status_words
        on {{ word_of('status_words', 'tracking', 'status') }}
)

select * from final
