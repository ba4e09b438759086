{#
  Open units whose warehouse is not decided: those that no line, and no route of an operator, gives a warehouse, and those that
  wait at the warehouse of their line for stock. Units that an operator routed stay where they are. Held lines are not allocated.
#}
{{ config(materialized='view') }}

with allocations as (
    select * from {{ ref('int_line_allocations') }}
),

routed as (
    select * from {{ ref('int_lines_routed') }}
    where
        waiting_quantity > 0
        or is_decided
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

undecided as (
    select
        allocations.order_id,
        allocations.line_id,
        max(case when allocations.warehouse_id is null and allocations.allocated_quantity > 0 then 1 else 0 end) as is_allocated,
        sum(case
            when allocations.warehouse_id is null then allocations.open_quantity
            else allocations.backordered_quantity
        end) as quantity
    from allocations
    where not exists (
        select 1 from routed
        where
            routed.order_id = allocations.order_id
            and routed.line_id = allocations.line_id
            and routed.warehouse_id = allocations.warehouse_id
    )
    group by allocations.order_id, allocations.line_id
),

final as (
    select
        undecided.order_id,
        undecided.line_id,
        order_lines.sku,
        order_lines.ship_country,
        cast(undecided.quantity as {{ dbt.type_bigint() }}) as quantity,
        -- Units that stock is reserved for come first, as they do in the allocation.
        cast(row_number() over (
            order by
                undecided.is_allocated desc, order_lines.placed_at nulls last, undecided.order_id nulls last,
                undecided.line_id nulls last
        ) as {{ dbt.type_bigint() }}) as queue_number,
        order_lines.placed_at,
        {{ promise_end('order_lines.current_promised_at', 'order_lines.promise_is_date_only') }} as promise_ends_at
    from undecided
    inner join order_lines
        on
            undecided.order_id = order_lines.order_id
            and undecided.line_id = order_lines.line_id
    where undecided.quantity > 0
)

select * from final
