-- The last count of a SKU at a warehouse plus the movements after it equals the units on hand.
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

last_counts as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.counted_quantity,
        movements.occurred_at
    from movements
    where movements.kind = 'count'
    qualify row_number() over (
        partition by movements.sku, movements.warehouse_id order by movements.occurred_at desc
    ) = 1
),

expected as (
    select
        last_counts.sku,
        last_counts.warehouse_id,
        max(last_counts.counted_quantity) + coalesce(sum(movements.quantity), 0) as on_hand_quantity
    from last_counts
    left join movements
        on
            last_counts.sku = movements.sku
            and last_counts.warehouse_id = movements.warehouse_id
            and last_counts.occurred_at < movements.occurred_at
    group by last_counts.sku, last_counts.warehouse_id
)

select
    on_hand.sku,
    on_hand.warehouse_id,
    on_hand.on_hand_quantity,
    expected.on_hand_quantity as expected_quantity
from expected
inner join {{ ref('int_stock_on_hand') }} as on_hand
    on
        expected.sku = on_hand.sku
        and expected.warehouse_id = on_hand.warehouse_id
where on_hand.on_hand_quantity <> expected.on_hand_quantity
