{# Exceptions about the money of an order, and about payments of orders that were not received. #}
{%- set touched = ['int_touched_orders', 'int_payment_reconciliation'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_payment_reconciliation') }}

with payment_exceptions as (
    select * from {{ ref('int_exceptions_payments') }}
),

refund_exceptions as (
    select * from {{ ref('int_exceptions_refunds') }}
),

found as (
    select * from payment_exceptions
    union all
    select * from refund_exceptions
),

final as (
    select
        found.*,
        {{ this_batch() }} as _batch_id
    from found
)

select * from final
