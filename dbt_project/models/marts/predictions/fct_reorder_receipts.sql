{#- Units still to come by position and day. What is overdue is expected on the day after the clock's. -#}
{{ config(materialized='ephemeral', step_of='fct_reorder_proposals') }}

with inbound as (
    select * from {{ ref('stg_inbound') }}
),

coverage as (
    select * from {{ ref('int_coverage') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

tracked_inbound as (
    {{ tracked_inbound('inbound', 'coverage') }}
),

dated as (
    select
        tracked_inbound.sku,
        tracked_inbound.warehouse_id,
        tracked_inbound.quantity,
        greatest(
            {{ business_date('tracked_inbound.expected_at') }}, {{ add_days_to_date('as_of.business_date', 1) }}
        ) as due_date
    from tracked_inbound
    cross join as_of
),

final as (
    select
        dated.sku,
        dated.warehouse_id,
        dated.due_date,
        sum(dated.quantity) as quantity
    from dated
    group by dated.sku, dated.warehouse_id, dated.due_date
    union all
    select
        dated.sku,
        'network' as warehouse_id,
        dated.due_date,
        sum(dated.quantity) as quantity
    from dated
    group by dated.sku, dated.due_date
)

select * from final
