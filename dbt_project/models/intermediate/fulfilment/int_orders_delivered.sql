{# Shipments of each order added up. #}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
    where {{ is_touched('order_id', touched) }}
),

summed_shipments as (
    select
        shipments.order_id,
        count(*) as shipments_count,
        min(shipments.furthest_rank) filter (where shipments.furthest_status not in ('lost', 'cancelled')) as least_rank,
        count(*) filter (where shipments.furthest_status = 'lost') as lost_count,
        max(case when shipments.has_delivery_problem and not (shipments.is_cancelled or shipments.is_lost) then 1 else 0 end)
            as problem_flag,
        min(shipments.first_attempt_at) filter (where not shipments.is_cancelled) as first_attempt_at,
        min(greatest(shipments.last_scan_at, shipments.shipped_at)) filter (where shipments.outcome = 'on_the_way') as stale_since
    from shipments
    group by shipments.order_id
),

joined as (
    select
        orders.order_id,
        coalesce(summed_shipments.shipments_count, 0) as shipments_count,
        summed_shipments.least_rank,
        coalesce(summed_shipments.lost_count, 0) as lost_count,
        orders.is_delivery_tracked,
        coalesce(summed_shipments.problem_flag = 1, false) as has_delivery_problem,
        summed_shipments.first_attempt_at,
        summed_shipments.stale_since
    from orders
    left join summed_shipments on orders.order_id = summed_shipments.order_id
),

final as (
    select
        joined.order_id,
        {{ delivery_status('joined') }} as delivery_status,
        joined.shipments_count,
        joined.has_delivery_problem,
        joined.first_attempt_at,
        joined.stale_since
    from joined
)

select * from final
