{# Actions of operators, with the decision whether each was possible at that moment. Only accepted actions change an order. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with actions as (
    select * from {{ ref('stg_actions') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

current_actions as (
    select
        actions.*,
        case
            when actions.kind in ('hold', 'release') then 'hold'
            else 'other'
        end as switch
    from actions
    where
        actions.is_current
        and actions.order_id is not null
        and {{ is_touched('actions.order_id', touched) }}
),

acted_orders as (
    select distinct current_actions.order_id from current_actions
),

shipped as (
    select
        shipments.order_id,
        min(shipments.shipped_at) as first_shipped_at
    from shipments
    where
        not shipments.is_cancelled
        and shipments.order_id in (select acted_orders.order_id from acted_orders)
    group by shipments.order_id
),

requested as (
    select
        return_lines.order_id,
        min(return_lines.opened_at) as first_return_at
    from return_lines
    where return_lines.order_id in (select acted_orders.order_id from acted_orders)
    group by return_lines.order_id
),

-- Units of a line that could still be cancelled or routed at that moment.
line_actions as (
    select
        current_actions.action_id,
        max(order_lines.quantity) as ordered_quantity,
        coalesce(sum(shipment_lines.quantity), 0) as shipped_by_then_quantity
    from current_actions
    inner join order_lines
        on
            current_actions.order_id = order_lines.order_id
            and current_actions.line_id = order_lines.line_id
            and order_lines.is_current
    left join shipment_lines
        on
            current_actions.order_id = shipment_lines.order_id
            and current_actions.line_id = shipment_lines.line_id
            and shipment_lines.outcome in ('on_the_way', 'delivered')
            and shipment_lines.shipped_at <= current_actions.occurred_at
    where current_actions.kind in ('cancel_line', 'route')
    group by current_actions.action_id
),

in_context as (
    select
        current_actions.*,
        line_actions.action_id is not null as is_line_known,
        line_actions.ordered_quantity - line_actions.shipped_by_then_quantity as left_quantity,
        orders.order_id is not null as is_order_known,
        coalesce(orders.is_cancelled, false)
        and coalesce(orders.cancelled_at <= current_actions.occurred_at, true) as is_cancelled_by_then,
        coalesce(shipped.first_shipped_at <= current_actions.occurred_at, false) as is_shipped_by_then,
        coalesce(requested.first_return_at <= current_actions.occurred_at, false) as is_return_known_by_then,
        lag(current_actions.kind) over (
            partition by current_actions.order_id, current_actions.switch
            order by current_actions.occurred_at, current_actions.action_id
        ) as previous_switch
    from current_actions
    left join orders
        on
            current_actions.order_id = orders.order_id
            and orders.is_current
    left join line_actions on current_actions.action_id = line_actions.action_id
    left join shipped on current_actions.order_id = shipped.order_id
    left join requested on current_actions.order_id = requested.order_id
),

judged as (
    select
        in_context.*,
        case
            when in_context.kind = 'unknown' then 'the kind of action is not known'
            when not in_context.is_order_known then 'the order is not known'
            when in_context.kind = 'cancel' and in_context.is_shipped_by_then then 'the order had already been shipped'
            when in_context.kind in ('confirm', 'hold', 'cancel_line', 'route', 'change_promise') and in_context.is_cancelled_by_then
                then 'the order had already been cancelled'
            when in_context.kind = 'release' and coalesce(in_context.previous_switch, 'none') <> 'hold'
                then 'the order was not on hold'
            when in_context.kind in ('approve_return', 'decline_return') and not in_context.is_return_known_by_then
                then 'no return had been requested'
            when in_context.kind in ('cancel_line', 'route') and in_context.line_id is null then 'it names no line'
            when in_context.kind in ('cancel_line', 'route') and not in_context.is_line_known
                then 'the order has no such line'
            when in_context.kind in ('cancel_line', 'route') and in_context.left_quantity <= 0
                then 'every unit of the line had already been shipped'
            when in_context.kind = 'route' and in_context.warehouse_id is null then 'it names no warehouse'
            when in_context.kind = 'change_promise' and in_context.promised_at is null then 'it names no new promise'
        end as rejection
    from in_context
),

final as (
    select
        judged.action_id,
        judged.order_id,
        judged.kind,
        judged.kind_word,
        judged.actor,
        judged.role,
        judged.line_id,
        judged.warehouse_id,
        judged.rejection,
        cast(coalesce(judged.quantity, judged.left_quantity) as {{ dbt.type_bigint() }}) as quantity,
        judged.rejection is null as is_accepted,
        coalesce(judged.quantity >= judged.left_quantity, true) as is_of_all_left,
        judged.promise_is_date_only,
        judged.occurred_at,
        judged.promised_at,
        judged._file_id,
        judged._record,
        judged._source,
        {{ this_batch() }} as _batch_id
    from judged
)

select * from final
