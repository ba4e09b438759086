{#- Demand windows move with the clock, so every build recomputes all positions. -#}
with positions as (
    select * from {{ ref('int_stock_positions') }}
),

sku_demand as (
    select * from {{ ref('int_sku_demand') }}
),

sku_costs as (
    select * from {{ ref('int_sku_costs') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

planned as (
    select
        positions.*,
        coalesce(products.lead_time_days, {{ var('default_lead_time_days') }}) as lead_time_days,
        positions.on_hand_quantity - positions.allocated_quantity as available_quantity,
        positions.on_hand_quantity - positions.allocated_quantity - positions.backordered_quantity
        + positions.incoming_quantity as available_to_promise_quantity
    from positions
    left join products on positions.sku = products.sku
),

measured as (
    select
        planned.*,
        case
            when planned.available_quantity > 0
                then {{ ratio('planned.available_quantity', 'greatest(planned.demand_per_day_28d, 0)') }}
        end as days_of_cover,
        ceil(
            planned.demand_per_day_90d * planned.lead_time_days
            + {{ var('service_level_z') }} * planned.demand_deviation_90d * sqrt(planned.lead_time_days)
        ) as reorder_point
    from planned
),

final as (
    select
        cast(measured.sku as {{ dbt.type_string() }}) as sku,
        coalesce(measured.warehouse_id, 'network') as warehouse_id,
        case when measured.warehouse_id is null then 'network' else 'warehouse' end as position_level,
        sku_costs.currency,
        case
            when measured.available_quantity <= 0 then 'out_of_stock'
            when measured.demand_per_day_90d <= 0 then 'none'
            when measured.days_of_cover < measured.lead_time_days then 'high'
            when measured.available_quantity <= measured.reorder_point then 'medium'
            else 'low'
        end as stockout_risk,
        coalesce(sku_demand.abc_class, 'C') as abc_class,
        coalesce(sku_demand.xyz_class, 'Z') as xyz_class,
        cast(measured.on_hand_quantity as {{ dbt.type_bigint() }}) as on_hand_quantity,
        cast(measured.allocated_quantity as {{ dbt.type_bigint() }}) as allocated_quantity,
        cast(measured.backordered_quantity as {{ dbt.type_bigint() }}) as backordered_quantity,
        cast(measured.available_quantity as {{ dbt.type_bigint() }}) as available_quantity,
        cast(measured.incoming_quantity as {{ dbt.type_bigint() }}) as incoming_quantity,
        cast(measured.available_to_promise_quantity as {{ dbt.type_bigint() }}) as available_to_promise_quantity,
        cast(measured.demand_per_day_28d as double) as demand_per_day_28d,
        cast(measured.demand_per_day_90d as double) as demand_per_day_90d,
        cast(measured.days_of_cover as double) as days_of_cover,
        cast(measured.lead_time_days as {{ dbt.type_bigint() }}) as lead_time_days,
        cast(measured.reorder_point as {{ dbt.type_bigint() }}) as reorder_point,
        cast(case
            when measured.demand_per_day_90d > 0 and measured.available_to_promise_quantity <= measured.reorder_point
                then greatest(ceil(
                    measured.reorder_point + measured.demand_per_day_90d * {{ var('review_days') }}
                    - measured.available_to_promise_quantity
                ), 0)
            else 0
        end as {{ dbt.type_bigint() }}) as reorder_quantity,
        {{ ratio('measured.sold_quantity_turnover * 365', 'greatest(measured.level_days_turnover, 0)') }} as turnover_rate,
        {{ ratio('measured.sold_quantity_sell_through', 'greatest(measured.supplied_quantity_sell_through, 0)') }}
            as sell_through_rate,
        cast(sku_costs.average_cost_amount as {{ money_type() }}) as average_cost_amount,
        {{ rounded_amount(
            'measured.on_hand_quantity * sku_costs.average_cost_amount', minor_unit('currencies.minor_digits')
        ) }} as stock_value_amount,
        measured.next_incoming_at,
        measured.last_counted_at,
        measured.last_moved_at
    from measured
    left join sku_demand on measured.sku = sku_demand.sku
    left join sku_costs on measured.sku = sku_costs.sku
    left join currencies on sku_costs.currency = currencies.currency
)

select * from final
