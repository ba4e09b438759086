{{ config(materialized='table') }}
{%- set lineage = ['_file_id', '_record', '_source', '_received_at', '_batch_id'] %}

with restatements as (
    select * from {{ ref('fct_restatements') }}
),

files as (
    select * from {{ ref('int_files_received') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

actions as (
    select * from {{ ref('stg_actions') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

payouts as (
    select * from {{ ref('stg_payouts') }}
),

stock as (
    select * from {{ ref('stg_stock') }}
),

products as (
    select * from {{ ref('stg_products') }}
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
),

subjects as (
    select distinct
        restatements.month,
        restatements.subject_kind,
        restatements.subject_id,
        restatements.known_batch_id
    from restatements
),

-- Rates count on the days and in the currencies of what they changed.
rate_days as (
    select distinct
        restatements.month,
        restatements.subject_kind,
        restatements.subject_id,
        restatements.known_batch_id,
        restatements.currency,
        restatements.business_date
    from restatements
    union
    select distinct
        restatements.month,
        restatements.subject_kind,
        restatements.subject_id,
        restatements.known_batch_id,
        payments.currency,
        restatements.business_date
    from restatements
    inner join payments
        on
            restatements.subject_kind = 'order'
            and restatements.subject_id = payments.order_id
),

touching as (
    {% for feed, kind, key, joins in [
        ('orders', 'order', 'orders.order_id', ''),
        ('order_lines', 'order', 'order_lines.order_id', ''),
        ('payments', 'order', 'payments.order_id', ''),
        ('payments', 'payout', 'payments.payout_id', ''),
        ('shipments', 'order', 'shipments.order_id', ''),
        ('returns', 'order', 'returns.order_id', ''),
        ('returns', 'return', 'returns.return_id', ''),
        ('actions', 'order', 'actions.order_id', ''),
        ('tracking', 'order', 'shipments.order_id', 'inner join shipments on tracking.shipment_id = shipments.shipment_id'),
        ('tracking', 'order', 'shipments.order_id',
            'inner join shipments on tracking.carrier = shipments.carrier and tracking.tracking_number = shipments.tracking_number'),
        ('payouts', 'payout', 'payouts.payout_id', ''),
        ('payouts', 'order', 'payments.order_id', 'inner join payments on payouts.payment_id = payments.payment_id'),
        ('stock', 'goods', 'stock.sku', ''),
        ('products', 'goods', 'products.sku', ''),
        ('products', 'order', 'order_lines.order_id', 'inner join order_lines on products.sku = order_lines.sku'),
        ('products', 'return', 'returns.return_id', 'inner join returns on products.sku = returns.sku'),
    ] -%}
    select
        subjects.month,
        subjects.subject_kind,
        subjects.subject_id,
        '{{ feed }}' as feed,
        {% for column in lineage -%}
        {{ feed }}.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ feed }}
    {{ joins }}
    inner join subjects
        on
            subjects.subject_kind = '{{ kind }}'
            and {{ key }} = subjects.subject_id
            and {{ feed }}._batch_id > subjects.known_batch_id
    union all
    {% endfor -%}
    select
        rate_days.month,
        rate_days.subject_kind,
        rate_days.subject_id,
        'fx_rates' as feed,
        {% for column in lineage -%}
        fx_rates.{{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from fx_rates
    inner join rate_days
        on
            rate_days.currency <> '{{ var("reporting_currency") }}'
            and (
                rate_days.currency in (fx_rates.base, fx_rates.quote)
                or fx_rates.quote = '{{ var("reporting_currency") }}'
            )
            and rate_days.business_date >= fx_rates.rate_date
            and rate_days.business_date <= {{ add_days_to_date('fx_rates.rate_date', 7) }}
            and fx_rates._batch_id > rate_days.known_batch_id
),

caused as (
    select distinct * from touching
    union all
    select
        subjects.month,
        subjects.subject_kind,
        subjects.subject_id,
        'definitions' as feed,
        {% for column in lineage -%}
        null as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from subjects
    where not exists (
        select 1 from touching
        where
            touching.month = subjects.month
            and touching.subject_kind = subjects.subject_kind
            and touching.subject_id = subjects.subject_id
    )
),

final as (
    select
        caused.month,
        caused.subject_kind,
        caused.subject_id,
        caused.feed,
        files.path,
        cast(caused._received_at as {{ dbt.type_timestamp() }}) as received_at,
        cast(caused._file_id as {{ dbt.type_string() }}) as _file_id,
        cast(caused._record as {{ dbt.type_bigint() }}) as _record,
        cast(caused._source as {{ dbt.type_string() }}) as _source,
        cast(caused._batch_id as {{ dbt.type_bigint() }}) as _batch_id
    from caused
    left join files
        on
            caused._source = files.source
            and caused._file_id = files.file_id
            and caused.feed = files.feed
)

select * from final
