{#
  What the kept units of lines with an agreed price brought, and what they would have brought at that price. An amount is that of
  the sale under the clock `placed`, so that the table ties out with revenue; returns are left out.
#}
with contracted as (
    select * from {{ ref('int_lines_contracted') }}
),

revenue_sales as (
    select sales.* from {{ ref('int_revenue_sales') }} as sales
    where
        sales.event_kind = 'sale'
        and exists (
            select 1 from contracted
            where
                contracted.order_id = sales.order_id
                and contracted.line_id = sales.line_id
        )
),

products as (
    select * from {{ ref('int_revenue_products') }}
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

events as (
    select
        revenue_sales.placed_date as business_date,
        {{- revenue_event_columns('revenue_sales', is_summed=true) }}
    from revenue_sales
    group by
        revenue_sales.placed_date,
        revenue_sales.order_id,
        revenue_sales.line_id
),

valued as (
    {{ revenue_events_valued() }}
),

summed as (
    select
        contracted.price_list_id,
        contracted.currency,
        {{ month_start('contracted.placed_date') }} as month_date,
        count(*) as lines_count,
        sum(case when contracted.is_off_contract then 1 else 0 end) as off_contract_lines_count,
        sum(case when valued.is_cost_missing or valued.cost_of_goods_amount is null then 1 else 0 end) as missing_costs_count,
        sum(valued.units_quantity) as units_quantity,
        sum(valued.gross_sales_amount - valued.discounts_amount) as net_sales_before_returns_amount,
        sum(contracted.contract_sales_amount) as contract_sales_amount,
        sum(valued.cost_of_goods_amount) as cost_of_goods_amount
    from contracted
    inner join valued
        on
            contracted.order_id = valued.order_id
            and contracted.line_id = valued.line_id
    group by
        contracted.price_list_id,
        contracted.currency,
        {{ month_start('contracted.placed_date') }}
),

-- A sum is never partial: without one of the costs there is neither cost nor margin.
whole as (
    select
        summed.*,
        case when summed.missing_costs_count = 0 then summed.cost_of_goods_amount end as whole_cost_amount
    from summed
),

final as (
    select
        whole.price_list_id,
        whole.currency,
        {% for column in ['lines_count', 'off_contract_lines_count', 'missing_costs_count', 'units_quantity'] -%}
        cast(whole.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        cast(whole.net_sales_before_returns_amount as {{ money_type() }}) as net_sales_before_returns_amount,
        cast(whole.contract_sales_amount as {{ money_type() }}) as contract_sales_amount,
        cast(whole.net_sales_before_returns_amount - whole.contract_sales_amount as {{ money_type() }}) as difference_amount,
        cast(whole.whole_cost_amount as {{ money_type() }}) as cost_of_goods_amount,
        cast(whole.net_sales_before_returns_amount - whole.whole_cost_amount as {{ money_type() }}) as gross_margin_amount,
        cast(whole.contract_sales_amount - whole.whole_cost_amount as {{ money_type() }}) as contract_margin_amount,
        whole.month_date
    from whole
)

select * from final
