{{ config(materialized='incremental', incremental_strategy='replace_arrived', unique_key='order_id') }}

with {{ feed_versions(
    'order_lines',
    key=['order_id', 'line_id'],
    touched_by='order_id',
    clock='updated_at'
) }},

final as (
    select
        versions.order_id,
        versions.line_id,
        versions.sku,
        versions.warehouse_id,
        versions.seller_id,
        versions.quantity,
        coalesce(versions.cancelled_quantity, cast(0 as {{ dbt.type_bigint() }})) as cancelled_quantity,
        versions.unit_price,
        coalesce(versions.discount_amount, cast(0 as {{ money_type() }})) as discount_amount,
        coalesce(versions.tax_amount, cast(0 as {{ money_type() }})) as tax_amount,
        coalesce(versions.is_gift_card, false) as is_gift_card,
        coalesce(versions.requires_shipping, true) as requires_shipping,
        coalesce(versions.promise_is_date_only, false) as promise_is_date_only,
        {{ promised_instant('versions.promised_at', 'versions.promise_is_date_only') }} as promised_at,
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
)

select * from final
