{#-
  KPIs of orders. Decisions of customers count on the day of the order. Promises count on the day they were due, kept or
  not, so that undelivered orders are included. Durations count on the day of the delivery.
-#}
with orders as (
    select * from {{ ref('int_order_states') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

first_orders as (
    select first_order_id as order_id from {{ ref('int_customer_totals') }}
),

parcels as (
    select * from {{ ref('int_kpi_parcels') }}
),

open_exceptions as (
    select distinct exceptions.order_id
    from {{ ref('fct_exceptions') }} as exceptions
    where exceptions.order_id is not null
),

judged as (
    select
        orders.placed_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        orders.source,
        coalesce(parcels.warehouse, 'not_shipped') as warehouse,
        coalesce(parcels.carrier, 'not_shipped') as carrier,
        orders.order_status = 'cancelled' as is_cancelled,
        orders.order_status <> 'cancelled' and orders.is_shipment_tracked and orders.to_fulfil_quantity > 0
            as is_to_ship,
        orders.order_status <> 'cancelled' and orders.is_delivery_tracked and orders.to_fulfil_quantity > 0
            as is_to_deliver,
        orders.order_status <> 'cancelled' and orders.is_stock_tracked as is_to_allocate,
        {{ is_identified('orders.customer_key') }} as is_identified,
        first_orders.order_id is not null as is_first,
        open_exceptions.order_id is not null as has_exception,
        orders.is_backordered,
        orders.is_over_shipped,
        orders.has_delivery_problem,
        orders.ordered_quantity - orders.cancelled_quantity as kept_quantity,
        orders.to_fulfil_quantity,
        orders.fulfilled_quantity,
        orders.returned_quantity,
        orders.refunded_amount,
        orders.disputed_amount,
        orders.fulfilment_status,
        {{ business_date('orders.first_promised_at') }} as promised_date,
        orders.first_promise_ends_at,
        orders.first_attempt_at <= orders.first_promise_ends_at as is_attempted_in_time,
        orders.fulfilment_status = 'delivered' and not orders.was_late as is_complete_in_time,
        {{ hours_between('orders.placed_at', 'orders.last_shipped_at') }} <= {{ var('ship_within_hours') }}
        and orders.fulfilled_quantity >= orders.to_fulfil_quantity as is_shipped_in_time,
        orders.placed_at + interval '{{ var("ship_within_hours") }}' hour as ship_by_at,
        orders.delivered_at,
        cast(orders.hours_to_deliver as decimal(18, 4)) as hours_to_deliver,
        as_of.as_of
    from orders
    cross join as_of
    left join first_orders on orders.order_id = first_orders.order_id
    left join open_exceptions on orders.order_id = open_exceptions.order_id
    left join parcels on orders.order_id = parcels.order_id
),

placed as (
    select
        judged.placed_date as business_date,
        judged.channel,
        judged.country,
        judged.source,
        count(*) as orders_count,
        {{ count_if('not judged.is_cancelled') }} as kept_orders_count,
        {{ count_if('judged.is_cancelled') }} as cancelled_orders_count,
        {{ count_if('judged.is_first') }} as first_orders_count,
        {{ count_if('judged.is_identified and not judged.is_first') }} as repeat_orders_count,
        {{ count_if('judged.has_exception') }} as exception_orders_count,
        {{ count_if('judged.is_to_allocate') }} as allocatable_orders_count,
        {{ count_if('judged.is_to_allocate and judged.is_backordered') }} as backordered_orders_count,
        {{ count_if('judged.is_to_ship') }} as shippable_orders_count,
        {{ count_if('judged.is_to_ship and judged.fulfilled_quantity >= judged.to_fulfil_quantity') }}
            as filled_orders_count,
        sum(case when judged.is_cancelled then 0 else judged.kept_quantity end) as kept_quantity
    from judged
    group by judged.placed_date, judged.channel, judged.country, judged.source
),

ship_due as (
    select
        {{ business_date('judged.ship_by_at') }} as business_date,
        judged.channel,
        judged.country,
        judged.source,
        judged.warehouse,
        count(*) as due_orders_count,
        {{ count_if('judged.is_shipped_in_time') }} as in_time_orders_count
    from judged
    where judged.is_to_ship and judged.ship_by_at <= judged.as_of
    group by {{ business_date('judged.ship_by_at') }}, judged.channel, judged.country, judged.source, judged.warehouse
),

delivery_due as (
    select
        judged.promised_date as business_date,
        judged.channel,
        judged.country,
        judged.source,
        judged.warehouse,
        judged.carrier,
        count(*) as due_orders_count,
        {{ count_if('judged.is_attempted_in_time') }} as in_time_orders_count,
        {{ count_if("judged.fulfilment_status = 'delivered'") }} as in_full_orders_count,
        {{ count_if('judged.is_complete_in_time') }} as otif_orders_count,
        {{ count_if("
            judged.is_complete_in_time
            and not judged.has_delivery_problem
            and not judged.is_over_shipped
            and judged.returned_quantity = 0
            and judged.refunded_amount = 0
            and judged.disputed_amount = 0
        ") }} as perfect_orders_count
    from judged
    where judged.is_to_deliver and judged.first_promise_ends_at <= judged.as_of
    group by judged.promised_date, judged.channel, judged.country, judged.source, judged.warehouse, judged.carrier
),

delivered as (
    select
        {{ business_date('judged.delivered_at') }} as business_date,
        judged.channel,
        judged.country,
        judged.source,
        judged.warehouse,
        judged.carrier,
        count(*) as delivered_orders_count,
        sum(judged.hours_to_deliver) as cycle_hours
    from judged
    where judged.is_to_deliver and judged.hours_to_deliver is not null and judged.delivered_at <= judged.as_of
    group by
        {{ business_date('judged.delivered_at') }},
        judged.channel,
        judged.country,
        judged.source,
        judged.warehouse,
        judged.carrier
),

final as (
    {{ kpi_rows('placed', [
        ('orders', 'orders_count', none),
        ('new_customers', 'first_orders_count', none),
        ('units_per_order', 'kept_quantity', 'kept_orders_count'),
        ('cancellation_rate', 'cancelled_orders_count', 'orders_count'),
        ('repeat_rate', 'repeat_orders_count', 'orders_count'),
        ('exception_rate', 'exception_orders_count', 'orders_count'),
        ('backorder_rate', 'backordered_orders_count', 'allocatable_orders_count'),
        ('fill_rate_orders', 'filled_orders_count', 'shippable_orders_count'),
    ]) }}
    union all
    {{ kpi_rows('ship_due', [
        ('on_time_shipment_rate', 'in_time_orders_count', 'due_orders_count'),
    ], ['channel', 'country', 'source', 'warehouse']) }}
    union all
    {{ kpi_rows('delivery_due', [
        ('on_time_delivery_rate', 'in_time_orders_count', 'due_orders_count'),
        ('in_full_rate', 'in_full_orders_count', 'due_orders_count'),
        ('otif', 'otif_orders_count', 'due_orders_count'),
        ('perfect_order_rate', 'perfect_orders_count', 'due_orders_count'),
    ], ['channel', 'country', 'source', 'warehouse', 'carrier']) }}
    union all
    {{ kpi_rows('delivered', [
        ('order_cycle_hours', 'cycle_hours', 'delivered_orders_count'),
    ], ['channel', 'country', 'source', 'warehouse', 'carrier']) }}
)

select * from final
