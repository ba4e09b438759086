{# Exceptions about parcels that were lost, not delivered, or shipped with another SKU than ordered. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines_allocated') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

lost_lines as (
    select
        order_lines.order_id,
        order_lines.sku,
        order_lines.source as _source,
        order_lines.currency,
        order_lines.unit_price_amount,
        order_lines.lost_quantity,
        order_lines.open_quantity
    from order_lines
    where
        order_lines.lost_quantity > 0
        and order_lines.open_quantity > 0
        and {{ is_touched('order_lines.order_id', touched) }}
),

lost_parcels as (
    select
        shipments.order_id,
        min(shipments.lost_at) as lost_at
    from shipments
    where
        shipments.is_lost
        and {{ is_touched('shipments.order_id', touched) }}
    group by shipments.order_id
),

lost as (
    select
        lost_lines.order_id,
        min(lost_lines.sku) as sku,
        min(lost_parcels.lost_at) as opened_at,
        sum(least(lost_lines.lost_quantity, lost_lines.open_quantity) * lost_lines.unit_price_amount)
            as amount_at_stake,
        min(lost_lines.currency) as currency,
        concat(
            {{ counted('sum(lost_lines.lost_quantity)', 'unit') }},
            ' lost by the carrier, neither sent again nor refunded'
        ) as detail,
        min(lost_lines._source) as _source
    from lost_lines
    inner join lost_parcels on lost_lines.order_id = lost_parcels.order_id
    group by lost_lines.order_id
),

delivery_failed as (
    select
        shipments.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(shipments.last_scan_at) as opened_at,
        max(states.due_amount) as amount_at_stake,
        min(states.currency) as currency,
        concat(
            'Parcel ', min(shipments.shipment_id), ': carrier says ',
            min(case when shipments.is_returned then 'returned to sender' else shipments.latest_scan_status end)
        ) as detail,
        min(states._source) as _source
    from shipments
    inner join states on shipments.order_id = states.order_id
    where
        (
            (
                shipments.outcome = 'on_the_way'
                and (
                    shipments.latest_scan_status in ('attempt_failed', 'exception')
                    or shipments.furthest_status = 'returning'
                )
            )
            or (shipments.is_returned and states.to_ship_quantity > 0)
        )
        and {{ is_touched('shipments.order_id', touched) }}
    group by shipments.order_id
),

wrong_sku_shipped as (
    select
        shipment_lines.order_id,
        min(shipment_lines.sku) as sku,
        min(shipment_lines.shipped_at) as opened_at,
        cast(null as {{ money_type() }}) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat('Ordered ', min(shipment_lines.ordered_sku), ', shipped ', min(shipment_lines.sku)) as detail,
        min(shipment_lines._source) as _source
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
    where
        shipment_lines.sku <> shipment_lines.ordered_sku
        and not shipment_lines.is_cancelled
        and {{ is_touched('shipment_lines.order_id', touched) }}
    group by shipment_lines.order_id
),

final as (
    select
        'lost' as code,
        lost.order_id,
        lost.sku,
        lost.opened_at,
        cast(lost.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        lost.currency,
        lost.detail,
        lost._source
    from lost
    union all
    select
        'delivery_failed' as code,
        delivery_failed.order_id,
        delivery_failed.sku,
        delivery_failed.opened_at,
        cast(delivery_failed.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        delivery_failed.currency,
        delivery_failed.detail,
        delivery_failed._source
    from delivery_failed
    union all
    select
        'wrong_sku_shipped' as code,
        wrong_sku_shipped.order_id,
        wrong_sku_shipped.sku,
        wrong_sku_shipped.opened_at,
        cast(wrong_sku_shipped.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        wrong_sku_shipped.currency,
        wrong_sku_shipped.detail,
        wrong_sku_shipped._source
    from wrong_sku_shipped
)

select * from final
