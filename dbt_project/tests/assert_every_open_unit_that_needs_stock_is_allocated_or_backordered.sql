with open_lines as (
    select * from {{ ref('int_order_lines') }}
    where open_quantity > 0 and requires_stock and is_stock_tracked and not is_held
),

allocations as (
    select
        allocations.order_id,
        allocations.line_id,
        count(*) - count(distinct coalesce(allocations.warehouse_id, '')) as repeated_count,
        sum(allocations.allocated_quantity + allocations.backordered_quantity) as split_quantity
    from {{ ref('int_line_allocations') }} as allocations
    group by allocations.order_id, allocations.line_id
)

select
    coalesce(open_lines.order_id, allocations.order_id) as order_id,
    coalesce(open_lines.line_id, allocations.line_id) as line_id,
    open_lines.open_quantity,
    allocations.split_quantity
from open_lines
full outer join allocations
    on
        open_lines.order_id = allocations.order_id
        and open_lines.line_id = allocations.line_id
where
    coalesce(open_lines.open_quantity, 0) <> coalesce(allocations.split_quantity, 0)
    or allocations.repeated_count > 0
