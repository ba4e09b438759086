{# Orders whose events this run computes, with the columns of their states that the events need. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
),

final as (
    select
        order_states.order_id,
        order_states.currency,
        order_states.ordered_due_amount as due_amount,
        order_states.tolerance_amount,
        order_states.to_fulfil_quantity,
        order_states.is_paid_tracked,
        order_states.confirmed_at
    from order_states
    where {{ is_touched('order_states.order_id', touched) }}
)

select * from final
