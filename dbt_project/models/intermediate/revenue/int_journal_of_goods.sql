{#
  Lines of the journal that post the cost of goods, debits positive. Goods of a parcel that was lost, or that the carrier returned,
  leave cost of goods for lost goods; those of a cancelled parcel go back to inventory. A cost is that of the day on which the order
  was placed. One that cannot be converted into the currency of its order is posted in the reporting currency alone.
#}
{{ config(materialized='ephemeral', step_of='int_journal') }}

with moved as (
    select * from {{ ref('int_journal_goods_moved') }}
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

-- A part of a line is rounded as a whole, as in the revenue mart.
events as (
    select
        moved.*,
        moved.currency as rate_currency,
        cast(null as {{ dbt.type_string() }}) as category_word,
        {% for amount in [
            'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'paid_refunds_amount',
            'paid_fees_amount'
        ] -%}
        cast(0 as {{ money_type() }}) as {{ amount }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from moved
    where moved.cost_quantity <> 0
),

valued as (
    {{ revenue_events_valued() }}
),

final as (
    select
        valued.subject_id,
        concat('cost:', valued.entry_id) as entry_id,
        'cost' as entry_kind,
        valued.order_id,
        valued.return_id,
        case
            when directions.direction = 1 then 'cost_of_goods'
            when valued.entry_kind in ('parcel_lost', 'parcel_returned') then 'lost_goods'
            else 'inventory'
        end as account,
        valued.currency,
        cast(directions.direction * coalesce(valued.cost_of_goods_amount, 0) as {{ money_type() }}) as amount,
        cast(directions.direction * valued.cost_of_goods_amount_reporting as {{ money_type() }}) as amount_reporting,
        valued.business_date
    from valued
    cross join (values (1), (-1)) as directions (direction)
    where
        valued.cost_of_goods_amount <> 0
        or valued.cost_of_goods_amount_reporting <> 0
)

select * from final
