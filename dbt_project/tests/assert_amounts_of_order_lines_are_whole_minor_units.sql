-- Only unit prices keep more digits than the currency has.
with order_lines as (
    select
        order_lines.*,
        {{ minor_unit('currencies.minor_digits') }} as minor_digits
    from {{ ref('fct_order_lines') }} as order_lines
    left join {{ ref('currencies') }} as currencies on order_lines.currency = currencies.currency
)

select
    order_lines.order_id,
    order_lines.line_id
from order_lines
where
    {% for column in [
        'ordered_gross_amount', 'ordered_discount_amount', 'ordered_tax_amount', 'gross_amount', 'discount_amount',
        'tax_amount', 'returned_net_amount', 'returned_tax_amount'
    ] -%}
    {{ is_broken_amount('order_lines.' ~ column, 'order_lines.minor_digits') }}
    {% if not loop.last %}or {% endif %}
    {%- endfor %}
