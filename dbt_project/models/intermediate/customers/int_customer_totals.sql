{#- Totals of a customer that do not depend on the clock; marts.dim_customers adds the lifecycle.
  Orders without customer id and e-mail are no customers. -#}
{%- set touched = ['int_touched_customers'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='customer_key', touched=touched) }}
-- depends_on: {{ ref('int_touched_customers') }}

with orders as (
    select * from {{ ref('int_customer_orders_reporting') }}
    where {{ is_touched('customer_key', touched) }} and {{ is_identified('customer_key') }}
),

categories as (
    select * from {{ ref('int_customer_categories') }}
    where {{ is_touched('customer_key', touched) }}
),

customers as (
    select
        concat('c:', customers.customer_id) as customer_key,
        customers.*
    from {{ ref('stg_customers') }} as customers
    where customers.is_current and {{ is_touched("concat('c:', customers.customer_id)", touched, key='customer_key') }}
),

totals as (
    select
        orders.customer_key,
        count(orders.order_id) as orders_count,
        count(case when orders.is_cancelled then 1 end) as cancelled_orders_count,
        count(case when orders.is_purchase then 1 end) as purchases_count,
        count(case when orders.is_purchase and orders.discount_amount > 0 then 1 end) as discounted_purchases_count,
        {{ joined_words('orders.ship_country') }} as countries,
        sum(orders.shipped_quantity) as shipped_quantity,
        sum(orders.returned_quantity) as returned_quantity,
        sum(orders.gross_amount_reporting) as gross_amount_reporting,
        sum(orders.discount_amount_reporting) as discount_amount_reporting,
        sum(orders.returned_amount_reporting) as returned_amount_reporting,
        count(case when orders.is_rate_missing then 1 end) as missing_rates_count,
        min(orders.placed_at) as first_order_at,
        max(orders.placed_at) as last_order_at,
        min(case when orders.is_purchase then orders.placed_at end) as first_purchase_at,
        max(case when orders.is_purchase then orders.placed_at end) as last_purchase_at
    from orders
    group by orders.customer_key
),

numbered as (
    select
        orders.*,
        row_number() over (
            partition by orders.customer_key order by orders.placed_at nulls last, orders.order_id nulls last
        ) as order_number,
        count(*) over (partition by orders.customer_key) as orders_count,
        sum(case when orders.is_purchase then 1 else 0 end) over (
            partition by orders.customer_key order by orders.placed_at nulls last, orders.order_id nulls last
            rows between unbounded preceding and current row
        ) as purchase_number
    from orders
    where orders.order_id is not null
),

first_orders as (
    select * from numbered
    where numbered.order_number = 1
),

last_orders as (
    select * from numbered
    where numbered.order_number = numbered.orders_count
),

second_purchases as (
    select
        numbered.customer_key,
        numbered.placed_at as second_purchase_at
    from numbered
    where numbered.is_purchase and numbered.purchase_number = 2
),

channels as (
    select
        orders.customer_key,
        orders.channel,
        count(*) as orders_count,
        max(orders.placed_at) as last_order_at
    from orders
    where orders.order_id is not null
    group by orders.customer_key, orders.channel
),

preferred_channels as (
    select * from channels
    qualify row_number() over (
        partition by channels.customer_key
        order by channels.orders_count desc nulls last, channels.last_order_at desc nulls last, channels.channel nulls last
    ) = 1
),

category_counts as (
    select
        categories.customer_key,
        categories.category,
        sum(categories.kept_quantity) as kept_quantity
    from categories
    where categories.kept_quantity > 0
    group by categories.customer_key, categories.category
),

preferred_categories as (
    select * from category_counts
    qualify row_number() over (
        partition by category_counts.customer_key
        order by category_counts.kept_quantity desc nulls last, category_counts.category nulls last
    ) = 1
),

first_categories as (
    select
        categories.customer_key,
        categories.category
    from categories
    inner join first_orders on categories.order_id = first_orders.order_id
    qualify row_number() over (
        partition by categories.customer_key
        order by categories.ordered_quantity desc nulls last, categories.category nulls last
    ) = 1
),

known_customers as (
    select totals.customer_key from totals
    union
    select customers.customer_key from customers
),

final as (
    select
        cast(known_customers.customer_key as {{ dbt.type_string() }}) as customer_key,
        coalesce(customers.customer_id, last_orders.customer_id) as customer_id,
        coalesce(customers.email_token, last_orders.email_token) as email_token,
        preferred_channels.channel as preferred_channel,
        preferred_categories.category as preferred_category,
        coalesce(customers.country, last_orders.ship_country) as country,
        coalesce(customers.region, last_orders.ship_region) as region,
        coalesce(customers.city, last_orders.ship_city) as city,
        customers.language,
        customers.gender,
        first_orders.order_id as first_order_id,
        first_orders.channel as first_channel,
        first_orders.ship_country as first_country,
        first_orders.source as first_source,
        first_categories.category as first_category,
        totals.countries,
        cast(customers.birth_year as {{ dbt.type_bigint() }}) as birth_year,
        {% for column in [
            'orders_count', 'cancelled_orders_count', 'purchases_count', 'discounted_purchases_count', 'shipped_quantity',
            'returned_quantity', 'missing_rates_count'
        ] -%}
        cast(coalesce(totals.{{ column }}, 0) as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['gross_amount_reporting', 'discount_amount_reporting', 'returned_amount_reporting'] -%}
        cast(case
            when coalesce(totals.missing_rates_count, 0) = 0 then coalesce(totals.{{ column }}, 0)
        end as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(case
            when coalesce(totals.missing_rates_count, 0) = 0
                then coalesce(totals.gross_amount_reporting - totals.discount_amount_reporting, 0)
        end as {{ money_type() }}) as net_amount_reporting,
        cast(case
            when coalesce(totals.missing_rates_count, 0) = 0 then coalesce(
                totals.gross_amount_reporting - totals.discount_amount_reporting - totals.returned_amount_reporting, 0
            )
        end as {{ money_type() }}) as net_spend_amount_reporting,
        coalesce(customers.marketing_consent, false) as has_marketing_consent,
        customers.customer_id is not null as is_registered,
        first_orders.discount_amount > 0 as has_first_discount,
        {{ business_date('totals.first_order_at') }} as first_order_date,
        customers.created_at,
        totals.first_order_at,
        totals.last_order_at,
        totals.first_purchase_at,
        second_purchases.second_purchase_at,
        totals.last_purchase_at,
        coalesce(customers._file_id, first_orders._file_id) as _file_id,
        coalesce(customers._record, first_orders._record) as _record,
        coalesce(customers._source, first_orders.source) as _source,
        {{ this_batch() }} as _batch_id
    from known_customers
    left join totals on known_customers.customer_key = totals.customer_key
    left join customers on known_customers.customer_key = customers.customer_key
    left join first_orders on known_customers.customer_key = first_orders.customer_key
    left join last_orders on known_customers.customer_key = last_orders.customer_key
    left join second_purchases on known_customers.customer_key = second_purchases.customer_key
    left join preferred_channels on known_customers.customer_key = preferred_channels.customer_key
    left join preferred_categories on known_customers.customer_key = preferred_categories.customer_key
    left join first_categories on known_customers.customer_key = first_categories.customer_key
)

select * from final
