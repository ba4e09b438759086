{# Words that are in no table of words, in the current rows of every feed that has words. #}
{{ config(materialized='ephemeral') }}
{%- set words = [
    ('orders', "'order'", 'order_id', 'order_id', 'null', 'order_type', 'updated_at'),
    ('orders', "'order'", 'order_id', 'order_id', 'null', 'payment_terms', 'updated_at'),
    ('payments', "'order'", 'order_id', 'order_id', 'null', 'kind', 'occurred_at'),
    ('tracking', 'subject_type', 'subject_id', 'order_id', 'null', 'status', 'occurred_at'),
    ('returns', "'return'", 'return_id', 'order_id', 'sku', 'status', 'occurred_at'),
    ('actions', "case when order_id is null then subject_kind else 'order' end", 'coalesce(order_id, subject_id)', 'order_id', 'null', 'kind', 'occurred_at'),
    ('stock', "'sku'", 'sku', 'null', 'sku', 'kind', 'occurred_at'),
    ('products', "'sku'", 'sku', 'null', 'sku', 'kind', 'updated_at'),
    ('payouts', "'payout'", 'payout_id', 'null', 'null', 'kind', 'occurred_at'),
    ('carts', "'cart'", 'cart_id', 'order_id', 'sku', 'status', 'occurred_at'),
] %}

with orders as (
    select * from {{ ref('stg_orders') }}
    where
        is_current
        and 'unknown' in (order_type, payment_terms)
),

payments as (
    select * from {{ ref('stg_payments') }}
    where
        is_current
        and kind = 'unknown'
),

tracking as (
    select * from {{ ref('int_scans_flagged') }}
    where
        is_current
        and status = 'unknown'
),

returns as (
    select * from {{ ref('stg_returns') }}
    where
        is_current
        and status = 'unknown'
),

actions as (
    select * from {{ ref('stg_actions') }}
    where
        is_current
        and kind = 'unknown'
),

stock as (
    select * from {{ ref('stg_stock') }}
    where
        is_current
        and kind = 'unknown'
),

products as (
    select * from {{ ref('stg_products') }}
    where
        is_current
        and kind = 'unknown'
),

payouts as (
    select * from {{ ref('stg_payouts') }}
    where
        is_current
        and kind = 'unknown'
),

carts as (
    select * from {{ ref('stg_carts') }}
    where
        is_current
        and status = 'unknown'
),

final as (
    {% for feed, subject_type, subject, order_id, sku, column, clock in words -%}
    select
        {{ subject_type }} as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        'unmapped_word' as code,
        '{{ feed }}' as feed,
        concat('{{ column }} ', coalesce({{ column }}_word, '(empty)')) as what,
        {{ clock }} as opened_at,
        _source
    from {{ feed }}
    where {{ column }} = 'unknown'
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
)

select * from final
