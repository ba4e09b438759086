-- On each axis a move starts where the one before ended, and the last one ends in the order's status. One pass over the events.
{%- set axes = ['order_status', 'payment_status', 'fulfilment_status', 'delivery_status', 'return_status'] %}
{%- set models = ['int_order_states', 'int_order_events'] %}
-- depends_on: {{ ref('int_order_states') }}

with moves as (
    select
        events.order_id,
        events.axis,
        events.from_status,
        events.to_status,
        coalesce(lag(events.to_status) over in_order, 'none') as expected_status,
        lead(events.event_rank) over in_order is null as is_last
    from {{ ref('int_order_events') }} as events
    where
        events.axis is not null
        and {{ is_to_be_audited('events.order_id', models) }}
    window in_order as (
        partition by events.order_id, events.axis
        order by {{ order_of_events('events') }}
    )
),

told as (
    select
        moves.*,
        (moves.from_status is distinct from moves.expected_status) as is_interrupted
    from moves
    where
        moves.is_last
        or moves.from_status is distinct from moves.expected_status
),

orders as (
    {% for axis in axes -%}
    select
        fct_orders.order_id,
        '{{ axis }}' as axis,
        fct_orders.{{ axis }} as status
    from {{ ref('fct_orders') }} as fct_orders
    where {{ is_to_be_audited('fct_orders.order_id', models) }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
)

select
    told.order_id,
    told.axis,
    told.expected_status,
    told.from_status as found_status
from told
where told.is_interrupted
union all
select
    orders.order_id,
    orders.axis,
    orders.status as expected_status,
    told.to_status as found_status
from orders
left join told
    on
        orders.order_id = told.order_id
        and orders.axis = told.axis
        and told.is_last
-- An axis without a move has the status that every order begins with.
where orders.status <> coalesce(told.to_status, 'none')
