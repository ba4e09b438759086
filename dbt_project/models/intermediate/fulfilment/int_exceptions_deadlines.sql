{# Exceptions about passed deadlines, and about orders without lines. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_without_lines as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.placed_at as opened_at,
        greatest(states.captured_amount, states.due_amount) as amount_at_stake,
        states.currency,
        'No order line has arrived for this order' as detail,
        states._source
    from states
    where
        states.lines_count = 0
        and states.is_line_tracked
),

late as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.late_at as opened_at,
        states.due_amount as amount_at_stake,
        states.currency,
        concat(
            {{ counted('states.to_fulfil_quantity', 'unit') }}, ' promised, ',
            cast(states.fulfilled_quantity as {{ dbt.type_string() }}), ' shipped, not all delivered'
        ) as detail,
        states._source
    from states
    where
        states.late_at is not null
        and states.is_promise_open
),

stuck_in_transit as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.stuck_at as opened_at,
        states.due_amount as amount_at_stake,
        states.currency,
        'No scan of a parcel on its way for {{ var("stuck_days") }} day{{ "s" if var("stuck_days") != 1 }}' as detail,
        states._source
    from states
    where states.stuck_at is not null
),

paid_not_shipped as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        {{ add_days('coalesce(greatest(states.confirmed_at, states.placed_at), states.placed_at)', var('paid_not_shipped_days')) }}
            as opened_at,
        states.captured_amount - states.refunded_amount as amount_at_stake,
        states.currency,
        concat({{ counted('states.to_ship_quantity', 'unit') }}, ' paid and not shipped') as detail,
        states._source
    from states
    where
        states.is_shipment_tracked
        and states.payment_status in ('paid', 'overpaid')
        and states.order_status not in ('cancelled', 'on_hold')
        and states.to_ship_quantity > 0
),

final as (
    select
        'order_without_lines' as code,
        order_without_lines.order_id,
        order_without_lines.sku,
        order_without_lines.opened_at,
        cast(order_without_lines.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        order_without_lines.currency,
        order_without_lines.detail,
        order_without_lines._source
    from order_without_lines
    union all
    select
        'late' as code,
        late.order_id,
        late.sku,
        late.opened_at,
        cast(late.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        late.currency,
        late.detail,
        late._source
    from late
    union all
    select
        'stuck_in_transit' as code,
        stuck_in_transit.order_id,
        stuck_in_transit.sku,
        stuck_in_transit.opened_at,
        cast(stuck_in_transit.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        stuck_in_transit.currency,
        stuck_in_transit.detail,
        stuck_in_transit._source
    from stuck_in_transit
    union all
    select
        'paid_not_shipped' as code,
        paid_not_shipped.order_id,
        paid_not_shipped.sku,
        paid_not_shipped.opened_at,
        cast(paid_not_shipped.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        paid_not_shipped.currency,
        paid_not_shipped.detail,
        paid_not_shipped._source
    from paid_not_shipped
)

select * from final
