with test_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where
        orders.is_current
        and orders.is_test
)

{% for mart in ['order_states', 'fct_order_lines', 'order_events', 'shipment_states', 'return_states', 'raised_exceptions'] -%}
select
    '{{ mart }}' as mart,
    rows_found.order_id
from {{ ref(mart) }} as rows_found
inner join test_orders on rows_found.order_id = test_orders.order_id
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
