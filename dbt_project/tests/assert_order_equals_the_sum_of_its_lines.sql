{%- set columns = [
    'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity', 'open_quantity',
    'held_quantity', 'allocated_quantity', 'backordered_quantity', 'ordered_gross_amount', 'ordered_net_amount',
    'ordered_tax_amount', 'gross_amount', 'discount_amount', 'net_amount', 'tax_amount'
] -%}
with summed_lines as (
    select
        order_lines.order_id,
        {% for column in columns -%}
        sum(order_lines.{{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as lines_count
    from {{ ref('fct_order_lines') }} as order_lines
    group by order_lines.order_id
)

select order_states.order_id
from {{ ref('int_order_states') }} as order_states
left join summed_lines on order_states.order_id = summed_lines.order_id
where
    order_states.lines_count <> coalesce(summed_lines.lines_count, 0)
    {%- for column in columns %}
    or order_states.{{ column }} <> coalesce(summed_lines.{{ column }}, 0)
    {%- endfor %}
