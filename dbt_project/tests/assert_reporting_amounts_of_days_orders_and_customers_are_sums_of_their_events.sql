-- Each event is rounded once, in the reporting currency; everything above sums those.
{%- set dimensions = ['business_date', 'recognition_clock', 'channel', 'country', 'category', 'currency'] %}
with revenue_events as (
    select
        {% for column in dimensions + ['event_kind', 'order_id', 'return_id'] -%}
        {{ column }},
        {% endfor -%}
        net_sales_amount_reporting,
        gross_sales_amount_reporting - discounts_amount_reporting + tax_amount_reporting + shipping_amount_reporting
            as sold_amount_reporting,
        gross_sales_amount_reporting,
        discounts_amount_reporting,
        returns_amount_reporting,
        tax_amount_reporting,
        shipping_amount_reporting,
        refunds_amount_reporting,
        fees_amount_reporting
    from {{ ref('int_revenue_events') }}
),

events as (
    select
        {% for column in dimensions -%}
        {{ column }},
        {% endfor -%}
        sum(gross_sales_amount_reporting) - sum(discounts_amount_reporting) - sum(returns_amount_reporting)
        + sum(tax_amount_reporting) + sum(shipping_amount_reporting) as total_sales_amount_reporting,
        sum(refunds_amount_reporting) + sum(fees_amount_reporting) as cash_amount_reporting
    from revenue_events
    group by
        {% for column in dimensions -%}
        {{ column }}{% if not loop.last %},{% endif %}
        {% endfor %}
),

compared as (
    select
        revenue.business_date,
        revenue.total_sales_amount_reporting,
        events.total_sales_amount_reporting as expected_total_sales_amount_reporting,
        revenue.refunds_amount_reporting + revenue.fees_amount_reporting as cash_amount_reporting,
        events.cash_amount_reporting as expected_cash_amount_reporting
    from {{ ref('fct_revenue_daily') }} as revenue
    left join events
        on
            {% for column in dimensions -%}
            revenue.{{ column }} = events.{{ column }}
            {% if not loop.last %}and {% endif %}
            {%- endfor %}
),

days as (
    {% for amount in ['total_sales_amount_reporting', 'cash_amount_reporting'] -%}
    select
        compared.business_date as subject,
        compared.{{ amount }} as found,
        compared.expected_{{ amount }} as expected
    from compared
    {% if not loop.last %}union all{% endif %}
    {% endfor -%}
),

order_events as (
    select
        order_id,
        sum(sold_amount_reporting) as amount
    from revenue_events
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
    from revenue_events as events
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
