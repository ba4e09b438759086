{#- One row per SKU and code. An instant in the future is a deadline: readers show the exception once the clock has passed it. -#}
with movements as (
    select * from {{ ref('int_stock_movements') }}
),

on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

line_allocations as (
    select * from {{ ref('int_line_allocations') }}
    where backordered_quantity > 0
),

positions as (
    select * from {{ ref('int_stock_positions') }}
    where warehouse_id is null
),

sku_costs as (
    select * from {{ ref('int_sku_costs') }}
),

negative_levels as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.occurred_at,
        sum(movements.quantity) over (
            partition by movements.sku, movements.warehouse_id
            order by movements.occurred_at
            range between unbounded preceding and current row
        ) as level_quantity
    from movements
    inner join on_hand
        on
            movements.sku = on_hand.sku
            and movements.warehouse_id = on_hand.warehouse_id
            and on_hand.on_hand_quantity < 0
),

last_good_levels as (
    select
        negative_levels.sku,
        negative_levels.warehouse_id,
        max(case when negative_levels.level_quantity >= 0 then negative_levels.occurred_at end) as last_good_at
    from negative_levels
    group by negative_levels.sku, negative_levels.warehouse_id
),

negative_since as (
    select
        negative_levels.sku,
        negative_levels.warehouse_id,
        min(negative_levels.occurred_at) as opened_at
    from negative_levels
    inner join last_good_levels
        on
            negative_levels.sku = last_good_levels.sku
            and negative_levels.warehouse_id = last_good_levels.warehouse_id
    where last_good_levels.last_good_at is null or negative_levels.occurred_at > last_good_levels.last_good_at
    group by negative_levels.sku, negative_levels.warehouse_id
),

negative_stock as (
    select
        on_hand.sku,
        'negative_stock' as code,
        min(negative_since.opened_at) as opened_at,
        -sum(on_hand.on_hand_quantity) as units,
        concat(
            'Level below zero at ', cast(count(*) as {{ dbt.type_string() }}), ' warehouse(s), first of them ',
            min(on_hand.warehouse_id)
        ) as detail
    from on_hand
    inner join negative_since
        on
            on_hand.sku = negative_since.sku
            and on_hand.warehouse_id = negative_since.warehouse_id
    group by on_hand.sku
),

waiting_lines as (
    select
        line_allocations.sku,
        line_allocations.backordered_quantity,
        order_lines.placed_at,
        coalesce(positions.incoming_quantity, 0) as incoming_quantity,
        sum(line_allocations.backordered_quantity) over (
            partition by line_allocations.sku
            order by order_lines.placed_at, line_allocations.order_id, line_allocations.line_id
            rows between unbounded preceding and current row
        ) as waiting_quantity
    from line_allocations
    inner join order_lines
        on
            line_allocations.order_id = order_lines.order_id
            and line_allocations.line_id = order_lines.line_id
    left join positions on line_allocations.sku = positions.sku
),

-- Neither stock nor anything on order will serve these units.
oversold as (
    select
        waiting_lines.sku,
        'oversold' as code,
        min(waiting_lines.placed_at) as opened_at,
        sum(least(waiting_lines.backordered_quantity, waiting_lines.waiting_quantity - waiting_lines.incoming_quantity))
            as units,
        concat(
            'More units sold than on hand and incoming; ', cast(count(*) as {{ dbt.type_string() }}),
            ' order line(s) wait in vain'
        ) as detail
    from waiting_lines
    where waiting_lines.waiting_quantity > waiting_lines.incoming_quantity
    group by waiting_lines.sku
),

-- A first count opens the books and explains no gap; a later one that agrees closes the gap before it.
latest_counts as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.quantity,
        movements.counted_quantity,
        movements.occurred_at,
        row_number() over (
            partition by movements.sku, movements.warehouse_id order by movements.occurred_at
        ) as count_number
    from movements
    where movements.kind = 'count'
    qualify row_number() over (
        partition by movements.sku, movements.warehouse_id order by movements.occurred_at desc
    ) = 1
),

stock_count_gap as (
    select
        latest_counts.sku,
        'stock_count_gap' as code,
        min(latest_counts.occurred_at) as opened_at,
        sum(abs(latest_counts.quantity)) as units,
        concat(
            'Last count differs from the books at ', cast(count(*) as {{ dbt.type_string() }}),
            ' warehouse(s), first of them ', min(latest_counts.warehouse_id)
        ) as detail
    from latest_counts
    where latest_counts.count_number > 1 and abs(latest_counts.quantity) >= {{ var('stock_count_gap_units') }}
    group by latest_counts.sku
),

transfers as (
    select
        movements.sku,
        movements.reference,
        sum(movements.quantity) as quantity,
        {{ add_days('min(movements.occurred_at)', var('transfer_days')) }} as due_at
    from movements
    where movements.kind in ('transfer_in', 'transfer_out')
    group by movements.sku, movements.reference
    having sum(movements.quantity) <> 0
),

transfer_gap as (
    select
        transfers.sku,
        'transfer_gap' as code,
        min(transfers.due_at) as opened_at,
        sum(abs(transfers.quantity)) as units,
        concat(
            'Legs differ in ', cast(count(*) as {{ dbt.type_string() }}), ' transfer(s), first of them ',
            coalesce(min(transfers.reference), 'without reference')
        ) as detail
    from transfers
    group by transfers.sku
),

exceptions as (
    select * from negative_stock
    union all
    select * from oversold
    union all
    select * from stock_count_gap
    union all
    select * from transfer_gap
),

sources as (
    select
        movements.sku,
        min(movements._source) as _source
    from movements
    group by movements.sku
),

final as (
    select
        'sku' as subject_type,
        exceptions.sku as subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        exceptions.sku,
        exceptions.code,
        exceptions.opened_at,
        cast(exceptions.units * sku_costs.average_cost_amount as {{ money_type() }}) as amount_at_stake,
        sku_costs.currency,
        concat(exceptions.detail, ' (', cast(exceptions.units as {{ dbt.type_string() }}), ' units).') as detail,
        sources._source,
        {{ this_batch() }} as _batch_id
    from exceptions
    left join sku_costs on exceptions.sku = sku_costs.sku
    left join sources on exceptions.sku = sources.sku
)

select * from final
