-- Each event is rounded once, in the reporting currency; everything above sums those.
with events as (
    select
        business_date,
        recognition_clock,
        channel,
        country,
        category,
        currency,
        {% for column in [
            'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'refunds_amount',
            'fees_amount'
        ] -%}
        sum({{ column }}_reporting) as {{ column }}_reporting,
        {% endfor -%}
        sum(cost_of_goods_amount_reporting) as cost_of_goods_amount_reporting
    from {{ ref('int_revenue_events') }}
    group by
        business_date,
        recognition_clock,
        channel,
        country,
        category,
        currency
),

days as (
    select
        revenue.business_date as subject,
        revenue.total_sales_amount_reporting as found,
        events.gross_sales_amount_reporting - events.discounts_amount_reporting - events.returns_amount_reporting
        + events.tax_amount_reporting + events.shipping_amount_reporting as expected
    from {{ ref('fct_revenue_daily') }} as revenue
    left join events
        on
            revenue.business_date = events.business_date
            and revenue.recognition_clock = events.recognition_clock
            and revenue.channel = events.channel
            and revenue.country = events.country
            and revenue.category = events.category
            and revenue.currency = events.currency
    union all
    select
        revenue.business_date as subject,
        revenue.refunds_amount_reporting + revenue.fees_amount_reporting as found,
        events.refunds_amount_reporting + events.fees_amount_reporting as expected
    from {{ ref('fct_revenue_daily') }} as revenue
    left join events
        on
            revenue.business_date = events.business_date
            and revenue.recognition_clock = events.recognition_clock
            and revenue.channel = events.channel
            and revenue.country = events.country
            and revenue.category = events.category
            and revenue.currency = events.currency
),

order_events as (
    select
        order_id,
        sum(gross_sales_amount_reporting - discounts_amount_reporting + tax_amount_reporting + shipping_amount_reporting) as amount
    from {{ ref('int_revenue_events') }}
    where
        recognition_clock = 'placed'
        and event_kind in ('sale', 'order', 'shipping')
    group by order_id
),

orders as (
    select
        orders.order_id as subject,
        orders.due_amount_reporting as found,
        case when orders.due_amount_reporting is not null then coalesce(order_events.amount, 0) end as expected
    from {{ ref('fct_orders') }} as orders
    left join order_events on orders.order_id = order_events.order_id
    where not exists (
        select 1 from {{ ref('int_order_lines') }} as gift_cards
        where
            gift_cards.order_id = orders.order_id
            and gift_cards.is_gift_card
    )
),

customers as (
    select
        customer_orders.subject_id as subject,
        sum(
            customer_orders.gross_amount_reporting - customer_orders.discount_amount_reporting
            - customer_orders.returned_amount_reporting
        ) as found
    from {{ ref('int_customer_orders') }} as customer_orders
    group by customer_orders.subject_id
),

spent as (
    select
        coalesce(events.order_id, concat('return:', events.return_id)) as subject,
        sum(events.net_sales_amount_reporting) as expected
    from {{ ref('int_revenue_events') }} as events
    where events.recognition_clock = 'placed'
    group by coalesce(events.order_id, concat('return:', events.return_id))
)

select
    cast(days.subject as {{ dbt.type_string() }}) as subject,
    days.found,
    days.expected
from days
where days.found is distinct from days.expected
union all
select
    orders.subject,
    orders.found,
    orders.expected
from orders
where orders.found is distinct from orders.expected
union all
select
    customers.subject,
    customers.found,
    spent.expected
from customers
inner join spent on customers.subject = spent.subject
where customers.found is distinct from spent.expected
