{#
  Units of each order line that the source or operators cancelled, and the instant from which as many were cancelled without
  interruption.
#}
{{ config(materialized='ephemeral', step_of='int_order_lines_counted') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with versions as (
    select * from {{ ref('stg_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and kind = 'cancel_line'
        and {{ is_touched('order_id', touched) }}
),

current_lines as (
    select
        versions.order_id,
        versions.line_id,
        versions.quantity,
        versions.cancelled_quantity,
        versions.updated_at
    from versions
    where versions.is_current
),

-- Only lines that are cancelled now have a history to read.
earlier_versions as (
    select
        current_lines.order_id,
        current_lines.line_id,
        versions.updated_at,
        versions.cancelled_quantity >= least(current_lines.cancelled_quantity, versions.quantity) as is_cancelled
    from current_lines
    inner join versions
        on
            current_lines.order_id = versions.order_id
            and current_lines.line_id = versions.line_id
            and versions.updated_at < current_lines.updated_at
    where
        current_lines.quantity > 0
        and current_lines.cancelled_quantity > 0
),

last_kept as (
    select
        earlier_versions.order_id,
        earlier_versions.line_id,
        max(case when not earlier_versions.is_cancelled then earlier_versions.updated_at end) as kept_at
    from earlier_versions
    group by
        earlier_versions.order_id,
        earlier_versions.line_id
),

cancelled_earlier as (
    select
        earlier_versions.order_id,
        earlier_versions.line_id,
        min(earlier_versions.updated_at) as cancelled_at
    from earlier_versions
    inner join last_kept
        on
            earlier_versions.order_id = last_kept.order_id
            and earlier_versions.line_id = last_kept.line_id
    where
        earlier_versions.is_cancelled
        and (last_kept.kept_at is null or earlier_versions.updated_at > last_kept.kept_at)
    group by
        earlier_versions.order_id,
        earlier_versions.line_id
),

running_actions as (
    select
        actions.order_id,
        actions.line_id,
        actions.occurred_at,
        least(greatest(
            current_lines.cancelled_quantity,
            sum(actions.quantity) over (partition by actions.order_id, actions.line_id)
        ), current_lines.quantity) as requested_quantity,
        sum(actions.quantity) over (
            partition by actions.order_id, actions.line_id
            order by actions.occurred_at, actions.action_id
            rows between unbounded preceding and current row
        ) as cancelled_quantity
    from actions
    inner join current_lines
        on
            actions.order_id = current_lines.order_id
            and actions.line_id = current_lines.line_id
),

cancelled_by_operators as (
    select
        running_actions.order_id,
        running_actions.line_id,
        max(running_actions.cancelled_quantity) as cancelled_quantity,
        min(running_actions.occurred_at)
            filter (where running_actions.cancelled_quantity >= running_actions.requested_quantity) as cancelled_at
    from running_actions
    group by
        running_actions.order_id,
        running_actions.line_id
),

final as (
    select
        current_lines.order_id,
        current_lines.line_id,
        greatest(
            current_lines.cancelled_quantity,
            least(coalesce(cancelled_by_operators.cancelled_quantity, 0), current_lines.quantity)
        ) as requested_cancelled_quantity,
        case when current_lines.quantity > 0 then
            least(
                case
                    when
                        current_lines.cancelled_quantity
                        >= least(coalesce(cancelled_by_operators.cancelled_quantity, 1), current_lines.quantity)
                        then coalesce(cancelled_earlier.cancelled_at, current_lines.updated_at)
                end,
                cancelled_by_operators.cancelled_at
            )
        end as request_cancelled_at
    from current_lines
    left join cancelled_earlier
        on
            current_lines.order_id = cancelled_earlier.order_id
            and current_lines.line_id = cancelled_earlier.line_id
    left join cancelled_by_operators
        on
            current_lines.order_id = cancelled_by_operators.order_id
            and current_lines.line_id = cancelled_by_operators.line_id
    where
        current_lines.cancelled_quantity > 0
        or cancelled_by_operators.order_id is not null
)

select * from final
