{#
  Refunds in another currency than the order's, converted at the rate of the capture that they give back. It is the capture
  that the refund names, else the latest of the order in that currency before the refund, else the first after it. A refund
  without such a capture keeps the rate of its own day.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        is_other_currency
        and not is_orphan
        and kind in ('captured', 'refunded')
        and {{ is_touched('order_id', touched) }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- The rate of a capture is its amount in the order's currency over its own amount.
captures as (
    select
        ledger.payment_id,
        ledger.order_id,
        ledger.currency,
        ledger.amount,
        ledger.amount_order_currency,
        ledger.occurred_at
    from ledger
    where
        ledger.kind = 'captured'
        and ledger.amount > 0
        and ledger.amount_order_currency is not null
),

refunds as (
    select
        ledger.payment_id,
        ledger.order_id,
        ledger.currency,
        ledger.order_currency,
        ledger.parent_payment_id,
        ledger.amount,
        ledger.amount_order_currency,
        ledger.shipping_amount_order_currency,
        captures.amount as captured_amount,
        captures.amount_order_currency as captured_amount_order_currency
    from ledger
    inner join captures
        on
            ledger.order_id = captures.order_id
            and ledger.currency = captures.currency
    where ledger.kind = 'refunded'
    qualify row_number() over (
        partition by ledger.payment_id
        order by
            case when captures.payment_id = ledger.parent_payment_id then 0 else 1 end,
            case when captures.occurred_at <= ledger.occurred_at then 0 else 1 end,
            case when captures.occurred_at <= ledger.occurred_at then captures.occurred_at end desc nulls last,
            captures.occurred_at,
            captures.payment_id
    ) = 1
),

converted as (
    select
        refunds.payment_id,
        refunds.order_id,
        {{ round_half_even_quotient(
            'refunds.amount', ten_thousandths('refunds.captured_amount_order_currency'),
            ten_thousandths('refunds.captured_amount'), minor_unit('currencies.minor_digits')
        ) }} as amount,
        refunds.amount_order_currency,
        refunds.shipping_amount_order_currency,
        {{ minor_unit('currencies.minor_digits') }} as currency_digits
    from refunds
    left join currencies on refunds.order_currency = currencies.currency
),

final as (
    select
        converted.payment_id,
        converted.order_id,
        cast(converted.amount as {{ money_type() }}) as amount,
        cast(case when converted.amount_order_currency > 0 then {{ round_half_even_quotient(
            'converted.shipping_amount_order_currency', ten_thousandths('converted.amount'),
            ten_thousandths('converted.amount_order_currency'), 'converted.currency_digits'
        ) }} end as {{ money_type() }}) as shipping_amount,
        {{ this_batch() }} as _batch_id
    from converted
)

select * from final
