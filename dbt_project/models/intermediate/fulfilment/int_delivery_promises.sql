{#
  Promises of delivery and what became of them: one of each parcel, and one of each order without a parcel. Whether a promise
  was kept is known when it ends, and never changes after. Nothing here depends on the clock.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_order_states') }}
    where
        is_delivery_tracked
        and first_promise_ends_at > placed_at
        and {{ is_touched('order_id', touched) }}
),

parcels as (
    select * from {{ ref('int_parcel_states') }}
    where {{ is_touched('order_id', touched) }}
),

promised as (
    select
        orders.order_id,
        parcels.shipment_id,
        parcels.carrier,
        parcels.service,
        parcels.lane,
        orders.ship_country,
        orders.ship_region,
        parcels.outcome,
        orders.placed_at,
        parcels.shipped_at,
        orders.first_promise_ends_at as promise_ends_at,
        parcels.delivered_at,
        parcels.cancelled_at,
        least(parcels.delivered_at, parcels.cancelled_at, parcels.lost_at, parcels.returned_at) as ended_at
    from orders
    inner join parcels on orders.order_id = parcels.order_id
    union all
    select
        orders.order_id,
        null as shipment_id,
        null as carrier,
        null as service,
        null as lane,
        orders.ship_country,
        orders.ship_region,
        case when orders.order_status = 'cancelled' then 'cancelled' else 'not_shipped' end as outcome,
        orders.placed_at,
        null as shipped_at,
        orders.first_promise_ends_at as promise_ends_at,
        null as delivered_at,
        orders.cancelled_at,
        orders.cancelled_at as ended_at
    from orders
    where
        (orders.to_fulfil_quantity > 0 or orders.order_status = 'cancelled')
        and not exists (
            select 1 from parcels
            where parcels.order_id = orders.order_id and not parcels.is_cancelled
        )
),

final as (
    select
        promised.order_id,
        cast(promised.shipment_id as {{ dbt.type_string() }}) as shipment_id,
        coalesce(promised.carrier, 'unknown') as carrier,
        coalesce(promised.service, 'unknown') as service,
        coalesce(promised.lane, 'unknown') as lane,
        concat(
            coalesce(promised.ship_country, 'unknown'), case when promised.ship_region is null then '' else '-' end,
            coalesce(promised.ship_region, '')
        ) as destination,
        promised.outcome,
        {% for column, instant in [
            ('shipped_after_days', 'shipped_at'), ('ended_after_days', 'ended_at'), ('lead_days', 'promise_ends_at')
        ] -%}
        cast(floor({{ hours_between('promised.placed_at', 'promised.' ~ instant) }} / 24) as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        coalesce(promised.delivered_at > promised.promise_ends_at, true) as is_broken,
        coalesce(promised.cancelled_at <= promised.promise_ends_at, false) as is_withdrawn,
        promised.placed_at,
        promised.shipped_at,
        promised.promise_ends_at,
        promised.delivered_at,
        promised.ended_at,
        {{ this_batch() }} as _batch_id
    from promised
)

select * from final
