{#
  Difference that rounding makes to the amounts of each order: lines rounded half-even, lines rounded half-up, or the sum
  rounded once. Shops use all three. Only orders with an amount below the minor unit are listed.
#}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
    where
        is_current
        and {{ is_touched('order_id', touched) }}
),

exact as (
    select
        order_lines.order_id,
        orders.currency_digits,
        cast(order_lines.quantity * order_lines.unit_price as {{ money_type() }}) as gross_amount,
        order_lines.discount_amount,
        case when orders.prices_include_tax then 0 else order_lines.tax_amount end as added_tax_amount
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
),

rounded as (
    select
        exact.order_id,
        exact.currency_digits,
        exact.gross_amount - exact.discount_amount + exact.added_tax_amount as exact_amount,
        {{ round_half_even_quotient('exact.gross_amount', 1, 1, 'exact.currency_digits') }}
        - {{ round_half_even_quotient('exact.discount_amount', 1, 1, 'exact.currency_digits') }}
        + {{ round_half_even_quotient('exact.added_tax_amount', 1, 1, 'exact.currency_digits') }} as half_even_amount,
        {{ round_half_up('exact.gross_amount', 'exact.currency_digits') }}
        - {{ round_half_up('exact.discount_amount', 'exact.currency_digits') }}
        + {{ round_half_up('exact.added_tax_amount', 'exact.currency_digits') }} as half_up_amount
    from exact
),

summed as (
    select
        rounded.order_id,
        max(rounded.currency_digits) as currency_digits,
        cast(sum(rounded.exact_amount) as {{ money_type() }}) as exact_amount,
        sum(rounded.half_even_amount) as half_even_amount,
        sum(rounded.half_up_amount) as half_up_amount
    from rounded
    where rounded.exact_amount <> rounded.half_even_amount or rounded.exact_amount <> rounded.half_up_amount
    group by rounded.order_id
),

once as (
    select
        summed.*,
        {{ round_half_even_quotient('summed.exact_amount', 1, 1, 'summed.currency_digits') }} as once_amount
    from summed
),

final as (
    select
        once.order_id,
        greatest(once.half_even_amount, once.half_up_amount, once.once_amount)
        - least(once.half_even_amount, once.half_up_amount, once.once_amount) as rounding_amount
    from once
)

select * from final
