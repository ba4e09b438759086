{#- Amount that customers owe at the end of each day, against the sales of the 90 days up to it. -#}
with owed as (
    select * from {{ ref('int_kpi_owed') }}
),

-- Nothing is known to be owed while no source reports payments.
tracked as (
    select count(*) > 0 as is_any from {{ ref('int_order_states') }}
    where is_paid_tracked
),

revenue as (
    select revenue.*
    from {{ ref('fct_revenue_daily') }} as revenue
    cross join tracked
    where revenue.recognition_clock = 'placed' and tracked.is_any
),

as_of as (
    select * from {{ ref('as_of') }}
),

daily as (
    select
        owed.business_date,
        owed.owed_change_amount_reporting as owed_amount,
        owed.unknown_change_count as unknown_count,
        0 as sales_amount,
        0 as unknown_sales_count
    from owed
    union all
    select
        revenue.business_date,
        0 as owed_amount,
        0 as unknown_count,
        coalesce(revenue.total_sales_amount_reporting, 0) as sales_amount,
        case when revenue.total_sales_amount_reporting is null then 1 else 0 end as unknown_sales_count
    from revenue
),

calendar as (
    {{ day_series("(select min(daily.business_date) from daily)", "(select max(as_of.business_date) from as_of)") }}
),

days as (
    select
        calendar.day as business_date,
        {% for column in ['owed_amount', 'unknown_count', 'sales_amount', 'unknown_sales_count'] -%}
        coalesce(sum(daily.{{ column }}), 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from calendar
    left join daily on calendar.day = daily.business_date
    group by calendar.day
),

receivables as (
    select
        days.business_date,
        case when sum(days.unknown_count) over so_far = 0 then sum(days.owed_amount) over so_far * 90 end
            as owed_days_amount,
        -- Returns may exceed the sales of the window, and then there is no ratio.
        case when sum(days.unknown_sales_count) over quarter = 0 then greatest(sum(days.sales_amount) over quarter, 0) end
            as sales_amount
    from days
    window
        so_far as (order by days.business_date rows between unbounded preceding and current row),
        quarter as (order by days.business_date rows between 89 preceding and current row)
),

final as (
    {{ kpi_rows('receivables', [('days_sales_outstanding', 'owed_days_amount', 'sales_amount')], []) }}
)

select * from final
