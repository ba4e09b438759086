select
    positions.sku,
    sum(case when positions.position_level = 'network' then 1 else 0 end) as networks_count,
    count(*) - count(distinct positions.warehouse_id) as repeated_count
    {%- for column in ['on_hand', 'allocated', 'backordered', 'available', 'incoming', 'available_to_promise'] %},
    sum(case when positions.position_level = 'network' then 1 else -1 end * positions.{{ column }}_quantity)
        as {{ column }}_gap
    {%- endfor %}
from {{ ref('fct_inventory_positions') }} as positions
group by positions.sku
having
    networks_count <> 1
    or repeated_count > 0
    {%- for column in ['on_hand', 'allocated', 'backordered', 'available', 'incoming', 'available_to_promise'] %}
    or {{ column }}_gap <> 0
    {%- endfor %}
