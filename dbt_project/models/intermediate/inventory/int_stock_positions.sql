{#
  Quantities of a position, per warehouse and, without a warehouse, for the network. Demand of the network is the units
  ordered; demand of a warehouse is the units it shipped, because most orders name no warehouse.
#}
with on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
),

warehouse_allocations as (
    select * from {{ ref('int_warehouse_allocations') }}
),

stock_windows as (
    select * from {{ ref('int_stock_windows') }}
),

sku_demand as (
    select * from {{ ref('int_sku_demand') }}
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

inbound as (
    select * from {{ ref('stg_inbound') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

tracked_inbound as (
    {{ tracked_inbound('inbound', 'coverage') }}
),

incoming as (
    select
        tracked_inbound.sku,
        tracked_inbound.warehouse_id,
        sum(tracked_inbound.quantity) as incoming_quantity,
        min(tracked_inbound.expected_at) as next_incoming_at
    from tracked_inbound
    group by tracked_inbound.sku, tracked_inbound.warehouse_id
),

places as (
    select on_hand.sku, on_hand.warehouse_id from on_hand
    union
    select warehouse_allocations.sku, warehouse_allocations.warehouse_id from warehouse_allocations
    union
    select incoming.sku, incoming.warehouse_id from incoming
),

warehouses as (
    select
        places.sku,
        places.warehouse_id,
        coalesce(on_hand.on_hand_quantity, 0) as on_hand_quantity,
        coalesce(warehouse_allocations.allocated_quantity, 0) as allocated_quantity,
        coalesce(warehouse_allocations.backordered_quantity, 0) as backordered_quantity,
        coalesce(incoming.incoming_quantity, 0) as incoming_quantity,
        incoming.next_incoming_at,
        on_hand.last_counted_at,
        on_hand.last_moved_at,
        coalesce(stock_windows.sold_quantity_28d, 0) as demanded_quantity_28d,
        coalesce(stock_windows.sold_quantity_90d, 0) as demanded_quantity_90d,
        coalesce(stock_windows.sold_squares_90d, 0) as demanded_squares_90d,
        coalesce(stock_windows.sold_quantity_sell_through, 0) as sold_quantity_sell_through,
        coalesce(stock_windows.supplied_quantity_sell_through, 0) as supplied_quantity_sell_through,
        coalesce(stock_windows.sold_quantity_turnover, 0) as sold_quantity_turnover,
        coalesce(stock_windows.level_days_turnover, 0) as level_days_turnover
    from places
    left join on_hand
        on
            places.sku = on_hand.sku
            and places.warehouse_id = on_hand.warehouse_id
    left join warehouse_allocations
        on
            places.sku = warehouse_allocations.sku
            and places.warehouse_id = warehouse_allocations.warehouse_id
    left join incoming
        on
            places.sku = incoming.sku
            and places.warehouse_id = incoming.warehouse_id
    left join stock_windows
        on
            places.sku = stock_windows.sku
            and places.warehouse_id = stock_windows.warehouse_id
    where not exists (
        select 1 from products
        where products.sku = places.sku and products.kind = 'service'
    )
),

tracked_skus as (
    select warehouses.sku from warehouses
    union
    select sku_demand.sku from sku_demand
    where sku_demand.is_stock_tracked
),

warehouse_sums as (
    select
        warehouses.sku,
        sum(warehouses.on_hand_quantity) as on_hand_quantity,
        sum(warehouses.allocated_quantity) as allocated_quantity,
        sum(warehouses.backordered_quantity) as backordered_quantity,
        sum(warehouses.incoming_quantity) as incoming_quantity,
        min(warehouses.next_incoming_at) as next_incoming_at,
        max(warehouses.last_counted_at) as last_counted_at,
        max(warehouses.last_moved_at) as last_moved_at,
        sum(warehouses.sold_quantity_sell_through) as sold_quantity_sell_through,
        sum(warehouses.supplied_quantity_sell_through) as supplied_quantity_sell_through,
        sum(warehouses.sold_quantity_turnover) as sold_quantity_turnover,
        sum(warehouses.level_days_turnover) as level_days_turnover
    from warehouses
    group by warehouses.sku
),

networks as (
    select
        tracked_skus.sku,
        coalesce(warehouse_sums.on_hand_quantity, 0) as on_hand_quantity,
        coalesce(warehouse_sums.allocated_quantity, 0) as allocated_quantity,
        coalesce(warehouse_sums.backordered_quantity, 0) as backordered_quantity,
        coalesce(warehouse_sums.incoming_quantity, 0) as incoming_quantity,
        warehouse_sums.next_incoming_at,
        warehouse_sums.last_counted_at,
        warehouse_sums.last_moved_at,
        coalesce(sku_demand.demand_per_day_28d, 0) as demand_per_day_28d,
        coalesce(sku_demand.demand_per_day_90d, 0) as demand_per_day_90d,
        coalesce(sku_demand.demand_deviation_90d, 0) as demand_deviation_90d,
        coalesce(warehouse_sums.sold_quantity_sell_through, 0) as sold_quantity_sell_through,
        coalesce(warehouse_sums.supplied_quantity_sell_through, 0) as supplied_quantity_sell_through,
        coalesce(warehouse_sums.sold_quantity_turnover, 0) as sold_quantity_turnover,
        coalesce(warehouse_sums.level_days_turnover, 0) as level_days_turnover
    from tracked_skus
    left join warehouse_sums on tracked_skus.sku = warehouse_sums.sku
    left join sku_demand on tracked_skus.sku = sku_demand.sku
),

final as (
    select
        networks.sku,
        cast(null as {{ dbt.type_string() }}) as warehouse_id,
        networks.on_hand_quantity,
        networks.allocated_quantity,
        networks.backordered_quantity,
        networks.incoming_quantity,
        networks.next_incoming_at,
        networks.last_counted_at,
        networks.last_moved_at,
        networks.demand_per_day_28d,
        networks.demand_per_day_90d,
        networks.demand_deviation_90d,
        networks.sold_quantity_sell_through,
        networks.supplied_quantity_sell_through,
        networks.sold_quantity_turnover,
        networks.level_days_turnover
    from networks
    union all
    select
        warehouses.sku,
        warehouses.warehouse_id,
        warehouses.on_hand_quantity,
        warehouses.allocated_quantity,
        warehouses.backordered_quantity,
        warehouses.incoming_quantity,
        warehouses.next_incoming_at,
        warehouses.last_counted_at,
        warehouses.last_moved_at,
        warehouses.demanded_quantity_28d / cast(28 as double) as demand_per_day_28d,
        warehouses.demanded_quantity_90d / cast(90 as double) as demand_per_day_90d,
        sqrt(greatest(
            warehouses.demanded_squares_90d / cast(90 as double)
            - (warehouses.demanded_quantity_90d / cast(90 as double))
            * (warehouses.demanded_quantity_90d / cast(90 as double)), 0
        )) as demand_deviation_90d,
        warehouses.sold_quantity_sell_through,
        warehouses.supplied_quantity_sell_through,
        warehouses.sold_quantity_turnover,
        warehouses.level_days_turnover
    from warehouses
)

select * from final
