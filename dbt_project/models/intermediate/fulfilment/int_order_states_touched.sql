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
        order_states.payment_terms,
        order_states.order_status,
        order_states.payment_status,
        order_states.fulfilment_status,
        order_states.delivery_status,
        order_states.return_status,
        order_states.tolerance_amount,
        order_states.ordered_shipping_amount
        + case when order_states.prices_include_tax then 0 else order_states.ordered_shipping_tax_amount end
            as shipping_due_amount,
        order_states.is_paid_tracked,
        order_states.is_shipment_tracked,
        order_states.is_delivery_tracked,
        order_states.is_return_tracked,
        order_states._file_id,
        order_states._record,
        order_states._source
    from order_states
    where {{ is_touched('order_states.order_id', touched) }}
)

select * from final
