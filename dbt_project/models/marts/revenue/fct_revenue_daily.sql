{{ config(materialized='view') }}
{%- set amounts = [
    'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'refunds_amount', 'fees_amount'
] %}

with revenue_daily as (
    select * from {{ published_ref('int_revenue_daily') }}
),

fx_daily as (
    select * from {{ published_ref('int_fx_daily') }}
),

currencies as (
    select * from {{ published_ref('currencies') }}
),

-- Costs may be in another currency than sales.
costed as (
    select
        revenue_daily.*,
        rates.rate,
        revenue_daily.cost_of_goods_amount * cost_rates.rate as cost_reporting,
        case
            when revenue_daily.cost_currency = revenue_daily.currency then revenue_daily.cost_of_goods_amount
            else {{ converted_amount(
                'revenue_daily.cost_of_goods_amount', 'cost_rates.rate', 'rates.rate', minor_unit('currencies.minor_digits')
            ) }}
        end as cost_amount
    from revenue_daily
    left join fx_daily as rates
        on
            revenue_daily.business_date = rates.rate_date
            and revenue_daily.currency = rates.currency
    left join fx_daily as cost_rates
        on
            revenue_daily.business_date = cost_rates.rate_date
            and revenue_daily.cost_currency = cost_rates.currency
    left join currencies on revenue_daily.currency = currencies.currency
),

summed as (
    select
        costed.business_date,
        costed.recognition_clock,
        costed.channel,
        costed.country,
        costed.category,
        costed.currency,
        costed.rate,
        sum(costed.orders_count) as orders_count,
        sum(costed.units_quantity) as units_quantity,
        sum(costed.returned_quantity) as returned_quantity,
        {% for column in amounts -%}
        cast(sum(costed.{{ column }}) as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        sum(costed.events_count) as events_count,
        sum(costed.missing_costs_count) as missing_costs_count,
        sum(case when costed.cost_amount is null then costed.events_count else 0 end) as missing_cost_rates_count,
        sum(case when costed.cost_reporting is null then costed.events_count else 0 end) as missing_reporting_costs_count,
        sum(costed.cost_amount) as cost_amount,
        sum(costed.cost_reporting) as cost_reporting
    from costed
    group by
        costed.business_date,
        costed.recognition_clock,
        costed.channel,
        costed.country,
        costed.category,
        costed.currency,
        costed.rate
),

-- Sums are never partial: if a cost is unknown or cannot be converted, cost and margin are null.
bridged as (
    select
        summed.*,
        case when summed.rate is null then summed.events_count else 0 end as missing_rates_count,
        cast(case when summed.missing_costs_count = 0 and summed.missing_cost_rates_count = 0 then summed.cost_amount end
            as {{ money_type() }}) as cost_of_goods_amount,
        cast(case when summed.missing_costs_count = 0 and summed.missing_reporting_costs_count = 0 then summed.cost_reporting end
            as {{ money_type() }}) as cost_of_goods_amount_reporting,
        {% for column in amounts -%}
        {{ reporting_amount('summed.' ~ column, 'summed.rate') }} as {{ column }}_reporting{{ ',' if not loop.last }}
        {% endfor %}
    from summed
),

final as (
    select
        bridged.business_date,
        bridged.recognition_clock,
        bridged.channel,
        bridged.country,
        bridged.category,
        bridged.currency,
        {% for column in [
            'orders_count', 'units_quantity', 'returned_quantity', 'events_count', 'missing_rates_count', 'missing_costs_count'
        ] -%}
        cast(bridged.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for suffix in ['', '_reporting'] -%}
        {%- set net = 'bridged.gross_sales_amount' ~ suffix ~ ' - bridged.discounts_amount' ~ suffix ~ ' - bridged.returns_amount' ~ suffix -%}
        bridged.gross_sales_amount{{ suffix }},
        bridged.discounts_amount{{ suffix }},
        bridged.returns_amount{{ suffix }},
        cast({{ net }} as {{ money_type() }}) as net_sales_amount{{ suffix }},
        bridged.tax_amount{{ suffix }},
        bridged.shipping_amount{{ suffix }},
        cast({{ net }} + bridged.tax_amount{{ suffix }} + bridged.shipping_amount{{ suffix }} as {{ money_type() }})
            as total_sales_amount{{ suffix }},
        bridged.refunds_amount{{ suffix }},
        bridged.fees_amount{{ suffix }},
        bridged.cost_of_goods_amount{{ suffix }},
        cast({{ net }} - bridged.cost_of_goods_amount{{ suffix }} as {{ money_type() }}) as gross_margin_amount{{ suffix }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from bridged
)

select * from final
