{# Exceptions about what customers asked for and nobody has decided: a return, and before dispatch a cancellation or a change. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where {{ is_touched('order_id', touched) }}
),

decisions as (
    select
        actions.order_id,
        actions.occurred_at,
        actions.kind in ('approve_return', 'decline_return') as is_about_returns,
        actions.kind = 'decline' as is_about_cancelling,
        actions.kind in ('approve', 'decline', 'change_address', 'change_promise') as is_about_changing
    from actions
),

-- A return of the line that the feed has moved on since, or called off, needs no decision either.
waiting_returns as (
    select
        actions.order_id,
        actions.line_id,
        actions.role,
        actions.quantity,
        order_lines.sku,
        order_lines.unit_price_amount,
        actions.occurred_at,
        actions._source
    from actions
    left join order_lines
        on
            actions.order_id = order_lines.order_id
            and actions.line_id = order_lines.line_id
    where
        actions.kind = 'request_return'
        and not exists (
            select 1 from decisions
            where
                decisions.order_id = actions.order_id
                and decisions.is_about_returns
                and decisions.occurred_at >= actions.occurred_at
        )
        and not exists (
            select 1 from return_lines
            where
                return_lines.order_id = actions.order_id
                and return_lines.line_id = coalesce(actions.line_id, return_lines.line_id)
                and return_lines.status <> 'requested'
                and return_lines.last_event_at >= actions.occurred_at
        )
),

return_requested as (
    select
        waiting_returns.order_id,
        min(waiting_returns.sku) as sku,
        min(waiting_returns.occurred_at) as opened_at,
        sum(waiting_returns.quantity * waiting_returns.unit_price_amount) as amount_at_stake,
        concat(
            'The ', min(waiting_returns.role), ' asks to return ',
            case
                when count(waiting_returns.quantity) > 0
                    then {{ counted('sum(waiting_returns.quantity)', 'unit') }}
                else 'units'
            end,
            case when count(waiting_returns.line_id) > 0 then concat(' of line ', min(waiting_returns.line_id)) else '' end,
            case
                when count(*) > 1 then concat(' and ', cast(count(*) - 1 as {{ dbt.type_string() }}), ' more')
                else ''
            end
        ) as detail,
        min(waiting_returns._source) as _source
    from waiting_returns
    group by waiting_returns.order_id
),

-- Once a parcel has left, the answer is given.
before_dispatch as (
    select
        actions.order_id,
        actions.kind,
        min(actions.occurred_at) as opened_at,
        min(actions.role) as role,
        min(actions._source) as _source
    from actions
    where
        actions.kind in ('request_cancel', 'request_change')
        and not exists (
            select 1 from decisions
            where
                decisions.order_id = actions.order_id
                and case
                    when actions.kind = 'request_cancel' then decisions.is_about_cancelling
                    else decisions.is_about_changing
                end
                and decisions.occurred_at >= actions.occurred_at
        )
    group by
        actions.order_id,
        actions.kind
),

final as (
    select
        'return_requested' as code,
        states.order_id,
        return_requested.sku,
        return_requested.opened_at,
        cast(return_requested.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        states.currency,
        return_requested.detail,
        return_requested._source
    from return_requested
    inner join states on return_requested.order_id = states.order_id
    union all
    select
        case when before_dispatch.kind = 'request_cancel' then 'cancel_requested' else 'change_requested' end as code,
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        before_dispatch.opened_at,
        cast(states.due_amount as {{ money_type() }}) as amount_at_stake,
        states.currency,
        concat(
            'The ', before_dispatch.role, ' asks ',
            case
                when before_dispatch.kind = 'request_cancel' then 'to cancel the order'
                else 'for another address or day of delivery'
            end
        ) as detail,
        before_dispatch._source
    from before_dispatch
    inner join states on before_dispatch.order_id = states.order_id
    where
        states.shipped_quantity = 0
        and not states.is_whole_order_cancelled
)

select * from final
