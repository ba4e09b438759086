{#
  Goods, shipping, returns and gift cards of orders that changed after they had been posted, day by day: the value by the version in
  force on the first day, and what each later version or the end of a parcel changed, on its own day. The changes of what the
  revenue mart has add up to what it recognises now.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set own = {
    'goods': [
        'line_id', 'shipment_id', 'sku', 'goods_quantity', 'earlier_goods_quantity', 'gross_sales_amount', 'discounts_amount',
        'tax_amount'
    ],
    'shipping': ['tax_amount', 'shipping_amount'],
    'returns': ['line_id', 'return_id', 'event_number', 'sku', 'goods_quantity', 'earlier_goods_quantity', 'returns_amount', 'tax_amount'],
    'gift_cards': ['line_id', 'gift_cards_amount', 'tax_amount'],
} -%}
{%- set keys = ['line_id', 'shipment_id', 'return_id', 'sku'] -%}
{%- set quantities = ['event_number', 'goods_quantity', 'earlier_goods_quantity'] -%}
{%- set amounts = [
    'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'gift_cards_amount'
] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with goods as (
    select * from {{ ref('int_journal_goods_revised') }}
),

shipping as (
    select * from {{ ref('int_journal_shipping_revised') }}
),

returns as (
    select * from {{ ref('int_journal_returns_revised') }}
),

gift_cards as (
    select * from {{ ref('int_journal_gift_cards_revised') }}
),

posted as (
    {% for part, columns in own.items() -%}
    select
        {{ part }}.entry_key,
        {{ part }}.entry_kind,
        {{ part }}.order_id,
        {% for key in keys -%}
        {{ part ~ '.' ~ key if key in columns else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as {{ key }},
        {% endfor -%}
        {{ part }}.currency,
        {{ part }}.direction,
        {% for column in quantities + amounts -%}
        {{ part ~ '.' ~ column if column in columns else '0' }} as {{ column }},
        {% endfor -%}
        {{ part }}.placed_date,
        {{ part }}.recognised_date,
        {{ part }}.business_date
    from {{ part }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        concat(
            posted.entry_kind, ':', posted.entry_key,
            case
                when
                    posted.entry_kind in ('sale', 'shipping', 'return', 'gift_card')
                    and coalesce(posted.business_date = posted.recognised_date, false)
                    then ''
                else concat(':', cast(posted.business_date as {{ dbt.type_string() }}))
            end,
            case when posted.direction = -1 and posted.entry_kind like '%_change' then ':reversed' else '' end
        ) as entry_id,
        posted.entry_kind,
        posted.order_id,
        {% for key in keys -%}
        posted.{{ key }},
        {% endfor -%}
        posted.currency,
        {% for column in quantities -%}
        cast(posted.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(posted.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        posted.placed_date,
        posted.recognised_date,
        cast(posted.business_date as date) as business_date,
        {{ this_batch() }} as _batch_id
    from posted
    where
        posted.goods_quantity <> posted.earlier_goods_quantity
        {%- for column in amounts %}
        or posted.{{ column }} <> 0
        {%- endfor %}
)

select * from final
