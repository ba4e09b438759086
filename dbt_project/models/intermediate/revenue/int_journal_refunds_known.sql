{#
  What each refund that names no return gives for nothing, at the end of each day from its own on, and the net value of goods and the tax
  in that. The same definitions give int_refunds_assigned from everything that is known now.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}

with limits as (
    select * from {{ ref('int_journal_refund_limits') }}
),

ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'refunded'
        and return_id is null
        and {{ is_touched('order_id', touched) }}
),

refunds as (
    select
        ledger.*,
        limits.business_date,
        limits.currency_digits,
        limits.is_nothing_left,
        limits.to_cancelled,
        limits.of_returned,
        limits.of_lost,
        coalesce(ledger.status_amount_order_currency, 0) as refunded_amount,
        coalesce({{ shipping_part_of_refund('ledger', 'limits.currency_digits') }}, 0) as shipping_with_tax_amount
    from ledger
    inner join limits
        on
            ledger.order_id = limits.order_id
            and ledger.occurred_date <= limits.business_date
),

assigned as (
    {{ refunds_assigned('refunds', ['order_id', 'business_date']) }}
),

final as (
    select
        assigned.order_id,
        assigned.payment_id,
        assigned.business_date,
        assigned.occurred_at,
        assigned.occurred_date,
        assigned.currency_digits,
        assigned.order_currency as currency,
        assigned.is_rate_missing,
        coalesce(assigned.goods_amount_order_currency > 0, false) as is_of_goods,
        assigned.goodwill_amount,
        assigned.refunded_amount - assigned.for_units_amount as shipping_amount,
        {{ goods_refunded('assigned') }}
    from assigned
)

select * from final
