-- Per day of a closed month, clock and currency: closed net sales and what was restated are the net sales of the revenue mart.
with closed_months as (
    select * from {{ ref('fct_closed_months') }}
    where is_frozen
),

closed as (
    select
        figures.business_date,
        figures.recognition_clock,
        figures.currency,
        sum(figures.amount) as amount
    from {{ ref('stg_closed_figures') }} as figures
    inner join closed_months on figures.action_id = closed_months.action_id
    where
        figures.figure = 'revenue'
        and figures.measure = 'net_sales'
    group by
        figures.business_date,
        figures.recognition_clock,
        figures.currency
),

restated as (
    select
        restatements.business_date,
        restatements.recognition_clock,
        restatements.currency,
        sum(restatements.difference_amount) as amount
    from {{ ref('fct_restatements') }} as restatements
    where
        restatements.figure = 'revenue'
        and restatements.measure = 'net_sales'
    group by
        restatements.business_date,
        restatements.recognition_clock,
        restatements.currency
),

published as (
    select
        revenue.business_date,
        revenue.recognition_clock,
        revenue.currency,
        sum(revenue.net_sales_amount) as amount
    from {{ ref('fct_revenue_daily') }} as revenue
    inner join closed_months
        on
            revenue.business_date >= closed_months.first_date
            and revenue.business_date < closed_months.next_date
    group by
        revenue.business_date,
        revenue.recognition_clock,
        revenue.currency
),

added as (
    {% for side, sign in [('closed', ''), ('restated', ''), ('published', '-')] -%}
    select
        {{ side }}.business_date,
        {{ side }}.recognition_clock,
        {{ side }}.currency,
        {{ sign }}{{ side }}.amount{{ ' as amount' if sign }}
    from {{ side }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    added.business_date,
    added.recognition_clock,
    added.currency,
    sum(added.amount) as left_over_amount
from added
group by
    added.business_date,
    added.recognition_clock,
    added.currency
having sum(added.amount) <> 0
