{#
  Stock is allocated in the order of placement. Units with a warehouse are served from it first; the other units share the
  rest of all warehouses. A line gets the supply that is left after the cumulative sum of the units before it.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with open_units as (
    select * from {{ ref('int_open_units') }}
),

on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
    where {{ is_touched('sku', touched) }}
),

named_queues as (
    select
        open_units.*,
        coalesce(on_hand.allocatable_quantity, 0) as supply_quantity,
        coalesce(sum(open_units.open_quantity) over (
            partition by open_units.sku, open_units.warehouse_id
            order by open_units.queue_number, open_units.placed_at, open_units.order_id, open_units.line_id
            rows between unbounded preceding and 1 preceding
        ), 0) as open_quantity_before
    from open_units
    left join on_hand
        on
            open_units.sku = on_hand.sku
            and open_units.warehouse_id = on_hand.warehouse_id
    where open_units.warehouse_id is not null
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
        open_units.*,
        coalesce(supplies.supply_quantity, 0) - coalesce(named_demand.allocated_quantity, 0) as supply_quantity,
        coalesce(sum(open_units.open_quantity) over (
            partition by open_units.sku
            order by open_units.queue_number, open_units.placed_at, open_units.order_id, open_units.line_id
            rows between unbounded preceding and 1 preceding
        ), 0) as open_quantity_before
    from open_units
    left join supplies on open_units.sku = supplies.sku
    left join named_demand on open_units.sku = named_demand.sku
    where open_units.warehouse_id is null
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
