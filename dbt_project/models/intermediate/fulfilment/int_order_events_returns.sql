{{ config(materialized='ephemeral', step_of='int_order_events') }}

with returns as (
    select * from {{ ref('int_return_events_compared') }}
),

final as (
    select
        returns.order_id,
        returns.occurred_at,
        returns.event_rank,
        returns.feed,
        returns.event,
        returns.reference,
        returns.line_id,
        returns.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        returns.sku as detail,
        returns._source as actor,
        returns._file_id,
        returns._record,
        returns._source
    from returns
    where returns.feed = 'returns'
)

select * from final
