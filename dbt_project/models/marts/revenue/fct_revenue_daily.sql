{{ config(materialized='view') }}

with revenue_daily as (
    select * from {{ published_ref('int_revenue_daily') }}
),

final as (
    select
        revenue_daily.business_date,
        revenue_daily.recognition_clock,
        revenue_daily.channel,
        revenue_daily.country,
        revenue_daily.category,
        revenue_daily.currency,
        revenue_daily.orders_count,
        revenue_daily.units_quantity,
        revenue_daily.returned_quantity,
        revenue_daily.events_count,
        revenue_daily.missing_rates_count,
        revenue_daily.missing_costs_count,
        {% for suffix in ['', '_reporting'] -%}
        {%- set net = [
            'revenue_daily.gross_sales_amount' ~ suffix, 'revenue_daily.discounts_amount' ~ suffix,
            'revenue_daily.returns_amount' ~ suffix
        ] | join(' - ') -%}
        revenue_daily.gross_sales_amount{{ suffix }},
        revenue_daily.discounts_amount{{ suffix }},
        revenue_daily.returns_amount{{ suffix }},
        cast({{ net }} as {{ money_type() }}) as net_sales_amount{{ suffix }},
        revenue_daily.tax_amount{{ suffix }},
        revenue_daily.shipping_amount{{ suffix }},
        cast({{ net }} + revenue_daily.tax_amount{{ suffix }} + revenue_daily.shipping_amount{{ suffix }} as {{ money_type() }})
            as total_sales_amount{{ suffix }},
        revenue_daily.refunds_amount{{ suffix }},
        revenue_daily.fees_amount{{ suffix }},
        revenue_daily.cost_of_goods_amount{{ suffix }},
        cast({{ net }} - revenue_daily.cost_of_goods_amount{{ suffix }} as {{ money_type() }}) as gross_margin_amount{{ suffix }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from revenue_daily
)

select * from final
