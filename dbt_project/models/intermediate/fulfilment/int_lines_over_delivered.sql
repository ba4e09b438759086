{# Order lines with more delivered than ordered units, and the instant at which the ordered ones had arrived. #}
{{ config(materialized='ephemeral', step_of='int_order_lines_counted') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with shipped as (
    select * from {{ ref('int_line_shipments_summed') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        outcome = 'delivered'
        and {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
    where
        is_current
        and {{ is_touched('order_id', touched) }}
),

over_delivered as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.quantity
    from order_lines
    inner join shipped
        on
            order_lines.order_id = shipped.order_id
            and order_lines.line_id = shipped.line_id
            and order_lines.quantity < shipped.delivered_quantity
),

running as (
    select
        over_delivered.order_id,
        over_delivered.line_id,
        over_delivered.quantity as ordered_quantity,
        shipment_lines.delivered_at,
        sum(shipment_lines.quantity) over (
            partition by over_delivered.order_id, over_delivered.line_id
            order by shipment_lines.delivered_at, shipment_lines.shipment_id
            rows between unbounded preceding and current row
        ) as delivered_so_far
    from over_delivered
    inner join shipment_lines
        on
            over_delivered.order_id = shipment_lines.order_id
            and over_delivered.line_id = shipment_lines.line_id
),

final as (
    select
        running.order_id,
        running.line_id,
        min(running.delivered_at) as ordered_delivered_at
    from running
    where running.delivered_so_far >= running.ordered_quantity
    group by
        running.order_id,
        running.line_id
)

select * from final
