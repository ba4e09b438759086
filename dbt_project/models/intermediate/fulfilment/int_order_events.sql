{#
  Events of the orders, in no order. `event_rank` and `move_number` order events at the same instant. The view
  marts.fct_order_timeline numbers the events: sorting all of 11 million events here took as long as the rest of the
  model. Where the running sums do not lead to the present status of an axis, a closing event `reconciled` does.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{%- set axes = ['order_status', 'payment_status', 'fulfilment_status', 'delivery_status', 'return_status'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with moved as (
    select * from {{ ref('int_order_events_moved') }}
),

runs as (
    select * from {{ ref('int_order_changes_run') }}
),

states as (
    select * from {{ ref('int_order_states_touched') }}
),

ended as (
    select
        states.*,
        runs.occurred_at,
        {% for axis in axes -%}
        runs.to_{{ axis }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from runs
    inner join states on runs.order_id = states.order_id
    where
        runs.is_last
        and (
            {% for axis in axes -%}
            runs.to_{{ axis }} <> states.{{ axis }}
            {% if not loop.last %}or {% endif %}
            {%- endfor %}
        )
),

transitions as (
    select * from {{ ref('status_transitions') }}
),

reconciled as (
    {% for axis in axes -%}
    select
        ended.order_id,
        ended.occurred_at,
        999 as event_rank,
        {{ loop.index }} as move_number,
        'status' as feed,
        'reconciled' as event,
        ended.order_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        '{{ axis }}' as axis,
        ended.to_{{ axis }} as from_status,
        ended.{{ axis }} as to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as {{ dbt.type_string() }}) as detail,
        ended._source as actor,
        ended._file_id,
        ended._record,
        ended._source
    from ended
    where ended.to_{{ axis }} <> ended.{{ axis }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

events as (
    select * from moved
    union all
    select * from reconciled
),

final as (
    select
        events.order_id,
        events.occurred_at,
        cast(events.event_rank as {{ dbt.type_int() }}) as event_rank,
        cast(events.move_number as {{ dbt.type_int() }}) as move_number,
        events.feed,
        events.event,
        events.reference,
        events.line_id,
        events.axis,
        events.from_status,
        events.to_status,
        case when events.axis is not null then events.event = 'reconciled' or transitions.axis is not null end as is_legal,
        events.quantity,
        events.amount,
        events.currency,
        events.detail,
        events.actor,
        events._file_id,
        events._record,
        events._source,
        {{ this_batch() }} as _batch_id
    from events
    left join transitions
        on
            events.axis = transitions.axis
            and events.from_status = transitions.from_status
            and events.to_status = transitions.to_status
)

select * from final
