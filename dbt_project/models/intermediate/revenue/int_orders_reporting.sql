{#
  Amounts of every order in the reporting currency: the sums of its events by the placed recognition clock, gift cards beside them.
#}
{%- set touched = ['int_touched_orders', 'int_subjects_revalued'] -%}
{%- set amounts = ['gross_sales_amount', 'discounts_amount', 'tax_amount', 'shipping_amount'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_subjects_revalued') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

sales as (
    select * from {{ ref('int_revenue_sales') }}
    where {{ is_touched('order_id', touched) }}
),

gift_cards as (
    select * from {{ ref('int_order_lines') }}
    where
        is_gift_card
        and {{ is_touched('order_id', touched) }}
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

events as (
    select
        sales.order_id,
        {% for column in amounts -%}
        sum(sales.{{ column }}) as {{ column }},
        {% endfor -%}
        sales.event_kind
    from sales
    group by
        sales.order_id,
        sales.line_id,
        sales.event_kind
    union all
    select
        gift_cards.order_id,
        gift_cards.gross_amount
        - case when gift_cards.prices_include_tax then gift_cards.tax_amount else 0 end as gross_sales_amount,
        gift_cards.discount_amount as discounts_amount,
        gift_cards.tax_amount,
        0 as shipping_amount,
        'gift_card' as event_kind
    from gift_cards
),

converted as (
    select
        events.order_id,
        events.event_kind,
        {% for column in amounts -%}
        {{ reporting_amount('events.' ~ column, 'rates.rate') }} as {{ column }},
        {% endfor -%}
        order_states.prices_include_tax
    from events
    inner join order_states on events.order_id = order_states.order_id
    inner join rates
        on
            order_states.placed_date = rates.rate_date
            and order_states.currency = rates.currency
),

summed as (
    select
        converted.order_id,
        {% for column in amounts -%}
        sum(case when converted.event_kind <> 'gift_card' then converted.{{ column }} else 0 end) as {{ column }},
        {% endfor -%}
        sum(
            converted.gross_sales_amount - converted.discounts_amount
            + case when converted.prices_include_tax and converted.event_kind <> 'shipping' then converted.tax_amount else 0 end
        ) as net_amount,
        sum(
            converted.gross_sales_amount - converted.discounts_amount + converted.tax_amount + converted.shipping_amount
        ) as due_amount
    from converted
    group by converted.order_id
),

final as (
    select
        order_states.order_id,
        {% for column in amounts + ['net_amount', 'due_amount'] -%}
        cast(case when rates.rate is not null then coalesce(summed.{{ column }}, 0) end as {{ money_type() }})
            as {{ column }}_reporting,
        {% endfor -%}
        {{ this_batch() }} as _batch_id
    from order_states
    left join rates
        on
            order_states.placed_date = rates.rate_date
            and order_states.currency = rates.currency
    left join summed on order_states.order_id = summed.order_id
)

select * from final
