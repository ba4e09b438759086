{#
  Every payment event that counts, in the order's currency: at the rate of its own day, and, for the statuses of the order, a
  refund at the rate of its capture.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_payment_ledger') }}
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

-- A refund that a later event of its own reports as failed or voided.
ended_refunds as (
    select distinct
        payments.order_id,
        payments.payment_id
    from payments
    inner join payments as ends
        on
            payments.order_id = ends.order_id
            and payments.payment_id = ends.parent_payment_id
    where
        payments.kind = 'refunded'
        and ends.kind in ('failed', 'voided')
),

joined as (
    select
        payments.*,
        coalesce(orders.currency, orphan_currencies.currency) as order_currency,
        coalesce(orders.currency, orphan_currencies.currency) <> payments.currency as is_other_currency,
        orders.order_id is null as is_orphan,
        ended_refunds.payment_id is not null as is_ended_refund,
        {{ business_date('payments.occurred_at') }} as occurred_date
    from payments
    left join orders on payments.order_id = orders.order_id
    left join orphan_currencies on payments.order_id = orphan_currencies.order_id
    left join ended_refunds
        on
            payments.order_id = ended_refunds.order_id
            and ended_refunds.payment_id
            = case when payments.kind in ('failed', 'voided') then payments.parent_payment_id else payments.payment_id end
    where coalesce(not orders.is_test, true)
),

foreign_payments as (
    select * from joined
    where joined.is_other_currency
),

-- The capture that a refund names, else the first of the order in its currency. A refund that ended without success has none.
captured_days as (
    select
        refunds.payment_id,
        captures.occurred_date as rate_date
    from foreign_payments as refunds
    inner join foreign_payments as captures
        on
            refunds.order_id = captures.order_id
            and refunds.currency = captures.currency
    where
        refunds.kind = 'refunded'
        and not refunds.is_ended_refund
        and captures.kind = 'captured'
    qualify row_number() over (
        partition by refunds.payment_id
        order by
            case when refunds.parent_payment_id = captures.payment_id then 0 else 1 end,
            captures.occurred_at,
            captures.payment_id
    ) = 1
),

dated as (
    select
        foreign_payments.*,
        coalesce(captured_days.rate_date, foreign_payments.occurred_date) as status_rate_date
    from foreign_payments
    left join captured_days on foreign_payments.payment_id = captured_days.payment_id
),

converted as (
    select
        dated.payment_id,
        {% for column in ['amount', 'fee_amount', 'goods_amount', 'tax_amount', 'shipping_amount'] -%}
        {{ converted_amount(
            'dated.' ~ column, 'payment_rates', 'order_rates', minor_unit('currencies.minor_digits')
        ) }} as {{ column }},
        {% endfor -%}
        {{ converted_amount(
            'dated.amount', 'status_payment_rates', 'status_order_rates', minor_unit('currencies.minor_digits')
        ) }} as status_amount
    from dated
    left join currencies on dated.order_currency = currencies.currency
    {% for rates, currency, day in [
        ('payment_rates', 'currency', 'occurred_date'), ('order_rates', 'order_currency', 'occurred_date'),
        ('status_payment_rates', 'currency', 'status_rate_date'), ('status_order_rates', 'order_currency', 'status_rate_date')
    ] -%}
    left join fx_daily as {{ rates }}
        on
            dated.{{ currency }} = {{ rates }}.currency
            and dated.{{ day }} = {{ rates }}.rate_date
    {% endfor %}
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
        joined.amount,
        joined.fee_amount,
        {% for column in ['amount', 'fee_amount', 'goods_amount', 'tax_amount', 'shipping_amount'] -%}
        case when joined.is_other_currency then converted.{{ column }} else joined.{{ column }} end
            as {{ column }}_order_currency,
        {% endfor -%}
        case when joined.is_other_currency then coalesce(converted.status_amount, converted.amount) else joined.amount end
            as status_amount_order_currency,
        coalesce(joined.goods_amount, 0) <> 0 as has_goods_part,
        coalesce(joined.shipping_amount, 0) <> 0 as has_shipping_part,
        joined.is_other_currency,
        joined.is_orphan,
        joined.is_ended_refund,
        joined.occurred_date,
        joined.occurred_at,
        joined.payout_at,
        joined._file_id,
        joined._record,
        joined._source
    from joined
    left join converted on joined.payment_id = converted.payment_id
)

select * from final
