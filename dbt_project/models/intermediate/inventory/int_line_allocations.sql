{#
  Stock is allocated in the order of placement. Lines that name a warehouse are served from it first; the other lines
  share the rest of all warehouses. A line gets the supply that is left after the cumulative sum of the units before it.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('sku', touched) }}
),

on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
    where {{ is_touched('sku', touched) }}
),

{%- if not var('reserve_unpaid') %}

-- Unpaid orders reserve no stock. Their lines come after all others.
unpaid_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    left join {{ ref('int_order_payments') }} as order_payments on orders.order_id = order_payments.order_id
    where
        orders.is_current
        and orders.payment_terms = 'prepaid'
        and coalesce(greatest(order_payments.authorized_amount, order_payments.captured_amount), 0) = 0
),
{%- endif %}

open_lines as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.sku,
        order_lines.warehouse_id,
        order_lines.open_quantity,
        order_lines.placed_at,
        {% if var('reserve_unpaid') -%}
        0 as queue_number
        {%- else -%}
        case when unpaid_orders.order_id is null then 0 else 1 end as queue_number
        {%- endif %}
    from order_lines
    {%- if not var('reserve_unpaid') %}
    left join unpaid_orders on order_lines.order_id = unpaid_orders.order_id
    {%- endif %}
    where
        order_lines.open_quantity > 0
        and order_lines.requires_stock
        and order_lines.is_stock_tracked
        and not order_lines.is_held
),

named_queues as (
    select
        open_lines.*,
        coalesce(on_hand.allocatable_quantity, 0) as supply_quantity,
        coalesce(sum(open_lines.open_quantity) over (
            partition by open_lines.sku, open_lines.warehouse_id
            order by open_lines.queue_number, open_lines.placed_at, open_lines.order_id, open_lines.line_id
            rows between unbounded preceding and 1 preceding
        ), 0) as open_quantity_before
    from open_lines
    left join on_hand
        on
            open_lines.sku = on_hand.sku
            and open_lines.warehouse_id = on_hand.warehouse_id
    where open_lines.warehouse_id is not null
),

named_allocations as (
    select
        named_queues.order_id,
        named_queues.line_id,
        named_queues.sku,
        named_queues.warehouse_id,
        named_queues.open_quantity,
        greatest(least(
            named_queues.open_quantity, named_queues.supply_quantity - named_queues.open_quantity_before
        ), 0) as allocated_quantity
    from named_queues
),

supplies as (
    select
        on_hand.sku,
        sum(on_hand.allocatable_quantity) as supply_quantity
    from on_hand
    group by on_hand.sku
),

named_demand as (
    select
        named_allocations.sku,
        sum(named_allocations.allocated_quantity) as allocated_quantity
    from named_allocations
    group by named_allocations.sku
),

free_queues as (
    select
        open_lines.*,
        coalesce(supplies.supply_quantity, 0) - coalesce(named_demand.allocated_quantity, 0) as supply_quantity,
        coalesce(sum(open_lines.open_quantity) over (
            partition by open_lines.sku
            order by open_lines.queue_number, open_lines.placed_at, open_lines.order_id, open_lines.line_id
            rows between unbounded preceding and 1 preceding
        ), 0) as open_quantity_before
    from open_lines
    left join supplies on open_lines.sku = supplies.sku
    left join named_demand on open_lines.sku = named_demand.sku
    where open_lines.warehouse_id is null
),

allocations as (
    select * from named_allocations
    union all
    select
        free_queues.order_id,
        free_queues.line_id,
        free_queues.sku,
        free_queues.warehouse_id,
        free_queues.open_quantity,
        greatest(least(
            free_queues.open_quantity, free_queues.supply_quantity - free_queues.open_quantity_before
        ), 0) as allocated_quantity
    from free_queues
),

final as (
    select
        allocations.order_id,
        allocations.line_id,
        allocations.sku,
        allocations.warehouse_id,
        cast(allocations.open_quantity as {{ dbt.type_bigint() }}) as open_quantity,
        cast(allocations.allocated_quantity as {{ dbt.type_bigint() }}) as allocated_quantity,
        cast(allocations.open_quantity - allocations.allocated_quantity as {{ dbt.type_bigint() }})
            as backordered_quantity,
        {% if is_incremental() -%}
        coalesce(unchanged._batch_id, {{ this_batch() }}) as _batch_id
        {%- else -%}
        {{ this_batch() }} as _batch_id
        {%- endif %}
    from allocations
    {%- if is_incremental() %}
    -- A line with an unchanged split keeps its batch, so that models downstream do not recompute it.
    left join {{ this }} as unchanged
        on
            allocations.order_id = unchanged.order_id
            and allocations.line_id = unchanged.line_id
            and allocations.sku = unchanged.sku
            and allocations.warehouse_id is not distinct from unchanged.warehouse_id
            and allocations.open_quantity = unchanged.open_quantity
            and allocations.allocated_quantity = unchanged.allocated_quantity
    {%- endif %}
)

select * from final
