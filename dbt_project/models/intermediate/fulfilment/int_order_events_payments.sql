{#
  Events of payments. Each move is computed from the running totals of the order, so it does not depend on the order of
  arrival.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
),

-- Amounts so far in the order's currency, and the amount due of the order as placed.
running_payments as (
    select
        payments.payment_id,
        payments.order_id,
        payments.kind,
        payments.amount,
        payments.currency,
        payments.method,
        payments.provider,
        payments.occurred_at,
        states.due_amount,
        0 as returned_due_amount,
        states.tolerance_amount,
        states.is_paid_tracked,
        {% for kind in ['authorized', 'captured', 'refunded', 'voided'] -%}
        sum(case when payments.kind = '{{ kind }}' then coalesce(payments.amount_order_currency, 0) else 0 end)
            over so_far as {{ 'gross_' if kind == 'authorized' }}{{ kind }}_amount,
        {% endfor -%}
        sum(case payments.kind
            when 'disputed' then coalesce(payments.amount_order_currency, 0)
            when 'dispute_won' then -coalesce(payments.amount_order_currency, 0)
            else 0
        end) over so_far as disputed_amount,
        sum(case when payments.kind = 'failed' then 1 else 0 end) over so_far as failed_count,
        payments._file_id,
        payments._record,
        payments._source
    from payments
    inner join states on payments.order_id = states.order_id
    window so_far as (
        partition by payments.order_id order by payments.occurred_at, payments.payment_id
        rows between unbounded preceding and current row
    )
),

net_payments as (
    select
        running_payments.*,
        greatest(running_payments.gross_authorized_amount - running_payments.voided_amount, 0) as authorized_amount
    from running_payments
),

payment_steps as (
    select
        net_payments.*,
        {{ payment_status('net_payments') }} as to_status
    from net_payments
),

final as (
    select
        payment_steps.order_id,
        payment_steps.occurred_at,
        300 as event_rank,
        'payments' as feed,
        payment_steps.kind as event,
        payment_steps.payment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'payment_status' as axis,
        coalesce(
            lag(payment_steps.to_status) over (
                partition by payment_steps.order_id order by payment_steps.occurred_at, payment_steps.payment_id
            ),
            case
                when not payment_steps.is_paid_tracked then 'not_tracked'
                when payment_steps.due_amount = 0 then 'not_due'
                else 'none'
            end
        ) as from_status,
        payment_steps.to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        payment_steps.amount,
        payment_steps.currency,
        payment_steps.method as detail,
        coalesce(payment_steps.provider, payment_steps._source) as actor,
        payment_steps._file_id,
        payment_steps._record,
        payment_steps._source
    from payment_steps
)

select * from final
