{#
  Lines of returns with what became of them. The key is the order. Credit notes that name no order are in int_credit_notes.
  Several returns of one order line share its returned units in the order in which they arrived, so that their values add up to
  that of the line.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'refunded'
        and {{ is_touched('order_id', touched) }}
),

assigned as (
    select * from {{ ref('int_refunds_assigned') }}
    where
        returned_amount > 0
        and {{ is_touched('order_id', touched) }}
),

named_refunds as (
    select
        payments.order_id,
        payments.return_id,
        min(payments.occurred_at) as refunded_at
    from payments
    where payments.return_id is not null
    group by
        payments.order_id,
        payments.return_id
),

other_refunds as (
    select
        assigned.order_id,
        max(assigned.occurred_at) as refunded_at
    from assigned
    group by assigned.order_id
),

arrived as (
    select
        return_lines.*,
        least(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at) as arrived_at
    from return_lines
),

run as (
    select
        arrived.*,
        sum(arrived.returned_quantity) over (
            partition by arrived.order_id, arrived.line_id
            order by arrived.arrived_at nulls last, arrived.return_id
            rows between unbounded preceding and current row
        ) as returned_so_far_quantity
    from arrived
),

joined as (
    select
        run.*,
        orders.currency as order_currency,
        coalesce(run.sku, order_lines.sku) as returned_sku,
        order_lines.unit_price_amount,
        order_lines.currency_digits,
        order_lines.ordered_quantity,
        order_lines.kept_quantity,
        order_lines.ordered_gross_amount,
        order_lines.ordered_discount_amount,
        order_lines.ordered_tax_amount,
        least(order_lines.returned_of_shipped_quantity, order_lines.kept_quantity) as valued_quantity,
        coalesce(named_refunds.refunded_at, case when run.arrived_at is not null then other_refunds.refunded_at end)
            as refunded_at
    from run
    inner join orders on run.order_id = orders.order_id
    left join order_lines
        on
            run.order_id = order_lines.order_id
            and run.line_id = order_lines.line_id
    left join named_refunds
        on
            run.order_id = named_refunds.order_id
            and run.return_id = named_refunds.return_id
    left join other_refunds on run.order_id = other_refunds.order_id
),

-- Returned units are the last of those that were kept.
placed as (
    select
        joined.*,
        joined.kept_quantity - least(joined.returned_so_far_quantity - joined.returned_quantity, joined.valued_quantity)
            as kept_before_quantity,
        joined.kept_quantity - least(joined.returned_so_far_quantity, joined.valued_quantity) as kept_after_quantity
    from joined
),

final as (
    select
        placed.return_id,
        placed.line_id,
        placed.order_id,
        placed.returned_sku as sku,
        placed.warehouse_id,
        placed.reason_token,
        placed.status as return_status,
        {{ return_outcome('placed') }} as outcome,
        placed.order_currency as currency,
        placed._source as source,
        {% for word in ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'returned'] -%}
        placed.{{ word }}_quantity,
        {% endfor -%}
        placed.unit_price_amount,
        {% for column, total in [
            ('gross', 'ordered_gross_amount'), ('discount', 'ordered_discount_amount'), ('tax', 'ordered_tax_amount')
        ] -%}
        cast(
            case when placed.kept_before_quantity > placed.kept_after_quantity then
                {% for k in ['kept_before_quantity', 'kept_after_quantity'] -%}
                {{ split_amount('placed.' ~ total, 'placed.' ~ k, 'placed.ordered_quantity', 'placed.currency_digits') }}
                {%- if not loop.last %} - {% endif %}
                {% endfor -%}
                else 0
            end as {{ money_type() }}
        ) as returned_{{ column }}_amount,
        {% endfor -%}
        {% for word in ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'cancelled'] -%}
        placed.{{ word }}_at,
        {% endfor -%}
        placed.arrived_at,
        placed.refunded_at,
        placed.opened_at,
        placed.last_event_at,
        {{ hours_between('placed.opened_at', 'placed.arrived_at') }} as hours_to_receive,
        {{ hours_between('placed.arrived_at', 'placed.refunded_at') }} as hours_to_refund,
        {{ this_batch() }} as _batch_id
    from placed
)

select * from final
