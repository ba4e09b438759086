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

order_versions as (
    select orders.*
    from orders
    where orders.order_id in (select acted_orders.order_id from acted_orders)
),

first_cancellations as (
    {{ first_cancellations('order_versions') }}
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
        coalesce(
            orders.is_cancelled
            and coalesce(orders.cancelled_at, first_cancellations.updated_at, orders.updated_at) <= current_actions.occurred_at,
            false
        ) as is_cancelled_at_source,
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
    left join first_cancellations on current_actions.order_id = first_cancellations.order_id
    left join shipped on current_actions.order_id = shipped.order_id
    left join requested on current_actions.order_id = requested.order_id
),

-- The whole order is cancelled by its source, or by an earlier action that was possible.
cancelled as (
    select
        in_context.*,
        in_context.is_cancelled_at_source
        or coalesce(min(case
            when in_context.kind = 'cancel' and not in_context.is_shipped_by_then then in_context.occurred_at
        end) over (partition by in_context.order_id) <= in_context.occurred_at, false) as is_cancelled_by_then
    from in_context
),

judged as (
    select
        cancelled.*,
        case
            when cancelled.kind = 'unknown' then 'the kind of action is not known'
            when not cancelled.is_order_known then 'the order is not known'
            when cancelled.kind = 'cancel' and cancelled.is_shipped_by_then then 'the order had already been shipped'
            when cancelled.kind in ('confirm', 'hold', 'cancel_line', 'route', 'change_promise') and cancelled.is_cancelled_by_then
                then 'the order had already been cancelled'
            when cancelled.kind = 'release' and coalesce(cancelled.previous_switch, 'none') <> 'hold'
                then 'the order was not on hold'
            when cancelled.kind in ('approve_return', 'decline_return') and not cancelled.is_return_known_by_then
                then 'no return had been requested'
            when cancelled.kind in ('cancel_line', 'route') and cancelled.line_id is null then 'it names no line'
            when cancelled.kind in ('cancel_line', 'route') and not cancelled.is_line_known
                then 'the order has no such line'
            when cancelled.kind in ('cancel_line', 'route') and cancelled.left_quantity <= 0
                then 'every unit of the line had already been shipped'
            when cancelled.kind = 'route' and cancelled.warehouse_id is null then 'it names no warehouse'
            when cancelled.kind = 'change_promise' and cancelled.promised_at is null then 'it names no new promise'
        end as rejection
    from cancelled
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
