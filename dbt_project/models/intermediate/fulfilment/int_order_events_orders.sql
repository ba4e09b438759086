{{ config(materialized='ephemeral', step_of='int_order_events') }}

with order_changes as (
    select * from {{ ref('int_order_versions_compared') }}
),

decision_moves as (
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
        'order_status' as axis,
        'none' as from_status,
        'placed' as to_status,
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
        decision_moves.order_id,
        decision_moves.occurred_at,
        decision_moves.feed_rank * 100 + decision_moves.version_number as event_rank,
        decision_moves.feed,
        decision_moves.event,
        decision_moves.reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        case when decision_moves.decision is not null then 'order_status' end as axis,
        decision_moves.from_status,
        decision_moves.to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        decision_moves.detail,
        decision_moves.actor,
        decision_moves._file_id,
        decision_moves._record,
        decision_moves._source
    from decision_moves
)

select * from final
