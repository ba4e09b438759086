{#
  Lines of the journal that post the cost of goods, debits positive: sold by the shipped recognition clock, returned and restocked, or
  credited. Goods of a parcel that was lost, or that the carrier returned, leave cost of goods for lost goods; those of a cancelled
  parcel go back to inventory. A cost is that of the day on which the order was placed.
#}
{{ config(materialized='view') }}

with revenue_events as (
    select * from {{ published_ref('int_revenue_events') }}
    where
        recognition_clock = 'shipped'
        and event_kind in ('sale', 'return', 'credit_note')
),

revisions as (
    select * from {{ published_ref('int_journal_revisions') }}
    where sku is not null
),

products as (
    select * from {{ published_ref('int_revenue_products') }}
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

currencies as (
    select * from {{ published_ref('currencies') }}
),

-- A part of a line is rounded as a whole, as in the revenue mart, so its earlier cost is taken back and the new one is posted.
events as (
    {% for quantity, sign in [('goods_quantity', ''), ('earlier_goods_quantity', '-')] -%}
    select
        revisions.entry_id,
        revisions.entry_kind,
        revisions.order_id,
        revisions.sku,
        revisions.currency,
        revisions.currency as rate_currency,
        cast(null as {{ dbt.type_string() }}) as category_word,
        revisions.placed_date as cost_date,
        {{ sign }}revisions.{{ quantity }} as cost_quantity,
        {% for amount in [
            'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'paid_refunds_amount',
            'paid_fees_amount'
        ] -%}
        cast(0 as {{ money_type() }}) as {{ amount }},
        {% endfor -%}
        revisions.business_date
    from revisions
    where revisions.goods_quantity <> revisions.earlier_goods_quantity
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

valued as (
    {{ revenue_events_valued() }}
),

costs as (
    select
        concat(
            'cost:', revenue_events.event_kind, ':', coalesce(revenue_events.return_id, revenue_events.order_id), ':',
            coalesce(revenue_events.line_id, ''), ':', coalesce(revenue_events.shipment_id, ''), ':',
            cast(revenue_events.business_date as {{ dbt.type_string() }})
        ) as entry_id,
        revenue_events.order_id,
        revenue_events.return_id,
        'inventory' as goods_account,
        revenue_events.currency,
        revenue_events.cost_of_goods_amount,
        revenue_events.cost_of_goods_amount_reporting,
        revenue_events.business_date
    from revenue_events
    where
        revenue_events.event_kind <> 'sale'
        or not exists (
            select 1 from revisions
            where
                revisions.order_id = revenue_events.order_id
                and revisions.line_id = revenue_events.line_id
        )
    union all
    select
        concat('cost:', valued.entry_id) as entry_id,
        valued.order_id,
        null as return_id,
        case when valued.entry_kind in ('parcel_lost', 'parcel_returned') then 'lost_goods' else 'inventory' end as goods_account,
        valued.currency,
        valued.cost_of_goods_amount,
        valued.cost_of_goods_amount_reporting,
        valued.business_date
    from valued
),

final as (
    select
        costs.entry_id,
        'cost' as entry_kind,
        costs.order_id,
        costs.return_id,
        case when directions.direction = 1 then 'cost_of_goods' else costs.goods_account end as account,
        costs.currency,
        cast(directions.direction * costs.cost_of_goods_amount as {{ money_type() }}) as amount,
        cast(directions.direction * costs.cost_of_goods_amount_reporting as {{ money_type() }}) as amount_reporting,
        costs.business_date
    from costs
    cross join (values (1), (-1)) as directions (direction)
    where costs.cost_of_goods_amount <> 0
)

select * from final
