{#
  Two contents under one key, whatever they are about. Only flagged rows are read, so that this stays small. Feeds about neither
  an order nor a SKU have subjects of their own: a customer, a price list, a cart, a payout, a piece of feedback, a rate, a parcel.
#}
{{ config(materialized='ephemeral') }}
{%- set versioned = [
    ('orders', "'order'", 'order_id', 'order_id', 'null', 'order_id', 'updated_at'),
    ('order_lines', "'order'", 'order_id', 'order_id', 'sku', "concat('line ', line_id)", 'updated_at'),
    ('products', "'sku'", 'sku', 'null', 'sku', 'sku', 'updated_at'),
    ('inbound', "'sku'", 'sku', 'null', 'sku', "concat(po_id, ' to ', warehouse_id)", 'updated_at'),
    ('price_lists', "'price_list'", 'price_list_id', 'null', 'sku',
        "concat(price_list_id, ' ', sku, ' ', currency, ' from ', cast(valid_from as " ~ dbt.type_string() ~ "))", 'updated_at'),
    ('customers', "'customer'", 'customer_id', 'null', 'null', 'customer_id', 'updated_at'),
] -%}
{%- set events = [
    ('payments', "'order'", 'order_id', 'order_id', 'null', 'payment_id', 'occurred_at'),
    ('shipments', "'order'", 'order_id', 'order_id', 'sku', "concat(shipment_id, ' line ', line_id)", 'shipped_at'),
    ('tracking', 'subject_type', 'subject_id', 'order_id', 'null', "concat(scan_key, ' ', status_word)", 'occurred_at'),
    ('returns', "'return'", 'return_id', 'order_id', 'sku', "concat(return_id, ' line ', line_id, ' ', status_word)", 'occurred_at'),
    ('actions', "case when order_id is null then subject_kind else 'order' end", 'coalesce(order_id, subject_id)', 'order_id', 'null', 'action_id', 'occurred_at'),
    ('stock', "'sku'", 'sku', 'null', 'sku', 'movement_id', 'occurred_at'),
    ('payouts', "'payout'", 'payout_id', 'null', 'null', 'movement_id', 'occurred_at'),
    ('carts', "'cart'", 'cart_id', 'order_id', 'sku', "concat(sku, ' ', status_word)", 'occurred_at'),
    ('feedback', "'feedback'", 'feedback_id', 'order_id', 'null', 'feedback_id', 'occurred_at'),
    ('fx_rates', "'rate'", "concat(cast(rate_date as " ~ dbt.type_string() ~ "), ' ', base, '/', quote)", 'null', 'null',
        "concat(base, ' to ', quote)", 'cast(rate_date as ' ~ dbt.type_timestamp() ~ ')'),
] %}

with orders as (
    select * from {{ ref('stg_orders') }}
    where has_conflict
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
    where has_conflict
),

products as (
    select * from {{ ref('stg_products') }}
    where has_conflict
),

inbound as (
    select * from {{ ref('stg_inbound') }}
    where has_conflict
),

price_lists as (
    select * from {{ ref('stg_price_lists') }}
    where has_conflict
),

customers as (
    select * from {{ ref('stg_customers') }}
    where has_conflict
),

payments as (
    select * from {{ ref('stg_payments') }}
    where has_conflict
),

shipments as (
    select * from {{ ref('stg_shipments') }}
    where has_conflict
),

tracking as (
    select * from {{ ref('int_scans_flagged') }}
    where has_conflict
),

returns as (
    select * from {{ ref('stg_returns') }}
    where has_conflict
),

actions as (
    select * from {{ ref('stg_actions') }}
    where has_conflict
),

stock as (
    select * from {{ ref('stg_stock') }}
    where has_conflict
),

payouts as (
    select * from {{ ref('stg_payouts') }}
    where has_conflict
),

carts as (
    select * from {{ ref('stg_carts') }}
    where has_conflict
),

feedback as (
    select * from {{ ref('stg_feedback') }}
    where has_conflict
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
    where has_conflict
),

final as (
    {% for feed, subject_type, subject, order_id, sku, reference, clock in versioned + events -%}
    select
        {{ subject_type }} as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        '{{ "conflicting_versions" if loop.index <= versioned | length else "conflicting_events" }}' as code,
        '{{ feed }}' as feed,
        {{ reference }} as what,
        {{ clock }} as opened_at,
        _source
    from {{ feed }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
)

select * from final
