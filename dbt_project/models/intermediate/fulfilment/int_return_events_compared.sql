{#
  Events of returns, and decisions of operators on the returns of an order, with the status and the returned units of each line
  of a return before and after. Instant and step of an event make one number; its maximum is the latest event.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
{%- set words = ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'cancelled'] %}
{%- set numbers = ['event_number', 'decision_number', 'received_quantity', 'processed_quantity', 'events_count'] %}
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
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and kind in ('approve_return', 'decline_return')
        and {{ is_touched('order_id', touched) }}
),

steps as (
    select
        return_lines.order_id,
        returns.return_id,
        returns.line_id,
        'returns' as feed,
        returns.status as event,
        returns.return_id as reference,
        returns.line_id as event_line_id,
        returns.occurred_at,
        case returns.status
            {%- for word in words %}
            when '{{ word }}' then {{ loop.index }}
            {%- endfor %}
            else 0
        end as step,
        returns.quantity,
        returns.sku,
        returns._file_id,
        returns._record,
        returns._source
    from returns
    inner join return_lines
        on
            returns.return_id = return_lines.return_id
            and returns.line_id = return_lines.line_id
    inner join states on return_lines.order_id = states.order_id
    where returns.is_current
    union all
    select
        return_lines.order_id,
        return_lines.return_id,
        return_lines.line_id,
        'actions' as feed,
        case actions.kind when 'approve_return' then 'approved' else 'declined' end as event,
        actions.action_id as reference,
        cast(null as {{ dbt.type_string() }}) as event_line_id,
        actions.occurred_at,
        case actions.kind when 'approve_return' then 2 else 3 end as step,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        return_lines.sku,
        actions._file_id,
        actions._record,
        actions._source
    from actions
    inner join return_lines on actions.order_id = return_lines.order_id
    inner join states on actions.order_id = states.order_id
),

numbered as (
    select
        steps.*,
        -- Two words of a source may mean the same.
        case
            when steps.feed = 'actions' then 800
            else 590 + steps.step + 10 * row_number() over (
                partition by steps.order_id, steps.return_id, steps.line_id, steps.feed, steps.occurred_at, steps.step
                order by steps._file_id, steps._record
            )
        end as event_rank,
        case when steps.feed = 'returns' and steps.step > 0
            then {{ instant_micros('steps.occurred_at') }} * 16 + steps.step end as own_event_number,
        case when steps.feed = 'actions'
            then {{ instant_micros('steps.occurred_at') }} * 16 + steps.step end as own_decision_number,
        case when steps.feed = 'returns' and steps.event = 'received' then steps.quantity else 0 end as own_received_quantity,
        case when steps.feed = 'returns' and steps.event in ('restocked', 'scrapped') then steps.quantity else 0 end
            as own_processed_quantity,
        case when steps.feed = 'returns' then 1 else 0 end as own_events_count
    from steps
),

{%- set order_of_steps -%}
partition by numbered.order_id, numbered.return_id, numbered.line_id
            order by numbered.occurred_at, numbered.event_rank, numbered.reference, numbered._file_id, numbered._record
{%- endset %}

run as (
    select
        numbered.*,
        {% for prefix, last in [('', 'current row'), ('earlier_', '1 preceding')] -%}
        {% set outer_last = loop.last -%}
        {% for column in numbers -%}
        coalesce({{ 'max' if column.endswith('_number') else 'sum' }}(numbered.own_{{ column }}) over (
            {{ order_of_steps }}
            rows between unbounded preceding and {{ last }}
        ), 0) as {{ prefix }}{{ column }}
        {%- if not (loop.last and outer_last) %},{% endif %}
        {% endfor -%}
        {% endfor %}
    from numbered
),

final as (
    select
        run.order_id,
        run.return_id,
        run.line_id,
        run.occurred_at,
        run.event_rank,
        run.feed,
        run.event,
        run.reference,
        run.event_line_id,
        run.sku,
        run.quantity,
        run._file_id,
        run._record,
        run._source,
        run.events_count,
        run.earlier_events_count,
        {% for prefix in ['', 'earlier_'] -%}
        -- A decision counts until the return moves on.
        case
            when run.{{ prefix }}event_number % 16 in (1, 2, 3) and run.{{ prefix }}decision_number - run.{{ prefix }}decision_number % 16
                >= run.{{ prefix }}event_number - run.{{ prefix }}event_number % 16
                then run.{{ prefix }}decision_number % 16
            else run.{{ prefix }}event_number % 16
        end as {{ prefix }}status_number,
        greatest(run.{{ prefix }}received_quantity, run.{{ prefix }}processed_quantity) as {{ prefix }}returned_quantity
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from run
)

select * from final
