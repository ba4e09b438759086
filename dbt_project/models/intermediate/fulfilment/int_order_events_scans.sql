{{ config(materialized='ephemeral', step_of='int_order_events') }}

with scans as (
    select * from {{ ref('int_scans_compared') }}
),

final as (
    select
        scans.order_id,
        scans.occurred_at,
        scans.event_rank,
        'tracking' as feed,
        scans.status as event,
        scans.shipment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        scans.detail,
        coalesce(scans.carrier, scans._source) as actor,
        scans._file_id,
        scans._record,
        scans._source
    from scans
)

select * from final
