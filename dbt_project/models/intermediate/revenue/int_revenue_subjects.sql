{# What returns are computed by: orders, and the returns that name none (credit notes); the log of those that were touched. #}
{{ config(materialized='view') }}

with touched_orders as (
    select * from {{ ref('int_touched_orders') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

-- A return that names its order only now was a credit note before.
final as (
    select
        touched_orders.order_id as subject_id,
        touched_orders._batch_id
    from touched_orders
    union all
    select
        concat('return:', returns.return_id) as subject_id,
        returns._batch_id
    from returns
)

select * from final
