{#
  Log of orders with a SKU that became a service or stopped being one. This changes which lines need stock and shipping,
  although no row of the order was received. See int_touched_orders.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with products as (
    select * from {{ ref('stg_products') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

reclassified_skus as (
    select products.sku
    from products
    group by products.sku
    having
        max(products._batch_id) > {{ since }}
        and max(case when products.kind = 'service' then 1 else 0 end) = 1
        and (count(distinct products.kind) > 1 or min(products._batch_id) > {{ since }})
),

final as (
    select distinct
        order_lines.order_id,
        {{ this_batch() }} as _batch_id
    from order_lines
    inner join reclassified_skus on order_lines.sku = reclassified_skus.sku
    where
        order_lines.is_current
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
