{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='order_id') }}

with {{ feed_versions(
    'orders',
    key=['order_id'],
    touched_by='order_id',
    clock='updated_at'
) }},

final as (
    select
        versions.order_id,
        versions.channel,
        {{ our_word('versions.order_type', 'order_type_words', default="'sale'") }} as order_type,
        versions.order_type as order_type_word,
        versions.original_order_id,
        versions.legal_entity,
        versions.customer_id,
        versions.email_token,
        versions.phone_token,
        versions.ship_name_token,
        versions.ship_street_token,
        versions.ship_city,
        versions.ship_region,
        versions.ship_postcode,
        versions.ship_country,
        versions.currency,
        versions.discount_code,
        {{ our_word('versions.payment_terms', 'payment_terms_words', default="'prepaid'") }} as payment_terms,
        versions.payment_terms as payment_terms_word,
        versions.cancel_reason,
        coalesce(versions.shipping_amount, cast(0 as {{ money_type() }})) as shipping_amount,
        coalesce(versions.shipping_tax_amount, cast(0 as {{ money_type() }})) as shipping_tax_amount,
        coalesce(versions.prices_include_tax, false) as prices_include_tax,
        coalesce(versions.promise_is_date_only, false) as promise_is_date_only,
        coalesce(versions.is_cancelled, false) as is_cancelled,
        coalesce(versions.is_test, false) as is_test,
        versions.is_held_back,
        versions.placed_at,
        versions.invoice_due_at,
        {{ promised_instant('versions.promised_at', 'versions.promise_is_date_only') }} as promised_at,
        versions.cancelled_at,
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
    left join {{ ref('stg_vocabulary') }} as order_type_words
        on {{ word_of('order_type_words', 'orders', 'order_type') }}
    left join {{ ref('stg_vocabulary') }} as payment_terms_words
        on {{ word_of('payment_terms_words', 'orders', 'payment_terms') }}
)

select * from final
