{# Actions that went back to the source of their order, and that no feed has confirmed in time. #}
{{ config(materialized='ephemeral', step_of='int_exceptions') }}

with actions as (
    select * from {{ ref('int_actions_sent_back') }}
    where
        is_sent_back
        and is_confirmable
        and not is_overtaken
        and confirmed_at is null
),

states as (
    select * from {{ ref('int_order_states') }}
),

final as (
    select
        'order' as subject_type,
        actions.order_id as subject_id,
        actions.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'action_unconfirmed' as code,
        min(states.currency) as currency,
        concat(
            'No row of ', min(actions.order_source), ' confirms ',
            min(concat(actions.kind, ' by ', coalesce(actions.actor, 'nobody named'))),
            {{ and_more('count(*)') }}
        ) as detail,
        cast(max(states.due_amount) as {{ money_type() }}) as amount_at_stake,
        {{ add_seconds('min(actions.occurred_at)', var('action_unconfirmed_hours') * 3600) }} as opened_at,
        min(actions.order_source) as _source
    from actions
    left join states on actions.order_id = states.order_id
    group by actions.order_id
)

select * from final
