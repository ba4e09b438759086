{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with movements as (
    select * from {{ ref('int_stock_movements') }}
    where {{ is_touched('sku', touched) }}
),

days as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.business_date,
        sum(case when movements.kind = 'receipt' then movements.quantity else 0 end) as received_quantity,
        -sum(case when movements.kind = 'shipment' then movements.quantity else 0 end) as shipped_quantity,
        sum(case when movements.kind = 'unshipment' then movements.quantity else 0 end) as unshipped_quantity,
        sum(case when movements.kind = 'restock' then movements.quantity else 0 end) as restocked_quantity,
        sum(case when movements.kind = 'adjustment' then movements.quantity else 0 end) as adjusted_quantity,
        sum(case
            when movements.kind in ('transfer_in', 'transfer_out') then movements.quantity else 0
        end) as transferred_quantity,
        sum(case when movements.kind = 'count' then movements.quantity else 0 end) as count_adjustment_quantity,
        sum(movements.quantity) as moved_quantity
    from movements
    group by movements.sku, movements.warehouse_id, movements.business_date
),

levels as (
    select
        days.*,
        sum(days.moved_quantity) over (
            partition by days.sku, days.warehouse_id
            order by days.business_date
            rows between unbounded preceding and current row
        ) as closing_quantity
    from days
),

final as (
    select
        levels.sku,
        levels.warehouse_id,
        cast(levels.closing_quantity - levels.moved_quantity as {{ dbt.type_bigint() }}) as opening_quantity,
        cast(levels.received_quantity as {{ dbt.type_bigint() }}) as received_quantity,
        cast(levels.shipped_quantity as {{ dbt.type_bigint() }}) as shipped_quantity,
        cast(levels.unshipped_quantity as {{ dbt.type_bigint() }}) as unshipped_quantity,
        cast(levels.restocked_quantity as {{ dbt.type_bigint() }}) as restocked_quantity,
        cast(levels.adjusted_quantity as {{ dbt.type_bigint() }}) as adjusted_quantity,
        cast(levels.transferred_quantity as {{ dbt.type_bigint() }}) as transferred_quantity,
        cast(levels.count_adjustment_quantity as {{ dbt.type_bigint() }}) as count_adjustment_quantity,
        cast(levels.closing_quantity as {{ dbt.type_bigint() }}) as closing_quantity,
        levels.business_date,
        {{ this_batch() }} as _batch_id
    from levels
)

select * from final
