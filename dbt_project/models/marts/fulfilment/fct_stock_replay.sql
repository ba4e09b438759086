{#
  Stock movements with the day of the order that made them, so that a replay can leave out what its own orders took. Movements of
  no order are those of the ledger without the parcels of orders.
#}
{{ config(materialized='view') }}

with ledger as (
    select * from {{ published_ref('fct_inventory_ledger') }}
),

events as (
    select * from {{ published_ref('fct_order_timeline') }}
    where
        feed = 'shipments'
        and event = 'shipped'
),

parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

orders as (
    select * from {{ published_ref('fct_orders') }}
),

order_lines as (
    select * from {{ published_ref('fct_order_lines') }}
),

shipped as (
    select
        coalesce(events.detail, order_lines.sku) as sku,
        coalesce(parcels.warehouse_id, 'unassigned') as warehouse_id,
        parcels.shipped_date,
        case when parcels.is_cancelled then {{ business_date('parcels.cancelled_at') }} end as cancelled_date,
        orders.placed_date,
        events.quantity
    from events
    inner join parcels
        on
            events.reference = parcels.shipment_id
            and events.order_id = parcels.order_id
    inner join orders on events.order_id = orders.order_id
    left join order_lines
        on
            events.order_id = order_lines.order_id
            and events.line_id = order_lines.line_id
),

of_orders as (
    select shipped.sku, shipped.warehouse_id, shipped.shipped_date as business_date, shipped.placed_date, -shipped.quantity as quantity
    from shipped
    union all
    select shipped.sku, shipped.warehouse_id, shipped.cancelled_date as business_date, shipped.placed_date, shipped.quantity
    from shipped
    where shipped.cancelled_date is not null
),

movements as (
    select
        ledger.sku,
        ledger.warehouse_id,
        ledger.business_date,
        cast(null as date) as placed_date,
        ledger.closing_quantity - ledger.opening_quantity as quantity
    from ledger
    union all
    select of_orders.sku, of_orders.warehouse_id, of_orders.business_date, cast(null as date) as placed_date, -of_orders.quantity
    from of_orders
    union all
    select of_orders.sku, of_orders.warehouse_id, of_orders.business_date, of_orders.placed_date, of_orders.quantity
    from of_orders
),

final as (
    select
        movements.sku,
        movements.warehouse_id,
        cast(sum(movements.quantity) as {{ dbt.type_bigint() }}) as quantity,
        movements.business_date,
        movements.placed_date
    from movements
    where movements.sku is not null
    group by
        movements.sku,
        movements.warehouse_id,
        movements.business_date,
        movements.placed_date
)

select * from final
