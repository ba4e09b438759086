{#
  Union of the families of events, one model each. `event_rank` orders events at the same instant. The view
  marts.fct_order_timeline numbers the events: sorting all of 11 million events here took as long as the rest of the
  model.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

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

transitions as (
    select * from {{ ref('status_transitions') }}
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

final as (
    select
        events.order_id,
        events.occurred_at,
        cast(events.event_rank as {{ dbt.type_int() }}) as event_rank,
        events.feed,
        events.event,
        events.reference,
        events.line_id,
        events.axis,
        events.from_status,
        events.to_status,
        case
            when events.axis is null then null
            else events.from_status = events.to_status or transitions.axis is not null
        end as is_legal,
        events.quantity,
        events.amount,
        events.currency,
        events.detail,
        events.actor,
        events._file_id,
        events._record,
        events._source,
        {{ this_batch() }} as _batch_id
    from events
    left join transitions
        on
            events.axis = transitions.axis
            and events.from_status = transitions.from_status
            and events.to_status = transitions.to_status
)

select * from final
