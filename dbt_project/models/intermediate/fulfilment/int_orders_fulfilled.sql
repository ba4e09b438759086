{# Lines of each order added up, and its fulfilment status. #}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
{%- set summed = [
    'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity', 'lost_quantity',
    'carrier_returned_quantity', 'open_quantity', 'held_quantity', 'allocated_quantity', 'backordered_quantity',
    'not_tracked_quantity', 'ordered_gross_amount', 'ordered_discount_amount', 'ordered_net_amount', 'ordered_tax_amount',
    'gross_amount', 'discount_amount', 'net_amount', 'tax_amount', 'returned_net_amount', 'returned_tax_amount'
] %}
{%- set counted = [
    'returned_of_shipped_quantity', 'arrived_quantity', 'to_fulfil_quantity', 'fulfilled_quantity', 'received_quantity',
    'to_ship_quantity'
] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines_allocated') }}
    where {{ is_touched('order_id', touched) }}
),

summed_lines as (
    select
        order_lines.order_id,
        count(*) as lines_count,
        {% for column in summed -%}
        sum(order_lines.{{ column }}) as {{ column }},
        {% endfor -%}
        {% for column, measure in fulfilment_measures('order_lines').items() -%}
        sum({{ measure }}) as {{ column }},
        {% endfor -%}
        max(case when order_lines.is_over_shipped then 1 else 0 end) as over_shipped_flag,
        max(case when order_lines.requires_shipping and order_lines.was_late then 1 else 0 end) as was_late_flag,
        coalesce(min(order_lines.late_at) filter (where not order_lines.has_arrived), min(order_lines.late_at)) as late_at,
        count(order_lines.late_at) filter (where not order_lines.has_arrived) as waiting_lines_count,
        min(order_lines.first_shipped_at) as first_shipped_at,
        max(order_lines.last_shipped_at) as last_shipped_at,
        max(case when order_lines.requires_shipping then order_lines.delivered_at end) as last_delivered_at,
        max(order_lines.first_promised_at) as last_line_promised_at,
        max(order_lines.first_promise_ends_at) as last_line_promise_ends_at,
        case
            when count(*) filter (where order_lines.ordered_quantity > 0 and order_lines.cancelled_at is null) = 0
                then max(order_lines.cancelled_at)
        end as lines_cancelled_at
    from order_lines
    group by order_lines.order_id
),

joined as (
    select
        orders.order_id,
        coalesce(summed_lines.lines_count, 0) as lines_count,
        {% for column in summed + counted -%}
        coalesce(summed_lines.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(summed_lines.over_shipped_flag = 1, false) as is_over_shipped,
        coalesce(summed_lines.was_late_flag = 1, false) as has_late_line,
        coalesce(summed_lines.waiting_lines_count, 0) > 0 as is_promise_open,
        summed_lines.late_at,
        orders.is_shipment_tracked,
        summed_lines.first_shipped_at,
        summed_lines.last_shipped_at,
        summed_lines.last_delivered_at,
        summed_lines.last_line_promised_at,
        summed_lines.last_line_promise_ends_at,
        summed_lines.lines_cancelled_at
    from orders
    left join summed_lines on orders.order_id = summed_lines.order_id
),

progressed as (
    select
        joined.*,
        {{ fulfilment_status('joined') }} as fulfilment_status
    from joined
),

final as (
    select
        progressed.*,
        progressed.fulfilment_status = 'delivered' and progressed.has_late_line as was_late,
        case when progressed.fulfilment_status = 'delivered' then progressed.last_delivered_at end as delivered_at
    from progressed
)

select * from final
