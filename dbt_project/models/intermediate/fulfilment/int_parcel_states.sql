{#
  Parcels with the promise of their order and the legs of their way. Nothing here depends on the clock or on rates;
  marts.fct_shipments adds the costs in other currencies.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with shipments as (
    select * from {{ ref('int_shipments') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

test_orders as (
    select * from {{ ref('stg_orders') }}
    where
        is_current
        and is_test
        and {{ is_touched('order_id', touched) }}
),

joined as (
    select
        shipments.*,
        orders.currency,
        orders.currency_digits,
        orders.ship_country,
        orders.order_id is null as is_orphan,
        orders.placed_at,
        orders.first_promise_ends_at as promise_ends_at,
        least(shipments.accepted_at, shipments.in_transit_at, shipments.out_for_delivery_at) as picked_up_at,
        least(shipments.out_for_delivery_at, shipments.ready_for_pickup_at) as out_at
    from shipments
    left join orders on shipments.order_id = orders.order_id
    where not exists (select 1 from test_orders where test_orders.order_id = shipments.order_id)
),

final as (
    select
        joined.shipment_id,
        joined.order_id,
        joined.carrier,
        joined.service,
        joined.tracking_number,
        joined.warehouse_id,
        joined.ship_country,
        concat(coalesce(joined.warehouse_id, 'unassigned'), ' to ', coalesce(joined.ship_country, 'unknown')) as lane,
        joined.furthest_status as delivery_status,
        joined.latest_scan_status,
        joined.outcome,
        joined.cost_currency,
        joined.currency,
        joined._source as source,
        joined.currency_digits,
        joined.lines_count,
        joined.quantity,
        joined.scans_count,
        cast(
            joined.failed_attempts_count
            + case when joined.is_delivered or joined.ready_for_pickup_at is not null then 1 else 0 end
            as {{ dbt.type_bigint() }}
        ) as attempts_count,
        joined.cost_amount,
        joined.is_orphan,
        joined.has_delivery_problem,
        joined.is_delivered,
        joined.is_cancelled,
        joined.is_lost,
        joined.is_returned,
        joined.first_attempt_at <= joined.promise_ends_at as is_on_time,
        joined.delivered_at <= joined.estimate_ends_at as is_within_estimate,
        {{ business_date('joined.shipped_at') }} as shipped_date,
        {{ business_date('joined.promise_ends_at') }} as promised_date,
        {{ business_date('joined.delivered_at') }} as delivered_date,
        joined.shipped_at,
        joined.estimated_delivery_at,
        joined.estimate_ends_at,
        joined.promise_ends_at,
        joined.first_attempt_at,
        joined.delivered_at,
        joined.cancelled_at,
        joined.lost_at,
        joined.returned_at,
        joined.last_scan_at,
        {{ hours_between('joined.placed_at', 'joined.shipped_at') }} as hours_to_ship,
        {{ hours_between('joined.shipped_at', 'joined.picked_up_at') }} as hours_to_pick_up,
        {{ hours_between('joined.picked_up_at', 'joined.out_at') }} as hours_between_depots,
        {{ hours_between('joined.out_at', 'joined.delivered_at') }} as hours_on_last_mile,
        {{ hours_between('joined.shipped_at', 'joined.first_attempt_at') }} as hours_to_first_attempt,
        {{ hours_between('joined.shipped_at', 'joined.delivered_at') }} as hours_in_transit,
        {{ hours_between('joined.promise_ends_at', 'joined.delivered_at') }} as hours_past_promise,
        {{ this_batch() }} as _batch_id
    from joined
)

select * from final
