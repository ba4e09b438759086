{#
  Returned units of order lines in the order in which they came back. Received and restocked are two events of the same unit,
  which comes back with the first of them.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

returns as (
    select * from {{ ref('stg_returns') }}
    where
        is_current
        and status in ('received', 'restocked', 'scrapped')
),

events as (
    select
        return_lines.order_id,
        return_lines.line_id,
        return_lines.return_id,
        return_lines.returned_quantity - return_lines.scrapped_quantity as to_stock_quantity,
        returns.occurred_at,
        sum(case when returns.status = 'received' then returns.quantity else 0 end) over (
            partition by returns.return_id, returns.line_id
            order by returns.occurred_at, returns.status, returns.status_word
            rows between unbounded preceding and current row
        ) as received_so_far,
        sum(case when returns.status = 'received' then 0 else returns.quantity end) over (
            partition by returns.return_id, returns.line_id
            order by returns.occurred_at, returns.status, returns.status_word
            rows between unbounded preceding and current row
        ) as handled_so_far
    from return_lines
    inner join returns
        on
            return_lines.return_id = returns.return_id
            and return_lines.line_id = returns.line_id
),

arrivals as (
    select
        events.*,
        greatest(events.received_so_far, events.handled_so_far) as arrived_so_far,
        coalesce(lag(greatest(events.received_so_far, events.handled_so_far)) over (
            partition by events.return_id, events.line_id
            order by events.received_so_far + events.handled_so_far
        ), 0) as arrived_before
    from events
),

numbered as (
    select
        arrivals.*,
        arrivals.arrived_so_far - arrivals.arrived_before as arrived_quantity,
        sum(arrivals.arrived_so_far - arrivals.arrived_before) over (
            partition by arrivals.order_id, arrivals.line_id
            order by arrivals.occurred_at, arrivals.return_id, arrivals.arrived_so_far
            rows between unbounded preceding and current row
        ) as returned_so_far
    from arrivals
    where arrivals.arrived_so_far > arrivals.arrived_before
),

final as (
    select
        numbered.order_id,
        numbered.line_id,
        numbered.return_id,
        cast(numbered.arrived_so_far as {{ dbt.type_bigint() }}) as event_number,
        cast(numbered.returned_so_far - numbered.arrived_quantity as {{ dbt.type_bigint() }}) as returned_before_quantity,
        cast(numbered.returned_so_far as {{ dbt.type_bigint() }}) as returned_so_far_quantity,
        cast(
            least(numbered.arrived_so_far, numbered.to_stock_quantity) - least(numbered.arrived_before, numbered.to_stock_quantity)
            as {{ dbt.type_bigint() }}
        ) as restocked_quantity,
        numbered.occurred_at,
        {{ this_batch() }} as _batch_id
    from numbered
)

select * from final
