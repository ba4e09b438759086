{# Parcels of the orders whose shipping changed between versions, or whose parcels did not all stay. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}

with shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        has_order_line
        and {{ is_touched('order_id', touched) }}
),

versions as (
    select * from {{ ref('stg_orders') }}
    where {{ is_touched('order_id', touched) }}
),

changed_orders as (
    select versions.order_id
    from versions
    where versions.content_hash is not null
    group by versions.order_id
    having
        min(versions.currency) <> max(versions.currency)
        or min(versions.shipping_amount) <> max(versions.shipping_amount)
        or min(versions.shipping_tax_amount) <> max(versions.shipping_tax_amount)
        or min(case when versions.prices_include_tax then 1 else 0 end)
        <> max(case when versions.prices_include_tax then 1 else 0 end)
    union
    select shipment_lines.order_id
    from shipment_lines
    where shipment_lines.outcome not in ('on_the_way', 'delivered')
),

parcels as (
    select
        shipment_lines.order_id,
        {{ business_date('shipment_lines.shipped_at') }} as shipped_date,
        {{ parcel_end_date('shipment_lines') }} as ended_date
    from shipment_lines
    where shipment_lines.order_id in (select changed_orders.order_id from changed_orders)
),

final as (
    select
        parcels.order_id,
        cast(parcels.shipped_date as date) as shipped_date,
        cast(parcels.ended_date as date) as ended_date,
        cast(min(case when parcels.ended_date is null then parcels.shipped_date end) over (partition by parcels.order_id) as date)
            as recognised_date
    from parcels
)

select * from final
