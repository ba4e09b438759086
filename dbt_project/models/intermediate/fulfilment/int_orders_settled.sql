{# Order status and payment status of each order, and the amounts that are still owed, to the merchant and back. #}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set paid = [
    'authorized_amount', 'captured_amount', 'voided_amount', 'disputed_amount', 'fee_amount'
] %}

with due as (
    select * from {{ ref('int_orders_due') }}
),

covered as (
    select * from {{ ref('int_orders_covered') }}
),

settled as (
    select
        due.*,
        {{ is_settled('due') }} as is_settled,
        {{ is_covered('due') }} as is_covered,
        covered.covered_at
    from due
    left join covered on due.order_id = covered.order_id
),

stated as (
    select
        settled.*,
        {{ order_status('settled') }} as order_status,
        {{ payment_status('settled') }} as payment_status
    from settled
),

final as (
    select
        stated.order_id,
        stated.order_status,
        stated.payment_status,
        stated.due_amount,
        stated.ordered_due_amount,
        stated.due_now_amount,
        {% for column in paid -%}
        stated.{{ column }},
        {% endfor -%}
        stated.paid_back_amount as refunded_amount,
        stated.tolerance_amount,
        stated.due_amount - stated.captured_amount + stated.paid_back_amount as balance_amount,
        case
            when not stated.is_paid_tracked then null
            when stated.is_settled then 0
            else greatest(stated.due_now_amount - stated.captured_amount + stated.refunded_amount, 0)
        end as owed_to_us_amount,
        case
            when stated.is_paid_tracked
                then greatest(stated.captured_amount - stated.refunded_amount - stated.due_now_amount, 0)
        end as owed_back_amount,
        stated.is_nothing_left,
        stated.is_settled,
        case
            when stated.order_status <> 'placed' then least(
                stated.confirm_action_at,
                stated.first_shipped_at,
                case
                    when stated.payment_terms in ('on_delivery', 'invoice') then stated.placed_at
                    when stated.due_amount = 0 or (stated.is_paid_tracked and stated.due_amount <= stated.tolerance_amount)
                        then stated.placed_at
                end,
                stated.covered_at
            )
        end as confirmed_at,
        case
            when stated.is_whole_order_cancelled then stated.cancelled_at
            else stated.lines_cancelled_at
        end as order_cancelled_at,
        stated.first_captured_at
    from stated
)

select * from final
