{# Union of the families of exceptions about what was agreed with a customer: prices and delivery windows. One row is about a line. #}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with prices as (
    select * from {{ ref('int_exceptions_prices') }}
),

windows as (
    select * from {{ ref('int_exceptions_windows') }}
),

raised as (
    select * from prices
    union all
    select * from windows
),

final as (
    select
        'order_line' as subject_type,
        concat(raised.order_id, ' line ', raised.line_id) as subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        raised.currency,
        raised.detail,
        cast(raised.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
)

select * from final
