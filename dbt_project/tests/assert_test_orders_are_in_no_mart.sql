with test_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where
        orders.is_current
        and orders.is_test
)

{% for mart in ['int_order_states', 'fct_order_lines', 'int_order_events', 'shipments', 'int_return_states', 'int_exceptions'] -%}
select
    '{{ mart }}' as mart,
    rows_found.order_id
from {{ ref(mart) }} as rows_found
inner join test_orders on rows_found.order_id = test_orders.order_id
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
