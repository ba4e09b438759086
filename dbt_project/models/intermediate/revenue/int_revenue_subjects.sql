{# Log of touched orders, and of touched returns that name no order (credit notes). Returns are recomputed by it. #}
{{ config(materialized='view') }}

with touched_orders as (
    select * from {{ ref('int_touched_orders') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

-- A return whose order was named later was a credit note before.
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
