{# Exceptions about units that were shipped although they were cancelled. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

line_details as (
    select * from {{ ref('int_order_lines') }}
),

-- The whole order was cancelled, or more units of a line than were still open.
shipped_after_all as (
    select
        line_details.order_id,
        min(line_details.sku) as sku,
        sum(line_details.requested_cancelled_quantity - line_details.cancelled_quantity) as late_cancelled_quantity,
        sum(
            (line_details.requested_cancelled_quantity - line_details.cancelled_quantity) * line_details.unit_price_amount
        ) as amount_at_stake
    from line_details
    where
        not line_details.is_over_shipped
        and line_details.shipped_quantity > 0
        and line_details.requested_cancelled_quantity > line_details.cancelled_quantity
        and {{ is_touched('line_details.order_id', touched) }}
    group by line_details.order_id
),

cancelled_but_shipped as (
    select
        states.order_id,
        shipped_after_all.sku,
        greatest(states.last_shipped_at, states.cancelled_at) as opened_at,
        case when states.is_whole_order_cancelled then states.net_amount else shipped_after_all.amount_at_stake end
            as amount_at_stake,
        states.currency,
        case
            when states.is_whole_order_cancelled
                then concat(
                    'Cancelled, yet ', {{ counted('states.shipped_quantity', 'unit was shipped', 'units were shipped') }}
                )
            else {{ counted(
                'shipped_after_all.late_cancelled_quantity', 'cancelled unit was shipped', 'cancelled units were shipped'
            ) }}
        end as detail,
        states._source
    from states
    left join shipped_after_all on states.order_id = shipped_after_all.order_id
    where
        states.returned_of_shipped_quantity < states.shipped_quantity
        and (states.is_whole_order_cancelled or shipped_after_all.order_id is not null)
),

final as (
    select
        'cancelled_but_shipped' as code,
        cancelled_but_shipped.order_id,
        cancelled_but_shipped.sku,
        cancelled_but_shipped.opened_at,
        cast(cancelled_but_shipped.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        cancelled_but_shipped.currency,
        cancelled_but_shipped.detail,
        cancelled_but_shipped._source
    from cancelled_but_shipped
)

select * from final
