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

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
    where _batch_id > {{ since }}
),

fresh_rate_span as (
    select
        min(fx_rates.rate_date) as first_date,
        max(fx_rates.rate_date) as last_date
    from fx_rates
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
    -- A rate is used for a week.
    select {{ customer_key('orders') }} as customer_key
    from orders
    inner join fresh_rate_span
        on
            orders.placed_at >= {{ add_days('cast(fresh_rate_span.first_date as timestamp)', -1) }}
            and orders.placed_at < {{ add_days('cast(fresh_rate_span.last_date as timestamp)', 9) }}
    where orders.currency <> '{{ var("reporting_currency") }}'
),

final as (
    select
        touched.customer_key,
        {{ this_batch() }} as _batch_id
    from touched
    where {{ 'true' if is_incremental() else 'false' }}
)

select * from final
