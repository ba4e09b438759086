{#- Value with tax of the returned units of each order, on the day on which they came back. -#}
{{ config(materialized='ephemeral', step_of='int_kpi_owed') }}

with units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where returned_of_shipped_quantity > 0 and kept_quantity > 0
),

-- The last of the kept units come back first.
lines_returned as (
    select
        order_lines.order_id,
        order_lines.ordered_gross_amount,
        order_lines.ordered_discount_amount,
        order_lines.ordered_tax_amount,
        order_lines.ordered_quantity,
        order_lines.currency_digits,
        order_lines.prices_include_tax,
        order_lines.kept_quantity - least(
            units_returned.returned_before_quantity, order_lines.returned_of_shipped_quantity, order_lines.kept_quantity
        ) as kept_before,
        order_lines.kept_quantity - least(
            units_returned.returned_so_far_quantity, order_lines.returned_of_shipped_quantity, order_lines.kept_quantity
        ) as kept_after,
        {{ business_date('units_returned.occurred_at') }} as returned_date
    from units_returned
    inner join order_lines
        on
            units_returned.order_id = order_lines.order_id
            and units_returned.line_id = order_lines.line_id
),

valued as (
    select
        lines_returned.order_id,
        lines_returned.returned_date,
        {% for column in ['gross', 'discount', 'tax'] -%}
        {% for unit in ['kept_before', 'kept_after'] -%}
        {{ split_amount(
            'lines_returned.ordered_' ~ column ~ '_amount', 'lines_returned.' ~ unit, 'lines_returned.ordered_quantity',
            'lines_returned.currency_digits'
        ) }} as {{ column }}_{{ unit }},
        {% endfor -%}
        {% endfor -%}
        lines_returned.prices_include_tax
    from lines_returned
    where lines_returned.kept_before > lines_returned.kept_after
),

final as (
    select
        valued.order_id,
        valued.returned_date,
        sum(
            valued.gross_kept_before - valued.gross_kept_after - valued.discount_kept_before + valued.discount_kept_after
            + case when valued.prices_include_tax then 0 else valued.tax_kept_before - valued.tax_kept_after end
        ) as returned_amount
    from valued
    group by valued.order_id, valued.returned_date
)

select * from final
