{#
  Every payment event that counts, in its own currency and in the order's currency. marts.fct_payment_ledger adds the
  reporting currency.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with payments as (
    select * from {{ ref('int_payments_converted') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

disputing as (
    select payments.*
    from payments
    where payments.kind in ('disputed', 'dispute_lost', 'dispute_won')
),

-- An event of a dispute names the disputed payment, or an earlier event of the dispute, which may name an earlier one again.
{%- set names = ['disputing', 'second', 'third', 'fourth'] %}
dispute_events as (
    select
        disputing.*,
        case
            {% for name in names[:0:-1] -%}
            when {{ name }}.payment_id is not null then coalesce({{ name }}.parent_payment_id, '')
            {% endfor -%}
            else coalesce(disputing.parent_payment_id, '')
        end as dispute_id
    from disputing
    {% for name in names[1:] -%}
    left join disputing as {{ name }}
        on
            {{ names[loop.index0] }}.order_id = {{ name }}.order_id
            and {{ names[loop.index0] }}.parent_payment_id = {{ name }}.payment_id
    {% endfor %}
),

-- Each payment may have a dispute of its own; one that names no payment is of the whole order. What was disputed or lost,
-- whichever is more, is taken, and what was won is given back, never more than was taken.
running_disputes as (
    select
        dispute_events.*,
        greatest(
            greatest(
                {% for kind in ['disputed', 'dispute_lost'] -%}
                sum(case when dispute_events.kind = '{{ kind }}'
                    then coalesce(dispute_events.status_amount_order_currency, 0) else 0 end) over so_far
                {%- if not loop.last %},{% endif %}
                {% endfor -%}
            )
            - sum(case when dispute_events.kind = 'dispute_won'
                then coalesce(dispute_events.status_amount_order_currency, 0) else 0 end) over so_far,
            0
        ) as disputed_so_far_amount,
        greatest(
            greatest(
                {% for kind in ['disputed', 'dispute_lost'] -%}
                sum(case when dispute_events.kind = '{{ kind }}' then dispute_events.amount else 0 end) over so_far_in_currency
                {%- if not loop.last %},{% endif %}
                {% endfor -%}
            )
            - sum(case when dispute_events.kind = 'dispute_won' then dispute_events.amount else 0 end) over so_far_in_currency,
            0
        ) as own_so_far_amount
    from dispute_events
    window
        so_far as (
            partition by dispute_events.order_id, dispute_events.dispute_id
            order by dispute_events.occurred_at, dispute_events.payment_id
            rows between unbounded preceding and current row
        ),
        so_far_in_currency as (
            partition by dispute_events.order_id, dispute_events.dispute_id, dispute_events.currency
            order by dispute_events.occurred_at, dispute_events.payment_id
            rows between unbounded preceding and current row
        )
),

disputes as (
    select
        running_disputes.payment_id,
        running_disputes.disputed_so_far_amount - coalesce(lag(running_disputes.disputed_so_far_amount) over (
            partition by running_disputes.order_id, running_disputes.dispute_id
            order by running_disputes.occurred_at, running_disputes.payment_id
        ), 0) as disputed_amount,
        running_disputes.own_so_far_amount - coalesce(lag(running_disputes.own_so_far_amount) over (
            partition by running_disputes.order_id, running_disputes.dispute_id, running_disputes.currency
            order by running_disputes.occurred_at, running_disputes.payment_id
        ), 0) as own_disputed_amount
    from running_disputes
),

signed as (
    select
        payments.*,
        case when payments.is_ended_refund then 'refund_failed' else payments.kind end as counted_kind,
        case
            when payments.kind in ('disputed', 'dispute_lost', 'dispute_won')
                and payments.status_amount_order_currency is not null
                then disputes.disputed_amount
        end as disputed_amount,
        disputes.own_disputed_amount,
        case
            when payments.is_ended_refund then 0
            when payments.kind = 'captured' then 1
            when payments.kind = 'refunded' then -1
            else 0
        end as direction,
        {{ minor_unit('currencies.minor_digits') }} as minor_digits
    from payments
    left join disputes on payments.payment_id = disputes.payment_id
    left join currencies on payments.currency = currencies.currency
),

final as (
    select
        signed.payment_id,
        signed.order_id,
        signed.counted_kind as kind,
        signed.method,
        signed.provider,
        signed.currency,
        signed.order_currency,
        signed.payout_id,
        signed.parent_payment_id,
        signed.return_id,
        signed._source as source,
        cast(signed.amount as {{ money_type() }}) as amount,
        cast(
            case
                -- Without a rate an event counts among those of its dispute in its own currency.
                when signed.disputed_amount is null
                    then coalesce(-signed.own_disputed_amount, signed.amount * signed.direction)
                when not signed.is_other_currency then -signed.disputed_amount
                when signed.status_amount_order_currency = 0 then 0
                else -{{ round_half_even_quotient(
                    'signed.amount', ten_thousandths('signed.disputed_amount'),
                    ten_thousandths('signed.status_amount_order_currency'), 'signed.minor_digits'
                ) }}
            end as {{ money_type() }}
        ) as signed_amount,
        cast(coalesce(signed.fee_amount, 0) as {{ money_type() }}) as fee_amount,
        {% for column in ['amount', 'fee_amount', 'goods_amount', 'tax_amount', 'shipping_amount', 'status_amount'] -%}
        cast(signed.{{ column }}_order_currency as {{ money_type() }}) as {{ column }}_order_currency,
        {% endfor -%}
        cast(
            case
                when signed.disputed_amount is null then signed.direction * signed.amount_order_currency
                else -signed.disputed_amount
            end as {{ money_type() }}
        ) as signed_amount_order_currency,
        signed.has_goods_part,
        signed.has_shipping_part,
        signed.is_orphan,
        signed.is_other_currency,
        signed.is_other_currency and signed.amount_order_currency is null as is_rate_missing,
        signed.occurred_date,
        signed.occurred_at,
        signed.payout_at,
        signed._file_id,
        signed._record,
        signed._source,
        {{ this_batch() }} as _batch_id
    from signed
)

select * from final
