{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

final as (
    select
        feedback.order_id,
        feedback.occurred_at,
        700 as event_rank,
        'feedback' as feed,
        'feedback' as event,
        feedback.feedback_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        feedback.topic as detail,
        coalesce(feedback.channel, feedback._source) as actor,
        feedback._file_id,
        feedback._record,
        feedback._source
    from feedback
    inner join states on feedback.order_id = states.order_id
    where feedback.is_current
)

select * from final
