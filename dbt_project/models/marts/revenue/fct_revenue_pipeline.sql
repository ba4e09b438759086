{{ config(materialized='view') }}
{%- set amounts = ['gross_sales_amount', 'discounts_amount', 'tax_amount', 'shipping_amount'] %}

with revenue_sales as (
    select * from {{ published_ref('int_revenue_sales') }}
    where
        delivered_date is null
        and event_kind in ('sale', 'shipping')
        -- A free replacement or sample sells nothing.
        and (units_quantity <> 0 or gross_sales_amount <> 0 or tax_amount <> 0 or shipping_amount <> 0)
),

orders as (
    select * from {{ published_ref('fct_orders') }}
    where
        is_delivery_tracked
        and stage not in ('cancelled', 'returned', 'closed')
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

open_sales as (
    select
        revenue_sales.*,
        orders.stage,
        cast({{ business_date('orders.current_promised_at') }} as date) as expected_date,
        rates.rate
    from revenue_sales
    inner join orders on revenue_sales.order_id = orders.order_id
    left join rates
        on
            revenue_sales.placed_date = rates.rate_date
            and revenue_sales.currency = rates.currency
),

summed as (
    select
        open_sales.expected_date,
        open_sales.stage,
        coalesce(open_sales.channel, 'unknown') as channel,
        open_sales.currency,
        count(distinct open_sales.order_id) as orders_count,
        sum(open_sales.units_quantity) as units_quantity,
        sum(case when open_sales.rate is null then 1 else 0 end) as missing_rates_count,
        {% for column in amounts -%}
        sum(open_sales.{{ column }}) as {{ column }},
        {{ whole_sum(reporting_amount('open_sales.' ~ column, 'open_sales.rate')) }} as {{ column }}_reporting
        {{- ',' if not loop.last }}
        {% endfor %}
    from open_sales
    group by
        open_sales.expected_date,
        open_sales.stage,
        coalesce(open_sales.channel, 'unknown'),
        open_sales.currency
),

final as (
    select
        summed.stage,
        summed.channel,
        summed.currency,
        cast(summed.orders_count as {{ dbt.type_bigint() }}) as orders_count,
        cast(summed.units_quantity as {{ dbt.type_bigint() }}) as units_quantity,
        cast(summed.missing_rates_count as {{ dbt.type_bigint() }}) as missing_rates_count,
        {% for suffix in ['', '_reporting'] -%}
        {% for column in amounts -%}
        cast(summed.{{ column }}{{ suffix }} as {{ money_type() }}) as {{ column }}{{ suffix }},
        {% endfor -%}
        cast(summed.gross_sales_amount{{ suffix }} - summed.discounts_amount{{ suffix }} as {{ money_type() }})
            as net_sales_amount{{ suffix }},
        cast(
            summed.gross_sales_amount{{ suffix }} - summed.discounts_amount{{ suffix }} + summed.tax_amount{{ suffix }}
            + summed.shipping_amount{{ suffix }} as {{ money_type() }}
        ) as total_sales_amount{{ suffix }},
        {% endfor -%}
        coalesce(summed.expected_date < clock.business_date, false) as is_overdue,
        summed.expected_date
    from summed
    cross join clock
)

select * from final
