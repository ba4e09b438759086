{# Return status of each order. Operators decide on the returns of the order as a whole. #}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where {{ is_touched('order_id', touched) }}
),

fulfilled as (
    select * from {{ ref('int_orders_fulfilled') }}
),

latest_decisions as (
    select
        actions.order_id,
        case actions.kind when 'approve_return' then 'approved' else 'declined' end as decision,
        actions.occurred_at
    from actions
    where
        actions.is_accepted
        and actions.kind in ('approve_return', 'decline_return')
    qualify row_number() over (
        partition by actions.order_id
        order by actions.occurred_at desc, actions.action_id desc
    ) = 1
),

-- The latest decision counts if the return has not moved since.
decided_returns as (
    select
        return_lines.order_id,
        case
            when
                latest_decisions.occurred_at >= return_lines.last_event_at
                and return_lines.status in ('requested', 'approved', 'declined')
                then latest_decisions.decision
            else return_lines.status
        end as status
    from return_lines
    left join latest_decisions on return_lines.order_id = latest_decisions.order_id
),

summed_returns as (
    select
        decided_returns.order_id,
        count(*) filter (where decided_returns.status = 'approved') as approved_count,
        count(*) filter (where decided_returns.status = 'requested') as requested_count,
        count(*) filter (where decided_returns.status = 'declined') as declined_count,
        count(*) as returns_count
    from decided_returns
    group by decided_returns.order_id
),

joined as (
    select
        orders.order_id,
        {% for column in ['approved_count', 'requested_count', 'declined_count', 'returns_count'] -%}
        coalesce(summed_returns.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% for column in ['ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'returned_of_shipped_quantity'] -%}
        fulfilled.{{ column }},
        {% endfor -%}
        orders.is_shipment_tracked,
        orders.is_return_tracked
    from orders
    inner join fulfilled on orders.order_id = fulfilled.order_id
    left join summed_returns on orders.order_id = summed_returns.order_id
),

final as (
    select
        joined.order_id,
        {{ return_status('joined') }} as return_status
    from joined
)

select * from final
