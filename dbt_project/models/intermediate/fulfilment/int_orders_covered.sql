{#
  Instant at which the authorised or captured money of each order first reached the amount due. Authorisations that were
  voided later counted until then.
#}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with due as (
    select * from {{ ref('int_orders_due') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind in ('authorized', 'captured', 'voided')
        and {{ is_touched('order_id', touched) }}
),

paid as (
    select
        payments.order_id,
        payments.occurred_at,
        due.due_amount - due.tolerance_amount as wanted_amount,
        {% for kind in ['authorized', 'captured', 'voided'] -%}
        sum(case when payments.kind = '{{ kind }}' then coalesce(payments.amount_order_currency, 0) else 0 end)
            over so_far as {{ kind }}_amount
        {%- if not loop.last %},{% endif %}
        {% endfor -%}
    from payments
    inner join due on payments.order_id = due.order_id
    where
        due.is_paid_tracked
        and due.due_amount > due.tolerance_amount
    -- Simultaneous payments count together.
    window so_far as (
        partition by payments.order_id order by payments.occurred_at
        range between unbounded preceding and current row
    )
),

final as (
    select
        paid.order_id,
        min(paid.occurred_at) as covered_at
    from paid
    where greatest(paid.authorized_amount - paid.voided_amount, paid.captured_amount) >= paid.wanted_amount
    group by paid.order_id
)

select * from final
