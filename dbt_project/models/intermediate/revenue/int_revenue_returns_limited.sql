{#
  Returns and refunds of orders with refunds of goods, per recognition clock, limited to the recognised amount. Only
  refunds of goods can exceed it, so returned units of other orders count in full. A refund counts from the day by which as much as
  it takes back is recognised.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_touched_orders') }}

with goods_refunded as (
    select * from {{ ref('int_revenue_goods_refunded') }}
),

units_returned as (
    select * from {{ ref('int_revenue_units_returned_valued') }}
    where order_id in (select goods_refunded.order_id from goods_refunded)
),

recognised_so_far as (
    select * from {{ ref('int_revenue_orders_recognised') }}
),

orders_counted as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'order'
        and {{ is_touched('order_id', touched) }}
),

order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

claims as (
    select
        units_returned.order_id,
        units_returned.return_id,
        units_returned.line_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        units_returned.recognition_clock,
        'return' as event_kind,
        units_returned.sku,
        units_returned.event_number,
        units_returned.returned_quantity,
        units_returned.restocked_quantity,
        units_returned.net_amount,
        units_returned.tax_amount,
        units_returned.net_amount as goods_amount,
        units_returned.business_date,
        units_returned.occurred_at
    from units_returned
    union all
    select
        goods_refunded.order_id,
        null as return_id,
        null as line_id,
        goods_refunded.payment_id,
        clocks.recognition_clock,
        'goods_refund' as event_kind,
        null as sku,
        0 as event_number,
        0 as returned_quantity,
        0 as restocked_quantity,
        goods_refunded.net_amount,
        goods_refunded.tax_amount,
        goods_refunded.goods_amount,
        {{ business_date('goods_refunded.occurred_at') }} as business_date,
        goods_refunded.occurred_at
    from goods_refunded
    cross join clocks
),

recognised_orders as (
    select distinct
        recognised_so_far.order_id,
        recognised_so_far.recognition_clock,
        recognised_so_far.recognised_amount
    from recognised_so_far
),

summed_claims as (
    select
        claims.*,
        recognised_orders.recognised_amount,
        {{ claimed_so_far('claims', ['order_id', 'recognition_clock'], 'business_date') }} as claimed_so_far
    from claims
    inner join recognised_orders
        on
            claims.order_id = recognised_orders.order_id
            and claims.recognition_clock = recognised_orders.recognition_clock
),

granted as (
    select
        summed_claims.*,
        {{ met_amount('summed_claims', 'summed_claims.recognised_amount') }} as returns_amount
    from summed_claims
),

covered as (
    select
        granted.order_id,
        granted.recognition_clock,
        granted.payment_id,
        min(recognised_so_far.recognised_date) as recognised_date
    from granted
    inner join recognised_so_far
        on
            granted.order_id = recognised_so_far.order_id
            and granted.recognition_clock = recognised_so_far.recognition_clock
            and least(granted.claimed_so_far, granted.recognised_amount) <= recognised_so_far.amount_so_far
    where granted.event_kind = 'goods_refund'
    group by
        granted.order_id,
        granted.recognition_clock,
        granted.payment_id
),

-- Tax is in proportion to the part of it that counts.
final as (
    select
        granted.order_id,
        granted.return_id,
        granted.line_id,
        granted.payment_id,
        granted.recognition_clock,
        granted.event_kind,
        coalesce(granted.sku, orders_counted.sku) as sku,
        order_states.channel,
        order_states.ship_country as country,
        order_states.currency,
        cast(granted.event_number as {{ dbt.type_bigint() }}) as event_number,
        cast(granted.returned_quantity as {{ dbt.type_bigint() }}) as returned_quantity,
        cast(granted.restocked_quantity as {{ dbt.type_bigint() }}) as restocked_quantity,
        cast(granted.net_amount as {{ money_type() }}) as claimed_amount,
        cast(-granted.tax_amount as {{ money_type() }}) as claimed_tax_amount,
        cast(granted.returns_amount as {{ money_type() }}) as returns_amount,
        cast(
            -{{ tax_of_claim('granted', 'order_states.currency_digits') }} as {{ money_type() }}
        ) as tax_amount,
        cast(order_states.placed_date as date) as cost_date,
        cast(greatest(granted.business_date, coalesce(covered.recognised_date, granted.business_date)) as date) as business_date
    from granted
    inner join order_states on granted.order_id = order_states.order_id
    left join orders_counted on granted.order_id = orders_counted.order_id
    left join covered
        on
            granted.order_id = covered.order_id
            and granted.recognition_clock = covered.recognition_clock
            and granted.payment_id = covered.payment_id
    where
        granted.event_kind = 'return'
        or granted.returns_amount > 0
)

select * from final
