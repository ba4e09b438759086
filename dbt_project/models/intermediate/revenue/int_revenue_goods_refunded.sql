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

-- Tax is divided between goods and shipping in proportion.
split as (
    select
        refunds.*,
        assigned.currency_digits,
        assigned.goodwill_amount,
        assigned.amount - assigned.shipping_amount as for_units_amount,
        {{ shipping_part_of_refund('refunds', 'assigned.currency_digits') }} as shipping_with_tax_amount
    from refunds
    inner join assigned on refunds.payment_id = assigned.payment_id
),

limited as (
    select
        split.*,
        least(split.goods_amount_order_currency, greatest(split.amount_order_currency - split.shipping_with_tax_amount, 0))
            as goods_amount,
        coalesce(split.tax_amount_order_currency, 0) + greatest(coalesce(split.shipping_amount_order_currency, 0), 0)
        - split.shipping_with_tax_amount as goods_tax_amount
    from split
),

final as (
    select
        limited.order_id,
        limited.payment_id,
        limited.currency_digits,
        cast(
            case
                when limited.goodwill_amount >= limited.for_units_amount then limited.goods_amount
                else {{ round_half_even_quotient(
                    'limited.goods_amount', ten_thousandths('limited.goodwill_amount'),
                    ten_thousandths('limited.for_units_amount'), 'limited.currency_digits'
                ) }}
            end as {{ money_type() }}
        ) as net_amount,
        cast(
            least(
                limited.goods_tax_amount,
                greatest(limited.amount_order_currency - limited.shipping_with_tax_amount - limited.goods_amount, 0)
            ) as {{ money_type() }}
        ) as tax_amount,
        cast(limited.goods_amount as {{ money_type() }}) as goods_amount,
        limited.occurred_at
    from limited
)

select * from final
