{# Units by category of every order of a customer, services aside. #}
{%- set touched = ['int_touched_customers'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='customer_key', touched=touched) }}
-- depends_on: {{ ref('int_touched_customers') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('customer_key', touched) }} and {{ is_identified('customer_key') }}
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current and category is not null and coalesce(kind, 'goods') <> 'service'
),

final as (
    select
        order_lines.customer_key,
        order_lines.order_id,
        products.category,
        cast(sum(order_lines.ordered_quantity) as {{ dbt.type_bigint() }}) as ordered_quantity,
        cast(sum(order_lines.kept_quantity) as {{ dbt.type_bigint() }}) as kept_quantity,
        cast(order_lines.placed_date as date) as placed_date,
        {{ this_batch() }} as _batch_id
    from order_lines
    inner join products on order_lines.sku = products.sku
    group by
        order_lines.customer_key,
        order_lines.order_id,
        products.category,
        order_lines.placed_date
)

select * from final
