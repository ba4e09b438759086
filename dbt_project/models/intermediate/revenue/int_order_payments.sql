{#
  Authorised, captured, refunded and disputed amounts per order number, in the order's currency. Orders that were not
  received are included.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where {{ is_touched('order_id', touched) }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

-- The part of a refund that was for shipping, with its share of the tax, where the split is known.
split as (
    select
        ledger.*,
        {{ shipping_part_of_refund('ledger', minor_unit('currencies.minor_digits')) }} as shipping_refunded_amount
    from ledger
    left join currencies on ledger.order_currency = currencies.currency
),

-- A payment without a rate has no amount in the order's currency. It is left out of the sums and counted.
summed as (
    select
        ledger.order_id,
        max(ledger.order_currency) as currency,
        max(ledger.source) as source,
        {% for kind, column in [
            ('authorized', 'authorized_amount'), ('captured', 'captured_amount'), ('voided', 'voided_amount'),
            ('refunded', 'refunded_amount')
        ] -%}
        coalesce(sum(ledger.status_amount_order_currency) filter (where ledger.kind = '{{ kind }}'), 0) as {{ column }},
        {% endfor -%}
        coalesce(sum(ledger.amount_order_currency) filter (where ledger.kind = 'refunded'), 0) as paid_back_amount,
        coalesce(
            sum(ledger.status_amount_order_currency) filter (where ledger.kind = 'refunded' and ledger.return_id is not null), 0
        ) as refunded_for_returns_amount,
        coalesce(sum(ledger.shipping_refunded_amount), 0) as shipping_refunded_amount,
        coalesce(
            -sum(ledger.signed_amount_order_currency) filter (where ledger.kind in ('disputed', 'dispute_won', 'dispute_lost')),
            0
        ) as disputed_amount,
        coalesce(sum(ledger.goods_amount_order_currency) filter (where ledger.kind = 'refunded'), 0) as goods_refunded_amount,
        coalesce(sum(ledger.fee_amount_order_currency), 0) as fee_amount,
        coalesce(sum(ledger.amount_order_currency) filter (where ledger.kind = 'captured' and ledger.is_other_currency), 0)
            as foreign_captured_amount,
        count(*) as payments_count,
        count(*) filter (where ledger.kind = 'captured') as captures_count,
        count(*) filter (where ledger.kind = 'refunded') as refunds_count,
        count(*) filter (where ledger.kind = 'failed') as failed_count,
        count(*) filter (where ledger.is_rate_missing) as missing_rates_count,
        max(case when ledger.is_orphan then 1 else 0 end) = 1 as is_orphan,
        max(case when ledger.is_other_currency then 1 else 0 end) = 1 as has_currency_mismatch,
        min(ledger.occurred_at) as first_payment_at,
        min(ledger.occurred_at) filter (where ledger.kind = 'captured') as first_captured_at,
        max(ledger.occurred_at) filter (where ledger.kind = 'captured') as last_captured_at,
        min(ledger.occurred_at) filter (where ledger.kind = 'refunded') as first_refunded_at,
        max(ledger.occurred_at) filter (where ledger.kind = 'refunded') as last_refunded_at,
        min(ledger.occurred_at) filter (where ledger.kind in ('disputed', 'dispute_lost')) as first_disputed_at,
        min(ledger.occurred_at) filter (where ledger.is_other_currency) as first_other_currency_at
    from split as ledger
    group by ledger.order_id
),

final as (
    select
        summed.order_id,
        summed.source,
        summed.currency,
        {% for column in ['payments_count', 'captures_count', 'refunds_count', 'failed_count', 'missing_rates_count'] -%}
        cast(summed.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'captured_amount', 'voided_amount', 'refunded_amount', 'paid_back_amount', 'refunded_for_returns_amount',
            'shipping_refunded_amount', 'disputed_amount', 'fee_amount', 'goods_refunded_amount', 'foreign_captured_amount'
        ] -%}
        cast(summed.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(greatest(summed.authorized_amount - summed.voided_amount, 0) as {{ money_type() }}) as authorized_amount,
        summed.is_orphan,
        summed.has_currency_mismatch,
        summed.first_payment_at,
        summed.first_captured_at,
        summed.last_captured_at,
        summed.first_refunded_at,
        summed.last_refunded_at,
        summed.first_disputed_at,
        summed.first_other_currency_at,
        {{ this_batch() }} as _batch_id
    from summed
)

select * from final
