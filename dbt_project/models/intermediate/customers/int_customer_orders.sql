{#-
  Revenue of each customer by the placed recognition clock: an order on its day; returns, goods refunds and credit notes
  on their own days. A rate that arrives later than an order touches it.
-#}
{%- set touched = ['int_revenue_subjects', 'int_subjects_revalued'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='subject_id', touched=touched) }}
-- depends_on: {{ ref('int_revenue_subjects') }}
-- depends_on: {{ ref('int_subjects_revalued') }}

with orders as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

sales as (
    select * from {{ ref('int_revenue_sales') }}
    where event_kind = 'sale' and {{ is_touched('order_id', touched, key='subject_id') }}
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where recognition_clock = 'placed' and {{ is_touched('subject_id', touched) }}
),

orders_reporting as (
    select * from {{ ref('int_orders_reporting') }}
    where {{ is_touched('order_id', touched, key='subject_id') }}
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where order_id is null and customer_id is not null
),

sold as (
    select
        sales.order_id,
        sum(sales.gross_sales_amount) as gross_amount,
        sum(sales.discounts_amount) as discount_amount
    from sales
    group by sales.order_id
),

credited_customers as (
    select
        return_lines.return_id,
        max(return_lines.customer_id) as customer_id
    from return_lines
    group by return_lines.return_id
),

placed as (
    select
        orders.order_id as subject_id,
        orders.customer_key,
        orders.customer_id,
        orders.customer_token as email_token,
        orders.order_id,
        orders.channel,
        orders.ship_country,
        orders.ship_region,
        orders.ship_city,
        orders.source,
        orders.currency,
        orders.shipped_quantity,
        orders.returned_of_shipped_quantity as returned_quantity,
        coalesce(sold.gross_amount, 0) as gross_amount,
        coalesce(sold.discount_amount, 0) as discount_amount,
        0 as returned_amount,
        orders_reporting.gross_sales_amount_reporting as gross_amount_reporting,
        orders_reporting.discounts_amount_reporting as discount_amount_reporting,
        case when orders_reporting.gross_sales_amount_reporting is not null then 0 end as returned_amount_reporting,
        orders.order_status = 'cancelled' as is_cancelled,
        coalesce(sold.gross_amount, 0) > coalesce(sold.discount_amount, 0) as is_purchase,
        orders.placed_date as business_date,
        orders.placed_at,
        orders._file_id,
        orders._record
    from orders
    left join sold on orders.order_id = sold.order_id
    left join orders_reporting on orders.order_id = orders_reporting.order_id
),

returned as (
    select
        returns.subject_id,
        coalesce(orders.customer_key, concat('c:', credited_customers.customer_id)) as customer_key,
        returns.currency,
        sum(returns.returns_amount) as returned_amount,
        case when min(rates.rate) is not null then 0 end as sold_amount_reporting,
        sum({{ reporting_amount('returns.returns_amount', 'rates.rate') }}) as returned_amount_reporting,
        returns.business_date
    from returns
    left join orders on returns.order_id = orders.order_id
    left join credited_customers
        on
            returns.order_id is null
            and returns.return_id = credited_customers.return_id
    left join rates
        on
            returns.business_date = rates.rate_date
            and returns.currency = rates.currency
    where coalesce(orders.customer_key, credited_customers.customer_id) is not null
    group by
        returns.subject_id,
        coalesce(orders.customer_key, concat('c:', credited_customers.customer_id)),
        returns.currency,
        returns.business_date
),

final as (
    select
        placed.subject_id,
        placed.customer_key,
        placed.customer_id,
        placed.email_token,
        placed.order_id,
        placed.channel,
        placed.ship_country,
        placed.ship_region,
        placed.ship_city,
        placed.source,
        placed.currency,
        placed.shipped_quantity,
        placed.returned_quantity,
        cast(placed.gross_amount as {{ money_type() }}) as gross_amount,
        cast(placed.discount_amount as {{ money_type() }}) as discount_amount,
        cast(placed.returned_amount as {{ money_type() }}) as returned_amount,
        cast(placed.gross_amount_reporting as {{ money_type() }}) as gross_amount_reporting,
        cast(placed.discount_amount_reporting as {{ money_type() }}) as discount_amount_reporting,
        cast(placed.returned_amount_reporting as {{ money_type() }}) as returned_amount_reporting,
        placed.is_cancelled,
        placed.is_purchase,
        placed.business_date,
        placed.placed_at,
        placed._file_id,
        placed._record,
        {{ this_batch() }} as _batch_id
    from placed
    union all
    select
        returned.subject_id,
        returned.customer_key,
        null as customer_id,
        null as email_token,
        null as order_id,
        null as channel,
        null as ship_country,
        null as ship_region,
        null as ship_city,
        null as source,
        returned.currency,
        0 as shipped_quantity,
        0 as returned_quantity,
        cast(0 as {{ money_type() }}) as gross_amount,
        cast(0 as {{ money_type() }}) as discount_amount,
        cast(returned.returned_amount as {{ money_type() }}) as returned_amount,
        cast(returned.sold_amount_reporting as {{ money_type() }}) as gross_amount_reporting,
        cast(returned.sold_amount_reporting as {{ money_type() }}) as discount_amount_reporting,
        cast(returned.returned_amount_reporting as {{ money_type() }}) as returned_amount_reporting,
        false as is_cancelled,
        false as is_purchase,
        returned.business_date,
        null as placed_at,
        null as _file_id,
        null as _record,
        {{ this_batch() }} as _batch_id
    from returned
)

select * from final
