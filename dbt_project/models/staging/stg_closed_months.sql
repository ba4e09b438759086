{# Months that a home of an earlier release closed. Later ones are closed by actions. #}
{{ config(materialized='view') }}

with closed_months as (
    select * from {{ source('raw', 'closed_months') }}
),

final as (
    select
        concat('closed_month:', closed_months.month) as action_id,
        closed_months.month,
        closed_months.closed_by,
        closed_months.closed_at
    from closed_months
)

select * from final
