{# Log of customers that newly received rows touch; see int_touched_orders. #}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with touched_orders as (
    select * from {{ ref('int_touched_orders') }}
    where _batch_id > {{ since }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
    where _batch_id > {{ since }}
),

returns as (
    select * from {{ ref('stg_returns') }}
    where customer_id is not null
),

products as (
    select * from {{ ref('stg_products') }}
    where _batch_id > {{ since }}
),

revalued as (
    select * from {{ ref('int_subjects_revalued') }}
    where _batch_id > {{ since }}
),

-- Every version counts, because an order may have had another customer before.
touched as (
    select {{ customer_key('orders') }} as customer_key
    from orders
    where orders.order_id in (select touched_orders.order_id from touched_orders)
    union
    select concat('c:', customers.customer_id) as customer_key from customers
    union
    select concat('c:', returns.customer_id) as customer_key from returns
    where returns.return_id in (
        select fresh.return_id from {{ ref('stg_returns') }} as fresh where fresh._batch_id > {{ since }}
    )
    union
    -- A product with a new category may change the preferred category of its buyers.
    select order_lines.customer_key from order_lines
    where order_lines.sku in (select products.sku from products)
    union
    -- A rate may change what an order, a return of it or a credit note is worth.
    select {{ customer_key('orders') }} as customer_key
    from orders
    where orders.order_id in (select revalued.order_id from revalued)
    union
    select concat('c:', returns.customer_id) as customer_key
    from returns
    where concat('return:', returns.return_id) in (select revalued.subject_id from revalued)
),

final as (
    select
        touched.customer_key,
        {{ this_batch() }} as _batch_id
    from touched
    where {{ 'true' if is_incremental() else 'false' }}
)

select * from final
