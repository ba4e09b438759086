{%- set axes = ['order_status', 'payment_status', 'fulfilment_status', 'delivery_status', 'return_status'] %}

with last_moves as (
    select
        timeline.order_id,
        timeline.axis,
        timeline.to_status
    from {{ ref('fct_order_timeline') }} as timeline
    where timeline.axis is not null
    qualify row_number() over (
        partition by timeline.order_id, timeline.axis
        order by timeline.event_number desc
    ) = 1
),

orders as (
    {% for axis in axes -%}
    select
        fct_orders.order_id,
        '{{ axis }}' as axis,
        fct_orders.{{ axis }} as status
    from {{ ref('fct_orders') }} as fct_orders
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    orders.order_id,
    orders.axis,
    orders.status as expected_status,
    last_moves.to_status as found_status
from orders
left join last_moves
    on
        orders.order_id = last_moves.order_id
        and orders.axis = last_moves.axis
-- An axis without a move has the status that every order begins with.
where orders.status <> coalesce(last_moves.to_status, 'none')
