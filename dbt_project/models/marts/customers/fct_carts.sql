{# One row per cart with its outcome. A cart that became an order was not abandoned, even if an earlier event said so. #}
with cart_events as (
    select * from {{ ref('stg_carts') }}
    where is_current
),

orders as (
    select * from {{ ref('stg_orders') }}
    where is_current
),

-- Only the last event of a cart names its order. The cart is a test from its first event on.
test_carts as (
    select distinct cart_events.cart_id
    from cart_events
    inner join orders on cart_events.order_id = orders.order_id
    where orders.is_test
),

carts as (
    select cart_events.*
    from cart_events
    where not exists (select 1 from test_carts where test_carts.cart_id = cart_events.cart_id)
),

products_in as (
    select
        carts.cart_id,
        carts.sku,
        max(carts.quantity) filter (where carts.status = 'added') as quantity
    from carts
    group by
        carts.cart_id,
        carts.sku
),

contents as (
    select
        products_in.cart_id,
        count(*) as skus_count,
        sum(products_in.quantity) as quantity
    from products_in
    group by products_in.cart_id
),

fates as (
    select
        carts.cart_id,
        min(carts._source) as source,
        min(carts.customer_id) as customer_id,
        min(carts.order_id) as order_id,
        min(carts.campaign) as campaign,
        min(carts.occurred_at) as first_event_at,
        max(carts.occurred_at) as last_event_at,
        max(case when carts.status = 'abandoned' then 1 else 0 end) = 1 as was_left_behind,
        max(case when carts.status = 'converted' then 1 else 0 end) = 1 as is_converted
    from carts
    group by carts.cart_id
),

final as (
    select
        fates.cart_id,
        fates.customer_id,
        fates.order_id,
        fates.campaign,
        fates.source,
        case
            when fates.is_converted then 'converted'
            when fates.was_left_behind then 'abandoned'
            else 'open'
        end as cart_status,
        cast(contents.skus_count as {{ dbt.type_bigint() }}) as skus_count,
        cast(contents.quantity as {{ dbt.type_bigint() }}) as quantity,
        fates.is_converted,
        fates.was_left_behind and not fates.is_converted as is_abandoned,
        cast({{ business_date('fates.first_event_at') }} as date) as first_event_date,
        fates.first_event_at,
        fates.last_event_at
    from fates
    inner join contents on fates.cart_id = contents.cart_id
)

select * from final
