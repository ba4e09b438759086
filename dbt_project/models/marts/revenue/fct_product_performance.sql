{#-
  Demand of the last complete weeks against as many weeks before them, with Welch's 95 % interval of the difference of a week, and what
  is left of the sales of the last weeks after returns, goods and shipping. The cost of the parcels of an order is shared by shipped units.
-#}
{{ config(materialized='view') }}
{%- set weeks = var('performance_weeks') -%}
{%- set amounts = ['net_sales', 'returns', 'cost_of_goods'] %}

with demand as (
    select * from {{ published_ref('fct_demand_weekly') }}
    where is_complete
),

revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
    where recognition_clock = 'placed'
),

order_lines as (
    select * from {{ published_ref('fct_order_lines') }}
),

parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

quantiles as (
    select * from {{ published_ref('student_t_quantiles') }}
),

clock as (
    select
        cast(date_trunc('week', as_of.business_date) as date) as until_date,
        {{ add_days_to_date("cast(date_trunc('week', as_of.business_date) as date)", -7 * weeks) }} as from_date,
        {{ add_days_to_date("cast(date_trunc('week', as_of.business_date) as date)", -14 * weeks) }} as before_date
    from {{ published_ref('as_of') }} as as_of
),

categories as (
    select
        demand.sku,
        min(demand.category) as category,
        min(demand.week_start_date) as first_week_date
    from demand
    group by demand.sku
),

items as (
    select
        'sku' as level,
        categories.sku as item,
        categories.sku,
        categories.category
    from categories
    union all
    select
        'category' as level,
        categories.category as item,
        categories.sku,
        categories.category
    from categories
),

item_weeks as (
    select
        items.level,
        items.item,
        demand.week_start_date >= clock.from_date as is_recent,
        demand.week_start_date,
        cast(sum(demand.demanded_quantity) as double) as quantity
    from demand
    inner join items on demand.sku = items.sku
    cross join clock
    where demand.week_start_date >= clock.before_date and demand.week_start_date < clock.until_date
    group by items.level, items.item, demand.week_start_date >= clock.from_date, demand.week_start_date
),

-- Weeks without demand have no row, and add nothing to the sums.
moments as (
    select
        item_weeks.level,
        item_weeks.item,
        sum(case when item_weeks.is_recent then item_weeks.quantity else 0 end) as recent,
        sum(case when item_weeks.is_recent then 0 else item_weeks.quantity end) as earlier,
        sum(case when item_weeks.is_recent then item_weeks.quantity * item_weeks.quantity else 0 end) as recent_squares,
        sum(case when item_weeks.is_recent then 0 else item_weeks.quantity * item_weeks.quantity end) as earlier_squares
    from item_weeks
    group by item_weeks.level, item_weeks.item
),

parts as (
    select
        moments.*,
        {{ sample_variance(weeks, 'moments.recent', 'moments.recent_squares') }} / {{ weeks }} as recent_part,
        {{ sample_variance(weeks, 'moments.earlier', 'moments.earlier_squares') }} / {{ weeks }} as earlier_part
    from moments
),

spread as (
    select
        parts.*,
        (parts.recent - parts.earlier) / {{ weeks }} as change,
        sqrt(parts.recent_part + parts.earlier_part) as standard_error,
        cast(floor(coalesce(
            (parts.recent_part + parts.earlier_part) * (parts.recent_part + parts.earlier_part) * {{ weeks - 1 }}
            / nullif(parts.recent_part * parts.recent_part + parts.earlier_part * parts.earlier_part, 0),
            {{ weeks - 1 }}
        )) as {{ dbt.type_bigint() }}) as degrees_of_freedom
    from parts
),

judged as (
    select
        spread.*,
        spread.change - quantiles.quantile_975 * spread.standard_error as change_low,
        spread.change + quantiles.quantile_975 * spread.standard_error as change_high
    from spread
    inner join quantiles on spread.degrees_of_freedom >= quantiles.degrees_of_freedom
    qualify row_number() over (
        partition by spread.level, spread.item order by quantiles.degrees_of_freedom desc nulls last
    ) = 1
),

order_costs as (
    select
        parcels.order_id,
        cast(sum(parcels.cost_amount_reporting) as {{ money_type() }}) as cost_amount,
        cast(sum(parcels.quantity) as {{ dbt.type_bigint() }}) as quantity,
        count(case when parcels.cost_amount_reporting is null then 1 end) as missing_count
    from parcels
    where parcels.outcome <> 'cancelled'
    group by parcels.order_id
),

shipping as (
    select
        items.level,
        items.item,
        sum({{ exact_share('order_costs.cost_amount', 'order_lines.shipped_quantity', 'order_costs.quantity') }}) as shipping_cost,
        sum(order_costs.missing_count) as missing_count
    from order_lines
    inner join items on order_lines.sku = items.sku
    inner join order_costs on order_lines.order_id = order_costs.order_id
    cross join clock
    where order_lines.placed_date >= clock.from_date and order_lines.placed_date < clock.until_date
    group by items.level, items.item
),

money as (
    select
        items.level,
        items.item,
        {% for amount in amounts -%}
        {{ whole_sum('revenue_events.' ~ amount ~ '_amount_reporting') }} as {{ amount }},
        {% endfor -%}
        sum(revenue_events.units_quantity) as units_quantity,
        sum(revenue_events.returned_quantity) as returned_quantity
    from revenue_events
    inner join items on revenue_events.sku = items.sku
    cross join clock
    where revenue_events.business_date >= clock.from_date and revenue_events.business_date < clock.until_date
    group by items.level, items.item
),

named as (
    select
        items.level,
        items.item,
        min(items.category) as category,
        min(categories.first_week_date) as first_week_date
    from items
    inner join categories on items.sku = categories.sku
    group by items.level, items.item
),

final as (
{{ performance_columns(amounts, weeks) }}
)

select * from final
