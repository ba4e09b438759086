{#
  Difference that rounding makes to the amounts due of each order: kept units of the lines rounded half-even, rounded half-up,
  or their sum rounded once. Shops use all three. Only orders with an amount below the minor unit are listed.
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
        and quantity > 0
        and {{ is_touched('order_id', touched) }}
),

counted as (
    select * from {{ ref('int_order_lines_allocated') }}
    where
        ordered_quantity > cancelled_quantity
        and {{ is_touched('order_id', touched) }}
),

totals as (
    select
        order_lines.order_id,
        orders.currency_digits,
        order_lines.quantity as ordered_quantity,
        counted.ordered_quantity - counted.cancelled_quantity as kept_quantity,
        cast(order_lines.quantity * order_lines.unit_price as {{ money_type() }}) as gross_amount,
        -order_lines.discount_amount as discount_amount,
        case when orders.prices_include_tax then 0 else order_lines.tax_amount end as tax_amount
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    inner join counted
        on
            order_lines.order_id = counted.order_id
            and order_lines.line_id = counted.line_id
),

parts as (
    {% for column in ['gross_amount', 'discount_amount', 'tax_amount'] -%}
    select
        totals.order_id,
        totals.currency_digits,
        {{ exact_share('totals.' ~ column, 'totals.kept_quantity', 'totals.ordered_quantity') }} as exact_amount,
        {{ round_half_even_quotient(
            'totals.' ~ column, 'totals.kept_quantity', 'totals.ordered_quantity', 'totals.currency_digits'
        ) }} as half_even_amount
    from totals
    where totals.{{ column }} <> 0
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- An exact part rounds to itself, but decides to which side a sum that ends in a half is rounded.
inexact_orders as (
    select distinct parts.order_id
    from parts
    where parts.exact_amount <> parts.half_even_amount
),

summed as (
    select
        parts.order_id,
        max(parts.currency_digits) as currency_digits,
        cast(sum(parts.exact_amount) as decimal(30, 12)) as exact_amount,
        sum(parts.half_even_amount) as half_even_amount,
        sum({{ round_half_up('parts.exact_amount', 'parts.currency_digits') }}) as half_up_amount
    from parts
    where parts.order_id in (select inexact_orders.order_id from inexact_orders)
    group by parts.order_id
),

once as (
    select
        summed.*,
        {{ round_half_even_share('summed.exact_amount', 'summed.currency_digits') }} as once_amount
    from summed
),

final as (
    select
        once.order_id,
        cast(
            greatest(once.half_even_amount, once.half_up_amount, once.once_amount)
            - least(once.half_even_amount, once.half_up_amount, once.once_amount) as {{ money_type() }}
        ) as rounding_amount
    from once
)

select * from final
