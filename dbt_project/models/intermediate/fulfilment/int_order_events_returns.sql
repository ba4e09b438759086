{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

return_steps as (
    select
        returns.return_id,
        returns.line_id,
        return_lines.order_id,
        returns.status,
        returns.quantity,
        returns.occurred_at,
        returns.sku,
        returns._file_id,
        returns._record,
        returns._source,
        case returns.status
            when 'requested' then 1
            when 'approved' then 2
            when 'declined' then 3
            when 'received' then 4
            when 'restocked' then 5
            when 'scrapped' then 6
            when 'cancelled' then 7
            else 0
        end as step,
        case
            when returns.status in ('requested', 'approved', 'declined') then returns.status
            when returns.status in ('received', 'restocked', 'scrapped') then 'returned'
            when returns.status = 'cancelled' then 'none'
        end as to_status
    from returns
    inner join return_lines
        on
            returns.return_id = return_lines.return_id
            and returns.line_id = return_lines.line_id
    where
        returns.is_current
        and return_lines.order_id is not null
        and {{ is_touched('return_lines.order_id', touched) }}
),

final as (
    select
        return_steps.order_id,
        return_steps.occurred_at,
        600 + return_steps.step as event_rank,
        'returns' as feed,
        return_steps.status as event,
        return_steps.return_id as reference,
        return_steps.line_id,
        case when return_steps.to_status is not null then 'return_status' end as axis,
        case when return_steps.to_status is not null then coalesce(
            lag(return_steps.to_status) over (
                partition by return_steps.return_id, return_steps.line_id, return_steps.to_status is not null
                order by return_steps.occurred_at, return_steps.step
            ), 'none'
        ) end as from_status,
        return_steps.to_status,
        return_steps.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        return_steps.sku as detail,
        return_steps._source as actor,
        return_steps._file_id,
        return_steps._record,
        return_steps._source
    from return_steps
    inner join states on return_steps.order_id = states.order_id
)

select * from final
