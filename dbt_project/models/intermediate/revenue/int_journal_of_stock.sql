{#
  Lines of the journal that stock posts, debits positive: goods received and not yet invoiced, and what counts and adjustments
  found, at the unit cost of the day. Goods that leave or come back post with the sale or return. Transfers stay in inventory.
#}
{%- set touched = ['int_journal_subjects'] -%}
{{ config(materialized='ephemeral', step_of='int_journal') }}
{%- set kinds = [
    ('receipt', 'goods_received_not_invoiced', 'stock_daily.received_quantity'),
    ('stock_adjustment', 'stock_adjustments', 'stock_daily.adjusted_quantity + stock_daily.count_adjustment_quantity'),
] %}
-- depends_on: {{ ref('int_journal_subjects') }}

with stock_daily as (
    select * from {{ ref('int_stock_daily') }}
    where {{ is_touched("concat('sku:', sku)", touched, key='subject_id') }}
),

products as (
    select * from {{ ref('int_revenue_products') }}
),

rates as (
    select * from {{ ref('int_fx_daily') }}
),

moved as (
    {% for kind, account, quantity in kinds -%}
    select
        concat('{{ kind }}:', stock_daily.sku, ':', stock_daily.warehouse_id, ':', cast(stock_daily.business_date as {{ dbt.type_string() }}))
            as entry_id,
        '{{ kind }}' as entry_kind,
        '{{ account }}' as account,
        stock_daily.sku,
        stock_daily.business_date,
        {{ quantity }} as quantity
    from stock_daily
    where {{ quantity }} <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

valued as (
    select
        moved.*,
        products.cost_currency,
        {{ round_half_even_to(
            'cast(moved.quantity * products.unit_cost_amount as ' ~ money_type() ~ ')', 'products.cost_digits'
        ) }} as cost_amount
    from moved
    inner join products
        on
            moved.sku = products.sku
            and moved.business_date >= products.from_date
            and moved.business_date < products.until_date
    where products.unit_cost_amount is not null
),

converted as (
    select
        valued.*,
        {{ reporting_amount('valued.cost_amount', 'rates.rate') }} as cost_amount_reporting
    from valued
    left join rates
        on
            valued.business_date = rates.rate_date
            and valued.cost_currency = rates.currency
),

final as (
    select
        converted.entry_id,
        converted.entry_kind,
        converted.sku,
        case when directions.direction = 1 then 'inventory' else converted.account end as account,
        converted.cost_currency as currency,
        cast(directions.direction * converted.cost_amount as {{ money_type() }}) as amount,
        cast(directions.direction * converted.cost_amount_reporting as {{ money_type() }}) as amount_reporting,
        converted.business_date
    from converted
    cross join (values (1), (-1)) as directions (direction)
    where converted.cost_amount <> 0
)

select * from final
