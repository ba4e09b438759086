{#
  The goods part of refunds that belong to no return. What pays for cancelled, returned or lost units is left out; the rest,
  goodwill, counts here, as far as the refund is split. A split takes back no more than the refund without its shipping.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_touched_orders') }}

with refunds as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'refunded'
        and return_id is null
        and goods_amount_order_currency > 0
        and {{ is_touched('order_id', touched) }}
),

assigned as (
    select * from {{ ref('int_refunds_assigned') }}
    where {{ is_touched('order_id', touched) }}
),

assigned_refunds as (
    select
        refunds.*,
        assigned.currency_digits,
        assigned.goodwill_amount,
        assigned.amount - assigned.shipping_amount as for_units_amount,
        {{ shipping_part_of_refund('refunds', 'assigned.currency_digits') }} as shipping_with_tax_amount
    from refunds
    inner join assigned on refunds.payment_id = assigned.payment_id
),

final as (
    select
        assigned_refunds.order_id,
        assigned_refunds.payment_id,
        assigned_refunds.currency_digits,
        {{ goods_refunded('assigned_refunds') }},
        assigned_refunds.occurred_at
    from assigned_refunds
)

select * from final
