with products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

sku_demand as (
    select * from {{ ref('int_sku_demand') }}
),

order_lines as (
    select distinct sku from {{ ref('int_sku_sales_daily') }}
),

positions as (
    select * from {{ ref('fct_inventory_positions') }}
    where position_level = 'network'
),

stock as (
    select * from {{ ref('stg_stock') }}
    where is_current
),

shipments as (
    select * from {{ ref('int_shipment_lines') }}
),

returns as (
    select * from {{ ref('int_return_lines') }}
),

known_skus as (
    select products.sku from products
    union
    select order_lines.sku from order_lines
    union
    select positions.sku from positions
    union
    select stock.sku from stock
    union
    select shipments.sku from shipments
    union
    select returns.sku from returns
),

final as (
    select
        cast(known_skus.sku as {{ dbt.type_string() }}) as sku,
        products.name,
        coalesce(products.category, 'unknown') as category,
        products.brand,
        coalesce(products.kind, 'goods') as kind,
        products.supplier,
        products.currency,
        coalesce(sku_demand.abc_class, 'C') as abc_class,
        coalesce(sku_demand.xyz_class, 'Z') as xyz_class,
        cast(products.lead_time_days as {{ dbt.type_bigint() }}) as lead_time_days,
        cast(products.pack_size as {{ dbt.type_bigint() }}) as pack_size,
        cast(products.minimum_order_quantity as {{ dbt.type_bigint() }}) as minimum_order_quantity,
        coalesce(sku_demand.lines_count, 0) as lines_count,
        coalesce(sku_demand.demanded_quantity, 0) as demanded_quantity,
        cast(products.unit_cost as {{ money_type() }}) as unit_cost_amount,
        sku_demand.net_amount_reporting,
        coalesce(products.is_active, true) as is_active,
        products.sku is not null as is_catalogued,
        positions.sku is not null as is_stock_tracked,
        sku_demand.first_sold_at,
        sku_demand.last_sold_at,
        products.updated_at,
        products._file_id,
        products._record,
        products._source
    from known_skus
    left join products on known_skus.sku = products.sku
    left join sku_demand on known_skus.sku = sku_demand.sku
    left join positions on known_skus.sku = positions.sku
    where known_skus.sku is not null
)

select * from final
