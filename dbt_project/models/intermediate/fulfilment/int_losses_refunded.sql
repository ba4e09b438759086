{#
  Units of each order line that were lost or returned by the carrier and whose value was refunded. The units count as refunded
  in the order in which the parcels were lost, each as soon as its whole value is refunded. Units without a value count when
  everything else that was lost is refunded.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='ephemeral', step_of='int_order_lines') }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with order_lines as (
    select * from {{ ref('int_order_lines_counted') }}
    where
        reopened_quantity > 0
        and {{ is_touched('order_id', touched) }}
),

refunds as (
    select * from {{ ref('int_refunds_assigned') }}
    where
        lost_amount > 0
        and {{ is_touched('order_id', touched) }}
),

refunded as (
    select
        refunds.order_id,
        sum(refunds.lost_amount) as refunded_amount
    from refunds
    group by refunds.order_id
),

running_refunds as (
    select
        refunds.order_id,
        refunds.occurred_at,
        sum(refunds.lost_amount) over (
            partition by refunds.order_id
            order by refunds.occurred_at, refunds.payment_id
            rows between unbounded preceding and current row
        ) as so_far_amount
    from refunds
),

running as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.reopened_quantity,
        order_lines.reopened_amount,
        sum(order_lines.reopened_amount) over (partition by order_lines.order_id) as lost_amount,
        sum(order_lines.reopened_amount) over (
            partition by order_lines.order_id
            order by order_lines.first_loss_at, order_lines.line_id
            rows between unbounded preceding and current row
        ) as lost_so_far_amount,
        refunded.refunded_amount,
        {{ minor_unit_amount('order_lines.currency_digits') }} as tolerance_amount
    from order_lines
    inner join refunded on order_lines.order_id = refunded.order_id
),

budgeted as (
    select
        running.*,
        least(
            greatest(running.refunded_amount - running.lost_so_far_amount + running.reopened_amount, 0),
            running.reopened_amount
        ) as own_refund_amount
    from running
),

paid as (
    select
        budgeted.order_id,
        budgeted.line_id,
        min(running_refunds.occurred_at) as refunded_at
    from budgeted
    inner join running_refunds
        on
            budgeted.order_id = running_refunds.order_id
            and running_refunds.so_far_amount >= least(budgeted.lost_so_far_amount, budgeted.refunded_amount)
    group by
        budgeted.order_id,
        budgeted.line_id
),

final as (
    select
        budgeted.order_id,
        budgeted.line_id,
        case
            when budgeted.refunded_amount >= budgeted.lost_amount - budgeted.tolerance_amount then budgeted.reopened_quantity
            when budgeted.own_refund_amount > 0 then least(
                cast({{ big_integer_quotient(
                    ten_thousandths('(budgeted.own_refund_amount + budgeted.tolerance_amount)') ~ ' * budgeted.reopened_quantity',
                    ten_thousandths('budgeted.reopened_amount')
                ) }} as {{ dbt.type_bigint() }}),
                budgeted.reopened_quantity
            )
            else 0
        end as refunded_lost_quantity,
        paid.refunded_at
    from budgeted
    inner join paid
        on
            budgeted.order_id = paid.order_id
            and budgeted.line_id = paid.line_id
)

select * from final
