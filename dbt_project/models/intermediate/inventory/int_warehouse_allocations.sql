{#
  Lines without a warehouse use the stock that lines with a warehouse leave, in id order of the warehouses. Their missing
  units are backordered at `unassigned`. Warehouses add up to the network.
#}
with on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
),

line_allocations as (
    select * from {{ ref('int_line_allocations') }}
),

named as (
    select
        line_allocations.sku,
        line_allocations.warehouse_id,
        sum(line_allocations.allocated_quantity) as allocated_quantity,
        sum(line_allocations.backordered_quantity) as backordered_quantity
    from line_allocations
    where line_allocations.warehouse_id is not null
    group by line_allocations.sku, line_allocations.warehouse_id
),

free as (
    select
        line_allocations.sku,
        sum(line_allocations.allocated_quantity) as allocated_quantity,
        sum(line_allocations.backordered_quantity) as backordered_quantity
    from line_allocations
    where line_allocations.warehouse_id is null
    group by line_allocations.sku
),

places as (
    select on_hand.sku, on_hand.warehouse_id from on_hand
    union
    select named.sku, named.warehouse_id from named
    union
    select free.sku, 'unassigned' as warehouse_id from free
    where free.backordered_quantity > 0
),

remainders as (
    select
        places.sku,
        places.warehouse_id,
        coalesce(named.allocated_quantity, 0) as named_allocated_quantity,
        coalesce(named.backordered_quantity, 0) as named_backordered_quantity,
        coalesce(on_hand.allocatable_quantity, 0) - coalesce(named.allocated_quantity, 0) as remaining_quantity
    from places
    left join on_hand
        on
            places.sku = on_hand.sku
            and places.warehouse_id = on_hand.warehouse_id
    left join named
        on
            places.sku = named.sku
            and places.warehouse_id = named.warehouse_id
),

queues as (
    select
        remainders.*,
        coalesce(sum(remainders.remaining_quantity) over (
            partition by remainders.sku
            order by remainders.warehouse_id
            rows between unbounded preceding and 1 preceding
        ), 0) as remaining_quantity_before
    from remainders
),

final as (
    select
        queues.sku,
        queues.warehouse_id,
        cast(queues.named_allocated_quantity + greatest(least(
            queues.remaining_quantity,
            coalesce(free.allocated_quantity, 0) - queues.remaining_quantity_before
        ), 0) as {{ dbt.type_bigint() }}) as allocated_quantity,
        cast(queues.named_backordered_quantity + case
            when queues.warehouse_id = 'unassigned' then coalesce(free.backordered_quantity, 0)
            else 0
        end as {{ dbt.type_bigint() }}) as backordered_quantity
    from queues
    left join free on queues.sku = free.sku
)

select * from final
