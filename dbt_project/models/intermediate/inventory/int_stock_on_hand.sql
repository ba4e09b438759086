{#
  `allocatable_quantity` is the number of units that can be promised from a warehouse. It is the level, at least zero,
  less the units that warehouses with a negative level lack (mostly shipments without a warehouse). Those units are taken
  from the last warehouses in id order, so that the allocatable units of a SKU never exceed its total stock.
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

networks as (
    select
        levels.*,
        greatest(levels.on_hand_quantity, 0) as positive_quantity,
        greatest(sum(levels.on_hand_quantity) over (partition by levels.sku), 0) as network_quantity,
        coalesce(sum(greatest(levels.on_hand_quantity, 0)) over (
            partition by levels.sku
            order by levels.warehouse_id
            rows between unbounded preceding and 1 preceding
        ), 0) as positive_quantity_before
    from levels
),

final as (
    select
        networks.sku,
        networks.warehouse_id,
        cast(networks.on_hand_quantity as {{ dbt.type_bigint() }}) as on_hand_quantity,
        cast(greatest(least(
            networks.positive_quantity,
            networks.network_quantity - networks.positive_quantity_before
        ), 0) as {{ dbt.type_bigint() }}) as allocatable_quantity,
        networks.last_counted_at,
        networks.last_moved_at,
        {{ this_batch() }} as _batch_id
    from networks
)

select * from final
