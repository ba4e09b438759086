{#
  `allocatable_quantity` is the number of units that can be promised from a warehouse: its level, at least zero. A
  warehouse below zero takes no units from another.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with movements as (
    select * from {{ ref('int_stock_movements') }}
    where {{ is_touched('sku', touched) }}
),

levels as (
    select
        movements.sku,
        movements.warehouse_id,
        sum(movements.quantity) as on_hand_quantity,
        max(case when movements.kind = 'count' then movements.occurred_at end) as last_counted_at,
        max(movements.occurred_at) as last_moved_at
    from movements
    group by movements.sku, movements.warehouse_id
),

final as (
    select
        levels.sku,
        levels.warehouse_id,
        cast(levels.on_hand_quantity as {{ dbt.type_bigint() }}) as on_hand_quantity,
        cast(greatest(levels.on_hand_quantity, 0) as {{ dbt.type_bigint() }}) as allocatable_quantity,
        levels.last_counted_at,
        levels.last_moved_at,
        {{ this_batch() }} as _batch_id
    from levels
)

select * from final
