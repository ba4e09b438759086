{#-
  What to order for each position. On the basis of the window the quantities are those of fct_inventory_positions; on the basis of the
  forecast only receipts due within the lead time count. Both are rounded to the minimum and to whole packs of the product.
-#}
with positions as (
    select * from {{ ref('fct_inventory_positions') }}
),

lead_time_demand as (
    select * from {{ ref('fct_lead_time_demand') }}
),

receipts as (
    select * from {{ ref('fct_reorder_receipts') }}
),

stock_outs as (
    select * from {{ ref('fct_reorder_stock_outs') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

due as (
    select
        positions.sku,
        positions.warehouse_id,
        sum(receipts.quantity) as due_quantity
    from positions
    inner join receipts
        on
            positions.sku = receipts.sku
            and positions.warehouse_id = receipts.warehouse_id
    cross join as_of
    where receipts.due_date <= {{ add_days_to_date('as_of.business_date', 'positions.lead_time_days') }}
    group by positions.sku, positions.warehouse_id
),

pointed as (
    select
        positions.sku,
        positions.warehouse_id,
        lead_time_demand.basis,
        coalesce(due.due_quantity, 0) as due_quantity,
        case
            when lead_time_demand.basis = 'window' then positions.available_to_promise_quantity
            else positions.available_quantity - positions.backordered_quantity + coalesce(due.due_quantity, 0)
        end as position_quantity,
        case
            when lead_time_demand.basis = 'window' then positions.reorder_point
            else ceil(
                lead_time_demand.lead_expected_quantity
                + {{ var('service_level_z') }} * lead_time_demand.lead_deviation_quantity
            )
        end as reorder_point
    from positions
    inner join lead_time_demand
        on
            positions.sku = lead_time_demand.sku
            and positions.warehouse_id = lead_time_demand.warehouse_id
    left join due
        on
            positions.sku = due.sku
            and positions.warehouse_id = due.warehouse_id
),

needed as (
    select
        pointed.sku,
        pointed.warehouse_id,
        case
            when pointed.basis = 'window' then positions.reorder_quantity
            when lead_time_demand.order_expected_quantity > 0 and pointed.position_quantity <= pointed.reorder_point
                then greatest(ceil(
                    pointed.reorder_point + lead_time_demand.order_expected_quantity
                    - lead_time_demand.lead_expected_quantity - pointed.position_quantity
                ), 0)
            else 0
        end as needed_quantity
    from pointed
    inner join positions
        on
            pointed.sku = positions.sku
            and pointed.warehouse_id = positions.warehouse_id
    inner join lead_time_demand
        on
            pointed.sku = lead_time_demand.sku
            and pointed.warehouse_id = lead_time_demand.warehouse_id
),

rounded as (
    select
        needed.sku,
        needed.warehouse_id,
        needed.needed_quantity,
        coalesce(products.supplier, 'unknown') as supplier,
        case
            when needed.needed_quantity > 0
                then
                    ceil(
                        cast(greatest(needed.needed_quantity, coalesce(products.minimum_order_quantity, 0)) as double)
                        / greatest(coalesce(products.pack_size, 1), 1)
                    ) * greatest(coalesce(products.pack_size, 1), 1)
            else 0
        end as reorder_quantity
    from needed
    left join products on needed.sku = products.sku
),

final as (
    select
        positions.sku,
        positions.warehouse_id,
        positions.position_level,
        rounded.supplier,
        positions.currency,
        lead_time_demand.basis,
        lead_time_demand.basis_reason,
        lead_time_demand.model,
        positions.lead_time_days,
        lead_time_demand.lead_expected_quantity,
        lead_time_demand.lead_deviation_quantity,
        cast(pointed.reorder_point as {{ dbt.type_bigint() }}) as reorder_point,
        cast(pointed.position_quantity as {{ dbt.type_bigint() }}) as position_quantity,
        cast(pointed.due_quantity as {{ dbt.type_bigint() }}) as due_quantity,
        cast(positions.incoming_quantity - pointed.due_quantity as {{ dbt.type_bigint() }}) as later_quantity,
        cast(rounded.needed_quantity as {{ dbt.type_bigint() }}) as needed_quantity,
        cast(rounded.reorder_quantity as {{ dbt.type_bigint() }}) as reorder_quantity,
        positions.average_cost_amount,
        {{ rounded_amount(
            'cast(rounded.reorder_quantity as ' ~ dbt.type_bigint() ~ ') * positions.average_cost_amount',
            minor_unit('currencies.minor_digits')
        ) }} as cost_amount,
        lead_time_demand.observations_count,
        lead_time_demand.loss_ratio,
        lead_time_demand.kind_observations_count,
        lead_time_demand.kind_loss_ratio,
        lead_time_demand.kind_wape_rate,
        lead_time_demand.kind_average_wape_rate,
        lead_time_demand.kind_coverage_rate,
        lead_time_demand.is_intermittent,
        lead_time_demand.origin_date,
        cast(stock_outs.stock_out_date as date) as stock_out_date,
        case
            when stock_outs.stock_out_date is not null
                then greatest(
                    {{ add_days_to_date('stock_outs.stock_out_date', '-positions.lead_time_days') }}, as_of.business_date
                )
        end as order_by_date,
        {{ add_days_to_date('as_of.business_date', 'positions.lead_time_days') }} as arrival_date
    from positions
    inner join lead_time_demand
        on
            positions.sku = lead_time_demand.sku
            and positions.warehouse_id = lead_time_demand.warehouse_id
    inner join pointed
        on
            positions.sku = pointed.sku
            and positions.warehouse_id = pointed.warehouse_id
    inner join rounded
        on
            positions.sku = rounded.sku
            and positions.warehouse_id = rounded.warehouse_id
    cross join as_of
    left join stock_outs
        on
            positions.sku = stock_outs.sku
            and positions.warehouse_id = stock_outs.warehouse_id
    left join currencies on positions.currency = currencies.currency
)

select * from final
