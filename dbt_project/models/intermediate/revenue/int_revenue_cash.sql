{#
  Refunds and fees on their own day. They are cash, so they do not depend on the recognition clock. Orders that were not
  received are left out.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched,
    pre_hook="{{ remember_replaced_days(['business_date']) }}"
) }}
-- depends_on: {{ ref('int_touched_orders') }}

with payment_ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        (kind = 'refunded' or fee_amount <> 0)
        and {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'order'
        and {{ is_touched('order_id', touched) }}
),

order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

-- If the rate between the two currencies is missing, the payment stays in its own currency.
final as (
    select
        payment_ledger.order_id,
        payment_ledger.payment_id,
        case when payment_ledger.kind = 'refunded' then 'refund' else 'fee' end as event_kind,
        orders.sku,
        -- A refund without a split belongs to no category.
        case
            when payment_ledger.kind <> 'refunded' then null
            when payment_ledger.has_goods_part then null
            when payment_ledger.has_shipping_part then 'shipping'
            else 'unassigned'
        end as category_word,
        order_states.channel,
        order_states.ship_country as country,
        case when payment_ledger.is_rate_missing then payment_ledger.currency else order_states.currency end as currency,
        cast(
            case
                when payment_ledger.kind <> 'refunded' then 0
                when payment_ledger.is_rate_missing then payment_ledger.amount
                else payment_ledger.amount_order_currency
            end as {{ money_type() }}
        ) as refunds_amount,
        cast(
            case
                when payment_ledger.is_rate_missing then payment_ledger.fee_amount
                else coalesce(payment_ledger.fee_amount_order_currency, 0)
            end as {{ money_type() }}
        ) as fees_amount,
        payment_ledger.currency as paid_currency,
        cast(case when payment_ledger.kind = 'refunded' then payment_ledger.amount else 0 end as {{ money_type() }})
            as paid_refunds_amount,
        cast(payment_ledger.fee_amount as {{ money_type() }}) as paid_fees_amount,
        payment_ledger.occurred_date as business_date,
        {{ this_batch() }} as _batch_id
    from payment_ledger
    inner join order_states on payment_ledger.order_id = order_states.order_id
    left join orders on payment_ledger.order_id = orders.order_id
)

select * from final
