{# Log of SKUs that newly received rows touch, directly or through the orders they touch; see int_touched_orders. #}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with touched_orders as (
    select touched_orders.order_id
    from {{ ref('int_touched_orders') }} as touched_orders
    where touched_orders._batch_id > {{ since }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

stock as (
    select * from {{ ref('stg_stock') }}
),

inbound as (
    select * from {{ ref('stg_inbound') }}
),

products as (
    select * from {{ ref('stg_products') }}
),

-- Every version counts, because a line may have had another SKU before.
touched as (
    select order_lines.sku from order_lines
    where order_lines.order_id in (select touched_orders.order_id from touched_orders)
    union
    select shipments.sku from shipments
    where
        shipments.order_id in (select touched_orders.order_id from touched_orders)
        or shipments._batch_id > {{ since }}
    union
    select returns.sku from returns
    where
        returns.order_id in (select touched_orders.order_id from touched_orders)
        or returns._batch_id > {{ since }}
    union
    select stock.sku from stock
    where stock.movement_id in (select fresh.movement_id from stock as fresh where fresh._batch_id > {{ since }})
    union
    select inbound.sku from inbound
    where inbound._batch_id > {{ since }}
    union
    select products.sku from products
    where products._batch_id > {{ since }}
),

final as (
    select
        touched.sku,
        {{ this_batch() }} as _batch_id
    from touched
    where
        touched.sku is not null
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
