{# The goods part of refunds that belong to no return. Such refunds first settle what was cancelled; the rest counts here. #}
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

order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

summed as (
    select
        refunds.order_id,
        refunds.payment_id,
        refunds.goods_amount_order_currency,
        refunds.tax_amount_order_currency,
        refunds.occurred_at,
        order_states.currency_digits,
        greatest(
            order_states.ordered_net_amount - order_states.net_amount
            - case
                when order_states.prices_include_tax then order_states.ordered_tax_amount - order_states.tax_amount
                else 0
            end,
            0
        ) as cancelled_amount,
        sum(refunds.goods_amount_order_currency) over (
            partition by refunds.order_id
            order by refunds.occurred_at, refunds.payment_id
            rows between unbounded preceding and current row
        ) as refunded_so_far
    from refunds
    inner join order_states on refunds.order_id = order_states.order_id
),

final as (
    select
        summed.order_id,
        summed.payment_id,
        cast(summed.currency_digits as {{ dbt.type_int() }}) as currency_digits,
        cast(
            greatest(summed.refunded_so_far - summed.cancelled_amount, 0)
            - greatest(summed.refunded_so_far - summed.goods_amount_order_currency - summed.cancelled_amount, 0)
            as {{ money_type() }}
        ) as net_amount,
        cast(coalesce(summed.tax_amount_order_currency, 0) as {{ money_type() }}) as tax_amount,
        cast(summed.goods_amount_order_currency as {{ money_type() }}) as goods_amount,
        summed.occurred_at
    from summed
)

select * from final
