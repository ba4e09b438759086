{#
  Events of the orders with the moves that they make on the axes. An event that moves several axes has further rows, of the
  feed `status`.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set axes = ['order_status', 'payment_status', 'fulfilment_status', 'delivery_status', 'return_status'] %}
{%- set own_axes = {
    'payments': 'payment_status', 'shipments': 'fulfilment_status', 'tracking': 'delivery_status', 'returns': 'return_status'
} %}

with order_events as (
    select * from {{ ref('int_order_events_orders') }}
),

line_events as (
    select * from {{ ref('int_order_events_lines') }}
),

payment_events as (
    select * from {{ ref('int_order_events_payments') }}
),

shipment_events as (
    select * from {{ ref('int_order_events_shipments') }}
),

scan_events as (
    select * from {{ ref('int_order_events_scans') }}
),

return_events as (
    select * from {{ ref('int_order_events_returns') }}
),

feedback_events as (
    select * from {{ ref('int_order_events_feedback') }}
),

cart_events as (
    select * from {{ ref('int_order_events_carts') }}
),

runs as (
    select * from {{ ref('int_order_changes_run') }}
),

events as (
    select * from order_events
    union all
    select * from line_events
    union all
    select * from payment_events
    union all
    select * from shipment_events
    union all
    select * from scan_events
    union all
    select * from return_events
    union all
    select * from feedback_events
    union all
    select * from cart_events
),

joined as (
    select
        events.*,
        {% for axis in axes -%}
        runs.from_{{ axis }},
        runs.to_{{ axis }},
        coalesce(runs.from_{{ axis }} <> runs.to_{{ axis }}, false) as is_{{ axis }}_moved,
        {% endfor -%}
        case events.feed
            {%- for feed, axis in own_axes.items() %}
            when '{{ feed }}' then '{{ axis }}'
            {%- endfor %}
            else 'order_status'
        end as own_axis
    from events
    left join runs
        on
            events.order_id = runs.order_id
            and events.occurred_at = runs.occurred_at
            and events.event_rank = runs.event_rank
            and events.reference = runs.reference
            and events.line_id is not distinct from runs.line_id
),

-- The row of the event has its own axis, or else the first one that it moves.
ranked as (
    select
        joined.*,
        case
            {%- for axis in axes %}
            when joined.own_axis = '{{ axis }}' and joined.is_{{ axis }}_moved then '{{ axis }}'
            {%- endfor %}
            {%- for axis in axes %}
            when joined.is_{{ axis }}_moved then '{{ axis }}'
            {%- endfor %}
        end as first_axis
    from joined
),

final as (
    select
        ranked.order_id,
        ranked.occurred_at,
        ranked.event_rank,
        0 as move_number,
        ranked.feed,
        ranked.event,
        ranked.reference,
        ranked.line_id,
        ranked.first_axis as axis,
        {% for side in ['from', 'to'] -%}
        case ranked.first_axis
            {%- for axis in axes %}
            when '{{ axis }}' then ranked.{{ side }}_{{ axis }}
            {%- endfor %}
        end as {{ side }}_status,
        {% endfor -%}
        ranked.quantity,
        ranked.amount,
        ranked.currency,
        ranked.detail,
        ranked.actor,
        ranked._file_id,
        ranked._record,
        ranked._source
    from ranked
    {%- for axis in axes %}
    union all
    select
        ranked.order_id,
        ranked.occurred_at,
        ranked.event_rank,
        {{ loop.index }} as move_number,
        'status' as feed,
        ranked.to_{{ axis }} as event,
        ranked.reference,
        ranked.line_id,
        '{{ axis }}' as axis,
        ranked.from_{{ axis }},
        ranked.to_{{ axis }},
        null as quantity,
        null as amount,
        null as currency,
        ranked.event as detail,
        ranked.actor,
        ranked._file_id,
        ranked._record,
        ranked._source
    from ranked
    where
        ranked.is_{{ axis }}_moved
        and ranked.first_axis <> '{{ axis }}'
    {%- endfor %}
)

select * from final
