{# Log of the earliest business day that newly received rows touch; see int_touched_orders. #}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with touched_orders as (
    select * from {{ ref('int_touched_orders') }}
    where _batch_id > {{ since }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
    where _batch_id > {{ since }}
),

touched as (
    select {{ business_date('min(orders.placed_at)') }} as touched_date
    from orders
    where orders.order_id in (select touched_orders.order_id from touched_orders)
    union all
    select {{ business_date('min(returns.occurred_at)') }} as touched_date
    from returns
    where returns.return_id in (select fresh.return_id from returns as fresh where fresh._batch_id > {{ since }})
    union all
    select min(fx_rates.rate_date) as touched_date from fx_rates
),

earliest as (
    select min(touched.touched_date) as touched_date from touched
),

final as (
    select
        earliest.touched_date,
        {{ this_batch() }} as _batch_id
    from earliest
    where
        earliest.touched_date is not null
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
