{# SKUs whose last count differs from the books, or whose transfers have legs that differ. #}
{{ config(materialized='ephemeral') }}

with movements as (
    select * from {{ ref('int_stock_movements') }}
    where kind in ('count', 'transfer_in', 'transfer_out')
),

-- A first count opens the books and explains no gap; a later one that agrees closes the gap before it.
latest_counts as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.quantity,
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

final as (
    select
        latest_counts.sku,
        'stock_count_gap' as code,
        min(latest_counts.occurred_at) as opened_at,
        sum(abs(latest_counts.quantity)) as units,
        concat(
            'Last count differs from the books at ',
            {{ counted_with_example('count(*)', 'warehouse', 'min(latest_counts.warehouse_id)') }}
        ) as detail
    from latest_counts
    where latest_counts.count_number > 1 and abs(latest_counts.quantity) >= {{ var('stock_count_gap_units') }}
    group by latest_counts.sku
    union all
    select
        transfers.sku,
        'transfer_gap' as code,
        min(transfers.due_at) as opened_at,
        sum(abs(transfers.quantity)) as units,
        concat(
            'Legs differ in ',
            {{ counted_with_example('count(*)', 'transfer', "coalesce(min(transfers.reference), 'without reference')") }}
        ) as detail
    from transfers
    group by transfers.sku
)

select * from final
