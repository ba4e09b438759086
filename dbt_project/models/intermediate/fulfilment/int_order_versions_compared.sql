{# Versions of an order, each compared with the one before it. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_versions as (
    select
        orders.order_id,
        orders.is_cancelled,
        orders.cancelled_at,
        orders.cancel_reason,
        orders.promise_is_date_only,
        orders.promised_at,
        orders.updated_at,
        orders._file_id,
        orders._record,
        orders._source,
        orders.placed_at,
        row_number() over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as version_number,
        lag(orders.is_cancelled) over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as was_cancelled,
        lag(orders.promised_at) over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as was_promised_at
    from orders
    inner join states on orders.order_id = states.order_id
),

final as (
    select
        order_versions.*,
        case
            when order_versions.is_cancelled and not coalesce(order_versions.was_cancelled, false) then 'cancelled'
            when order_versions.version_number = 1 then 'placed'
            when not order_versions.is_cancelled and order_versions.was_cancelled then 'reinstated'
            when (order_versions.promised_at is distinct from order_versions.was_promised_at) then 'promise_changed'
            else 'changed'
        end as event
    from order_versions
)

select * from final
