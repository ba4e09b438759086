{#
  Every payment event that counts, in its own currency and in the order's currency. marts.fct_payment_ledger adds the
  reporting currency.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with payments as (
    select * from {{ ref('stg_payments') }}
    where
        is_current
        and {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('stg_orders') }}
    where
        is_current
        and {{ is_touched('order_id', touched) }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

-- An orphan has no order, so it counts in the currency of its first payment.
orphan_currencies as (
    select
        payments.order_id,
        payments.currency
    from payments
    where not exists (select 1 from orders where orders.order_id = payments.order_id)
    qualify row_number() over (
        partition by payments.order_id
        order by payments.occurred_at, payments.payment_id
    ) = 1
),

disputed_orders as (
    select distinct payments.order_id from payments
    where payments.kind = 'disputed'
),

joined as (
    select
        payments.*,
        coalesce(orders.currency, orphan_currencies.currency) as order_currency,
        coalesce(orders.currency, orphan_currencies.currency) <> payments.currency as is_other_currency,
        orders.order_id is null as is_orphan,
        -- A dispute takes the money when it is opened. A dispute that was only reported lost takes it at that time.
        case
            when payments.kind = 'captured' then 1
            when payments.kind in ('refunded', 'disputed') then -1
            when payments.kind = 'dispute_won' and disputed_orders.order_id is not null then 1
            when payments.kind = 'dispute_lost' and disputed_orders.order_id is null then -1
            else 0
        end as direction,
        {{ business_date('payments.occurred_at') }} as occurred_date
    from payments
    left join orders on payments.order_id = orders.order_id
    left join orphan_currencies on payments.order_id = orphan_currencies.order_id
    left join disputed_orders on payments.order_id = disputed_orders.order_id
    where coalesce(not orders.is_test, true)
),

converted as (
    select
        joined.payment_id,
        {% for column in ['amount', 'fee_amount', 'goods_amount', 'tax_amount', 'shipping_amount'] -%}
        {{ converted_amount(
            'joined.' ~ column, 'payment_rates.rate', 'order_rates.rate', minor_unit('currencies.minor_digits')
        ) }} as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor -%}
    from joined
    left join currencies on joined.order_currency = currencies.currency
    left join fx_daily as payment_rates
        on
            joined.currency = payment_rates.currency
            and joined.occurred_date = payment_rates.rate_date
    left join fx_daily as order_rates
        on
            joined.order_currency = order_rates.currency
            and joined.occurred_date = order_rates.rate_date
    where joined.is_other_currency
),

final as (
    select
        joined.payment_id,
        joined.order_id,
        joined.kind,
        joined.method,
        joined.provider,
        joined.currency,
        joined.order_currency,
        joined.payout_id,
        joined.parent_payment_id,
        joined.return_id,
        joined._source as source,
        cast(joined.amount as {{ money_type() }}) as amount,
        cast(joined.amount * joined.direction as {{ money_type() }}) as signed_amount,
        cast(coalesce(joined.fee_amount, 0) as {{ money_type() }}) as fee_amount,
        {% for column in ['amount', 'fee_amount', 'goods_amount', 'tax_amount', 'shipping_amount'] -%}
        cast(case when joined.is_other_currency then converted.{{ column }} else joined.{{ column }} end as {{ money_type() }})
            as {{ column }}_order_currency,
        {% endfor -%}
        cast(
            joined.direction * case when joined.is_other_currency then converted.amount else joined.amount end
            as {{ money_type() }}
        ) as signed_amount_order_currency,
        joined.is_orphan,
        joined.is_other_currency,
        joined.is_other_currency and converted.amount is null as is_rate_missing,
        joined.occurred_date,
        joined.occurred_at,
        joined.payout_at,
        joined._file_id,
        joined._record,
        joined._source,
        {{ this_batch() }} as _batch_id
    from joined
    left join converted on joined.payment_id = converted.payment_id
)

select * from final
