{#
  Parcels of the lines whose shipped units changed their value: a later version has another quantity, price, discount, tax, SKU or
  currency, or a parcel was lost, cancelled or returned by the carrier. Lines with returns of an order with refunds of goods are among
  them, because returns may be cut. All other lines are sold once, as the revenue mart says.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        not is_gift_card
        and {{ is_touched('order_id', touched) }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where {{ is_touched('order_id', touched) }}
),

-- Only records with several versions have a content hash.
changed_lines as (
    select
        versions.order_id,
        versions.line_id
    from {{ ref('stg_order_lines') }} as versions
    where
        versions.content_hash is not null
        and {{ is_touched('versions.order_id', touched) }}
    group by
        versions.order_id,
        versions.line_id
    having
        min(versions.quantity) <> max(versions.quantity)
        or min(versions.unit_price) <> max(versions.unit_price)
        or min(versions.discount_amount) <> max(versions.discount_amount)
        or min(versions.tax_amount) <> max(versions.tax_amount)
        or min(versions.sku) <> max(versions.sku)
),

changed_orders as (
    select versions.order_id
    from {{ ref('stg_orders') }} as versions
    where
        versions.content_hash is not null
        and {{ is_touched('versions.order_id', touched) }}
    group by versions.order_id
    having
        min(versions.currency) <> max(versions.currency)
        or min(case when versions.prices_include_tax then 1 else 0 end)
        <> max(case when versions.prices_include_tax then 1 else 0 end)
),

other_lines as (
    select
        shipment_lines.order_id,
        shipment_lines.line_id
    from shipment_lines
    where shipment_lines.outcome not in ('on_the_way', 'delivered')
    union
    select
        units_returned.order_id,
        units_returned.line_id
    from {{ ref('int_revenue_units_returned') }} as units_returned
    where
        units_returned.order_id in (
            select refunds.order_id from {{ ref('int_payment_ledger') }} as refunds
            where
                refunds.kind = 'refunded'
                and refunds.return_id is null
                and refunds.goods_amount_order_currency > 0
                and {{ is_touched('refunds.order_id', touched) }}
        )
),

dated as (
    select
        shipment_lines.order_id,
        shipment_lines.line_id,
        shipment_lines.shipment_id,
        shipment_lines.outcome,
        shipment_lines.quantity,
        order_lines.placed_date,
        shipment_lines.shipped_at,
        case when order_lines.shipped_quantity > order_lines.kept_quantity then shipment_lines.delivered_at end as arrived_at,
        {{ business_date('shipment_lines.shipped_at') }} as shipped_date,
        {{ parcel_end_date('shipment_lines') }} as ended_date
    from shipment_lines
    inner join order_lines
        on
            shipment_lines.order_id = order_lines.order_id
            and shipment_lines.line_id = order_lines.line_id
    left join changed_lines
        on
            shipment_lines.order_id = changed_lines.order_id
            and shipment_lines.line_id = changed_lines.line_id
    left join changed_orders on shipment_lines.order_id = changed_orders.order_id
    left join other_lines
        on
            shipment_lines.order_id = other_lines.order_id
            and shipment_lines.line_id = other_lines.line_id
    where
        changed_lines.order_id is not null
        or changed_orders.order_id is not null
        or other_lines.order_id is not null
),

final as (
    select
        dated.order_id,
        dated.line_id,
        dated.shipment_id,
        dated.outcome,
        dated.quantity,
        dated.placed_date,
        cast(dated.shipped_date as date) as shipped_date,
        cast(dated.ended_date as date) as ended_date,
        case when dated.ended_date is null then cast(dated.shipped_date as date) end as recognised_date,
        dated.shipped_at,
        dated.arrived_at
    from dated
)

select * from final
