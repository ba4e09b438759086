{#
  State of each order and line now, on the axes of action_rules that they have. The pages judge by it what operators may do. The
  words are those by which int_action_contexts and int_actions_judged judge an action at its instant.
#}
with orders as (
    select * from {{ published_ref('int_order_states') }}
),

order_lines as (
    select * from {{ published_ref('fct_order_lines') }}
),

returns as (
    select * from {{ published_ref('int_return_states') }}
),

actions as (
    select * from {{ published_ref('int_actions_shown') }}
    where is_accepted
),

-- Goods that are back, and a return that was called off, wait for no decision.
of_returns as (
    select
        returns.order_id,
        max(case when returns.return_status in ('requested', 'approved', 'declined') then 1 else 0 end) as is_waiting,
        max(returns.last_event_at) as moved_at
    from returns
    where returns.order_id is not null
    group by returns.order_id
),

of_orders as (
    select
        orders.order_id,
        'known' as order_state,
        case when orders.first_shipped_at is null then 'unshipped' else 'shipped' end as shipment_state,
        case when orders.is_whole_order_cancelled then 'cancelled' else 'live' end as cancellation_state,
        case when orders.is_on_hold then 'held' else 'not_held' end as hold_state
    from orders
),

asked as (
    select
        actions.order_id,
        max(actions.occurred_at) as asked_at
    from actions
    where actions.kind = 'request_return'
    group by actions.order_id
),

asked_before_dispatch as (
    select distinct actions.order_id
    from actions
    where actions.kind in ('request_cancel', 'request_change')
),

final as (
    {% for axis in ['order', 'shipment', 'cancellation', 'hold'] -%}
    select
        of_orders.order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        '{{ axis }}' as axis,
        of_orders.{{ axis }}_state as state
    from of_orders
    union all
    {% endfor -%}
    select
        coalesce(of_returns.order_id, asked.order_id) as order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'returns' as axis,
        case
            when of_returns.is_waiting = 1 then 'known'
            when of_returns.moved_at is null or asked.asked_at > of_returns.moved_at then 'asked'
            else 'moved'
        end as state
    from of_returns
    full outer join asked on of_returns.order_id = asked.order_id
    union all
    select
        asked_before_dispatch.order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'requests' as axis,
        'asked' as state
    from asked_before_dispatch
    union all
    select
        order_lines.order_id,
        order_lines.line_id,
        'line' as axis,
        case when order_lines.shipped_quantity < order_lines.ordered_quantity then 'units_left' else 'all_shipped' end as state
    from order_lines
)

select * from final
