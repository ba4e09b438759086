{{ config(materialized='view') }}

with revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
),

journal_lines as (
    select * from {{ published_ref('fct_journal') }}
),

order_rows as (
    select * from {{ published_ref('fct_orders') }}
),

{{ period_figures() }},

final as (
    select
        figures.figure,
        figures.recognition_clock,
        figures.channel,
        figures.country,
        figures.category,
        figures.account,
        figures.currency,
        figures.subject_kind,
        figures.subject_id,
        figures.measure,
        cast(figures.amount as {{ money_type() }}) as amount,
        cast(figures.amount_reporting as {{ money_type() }}) as amount_reporting,
        cast(figures.business_date as date) as business_date
    from figures
)

select * from final
