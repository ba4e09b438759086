{#
  The goods part of refunds that belong to no return. What pays for cancelled, returned or lost units is left out; the rest,
  goodwill, counts here, as far as the refund is split.
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

final as (
    select
        refunds.order_id,
        refunds.payment_id,
        assigned.currency_digits,
        cast(
            case
                when assigned.goodwill_amount >= assigned.amount - assigned.shipping_amount
                    then refunds.goods_amount_order_currency
                else {{ round_half_even_quotient(
                    'refunds.goods_amount_order_currency', ten_thousandths('assigned.goodwill_amount'),
                    ten_thousandths('(assigned.amount - assigned.shipping_amount)'), 'assigned.currency_digits'
                ) }}
            end as {{ money_type() }}
        ) as net_amount,
        cast(coalesce(refunds.tax_amount_order_currency, 0) as {{ money_type() }}) as tax_amount,
        cast(refunds.goods_amount_order_currency as {{ money_type() }}) as goods_amount,
        refunds.occurred_at
    from refunds
    inner join assigned on refunds.payment_id = assigned.payment_id
)

select * from final
