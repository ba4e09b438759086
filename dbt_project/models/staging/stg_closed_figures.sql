{# Figures of closed months as they were known at the instant of the closing. #}
{{ config(materialized='view') }}

with closed_figures as (
    select * from {{ source('raw', 'closed_figures') }}
),

final as (
    select
        closed_figures.action_id,
        closed_figures.figure,
        closed_figures.recognition_clock,
        closed_figures.channel,
        closed_figures.country,
        closed_figures.category,
        closed_figures.account,
        closed_figures.currency,
        closed_figures.subject_kind,
        closed_figures.subject_id,
        closed_figures.measure,
        closed_figures.amount,
        closed_figures.amount_reporting,
        closed_figures.business_date
    from closed_figures
)

select * from final
