{{ config(materialized='ephemeral', step_of='int_order_events') }}

with order_changes as (
    select * from {{ ref('int_order_versions_compared') }}
),

decisions as (
    select * from {{ ref('int_order_decisions_made') }}
),

final as (
    select
        order_changes.order_id,
        order_changes.placed_at as occurred_at,
        0 as event_rank,
        'orders' as feed,
        'placed' as event,
        order_changes.order_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as {{ dbt.type_string() }}) as detail,
        order_changes._source as actor,
        order_changes._file_id,
        order_changes._record,
        order_changes._source
    from order_changes
    where order_changes.version_number = 1
    union all
    select
        decisions.order_id,
        decisions.occurred_at,
        decisions.event_rank,
        decisions.feed,
        decisions.event,
        decisions.reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        decisions.detail,
        decisions.actor,
        decisions._file_id,
        decisions._record,
        decisions._source
    from decisions
)

select * from final
