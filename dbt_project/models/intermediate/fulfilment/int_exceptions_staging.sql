{#
  What the rows themselves raise, whatever they are about: two contents under one key, and words in no table. Only flagged rows
  are read, so that this stays a small table.
#}
{%- set versioned = [
    ('stg_orders', 'order', 'order_id', 'order_id', 'null'),
    ('stg_order_lines', 'order', 'order_id', 'order_id', 'sku'),
    ('stg_products', 'sku', 'sku', 'null', 'sku'),
    ('stg_inbound', 'sku', 'sku', 'null', 'sku'),
    ('stg_customers', 'customer', 'customer_id', 'null', 'null'),
] -%}
{%- set events = [
    ('stg_payments', 'order', 'order_id', 'order_id', 'null'),
    ('stg_shipments', 'order', 'order_id', 'order_id', 'sku'),
    ('scans', 'order', 'order_id', 'order_id', 'null'),
    ('stg_returns', 'return', 'return_id', 'order_id', 'sku'),
    ('stg_actions', 'order', 'order_id', 'order_id', 'null'),
    ('stg_stock', 'sku', 'sku', 'null', 'sku'),
    ('stg_carts', 'cart', 'cart_id', 'order_id', 'sku'),
    ('stg_feedback', 'feedback', 'feedback_id', 'order_id', 'null'),
] -%}
{%- set words = [
    ('stg_orders', 'order', 'order_id', 'order_id', 'null', 'order_type', 'updated_at'),
    ('stg_orders', 'order', 'order_id', 'order_id', 'null', 'payment_terms', 'updated_at'),
    ('stg_payments', 'order', 'order_id', 'order_id', 'null', 'kind', 'occurred_at'),
    ('scans', 'order', 'order_id', 'order_id', 'null', 'status', 'occurred_at'),
    ('stg_returns', 'return', 'return_id', 'order_id', 'sku', 'status', 'occurred_at'),
    ('stg_actions', 'order', 'order_id', 'order_id', 'null', 'kind', 'occurred_at'),
    ('stg_stock', 'sku', 'sku', 'null', 'sku', 'kind', 'occurred_at'),
    ('stg_products', 'sku', 'sku', 'null', 'sku', 'kind', 'updated_at'),
    ('stg_carts', 'cart', 'cart_id', 'order_id', 'sku', 'status', 'occurred_at'),
] -%}

with flagged_scans as (
    select * from {{ ref('stg_tracking') }}
    where
        has_conflict
        or (status = 'unknown' and is_current)
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

scans as (
    select
        coalesce(shipments.order_id, numbered_scans.order_id, flagged_scans.scan_key) as order_id,
        flagged_scans.status,
        flagged_scans.status_word,
        flagged_scans.occurred_at,
        flagged_scans.is_current,
        flagged_scans.has_conflict,
        flagged_scans._source
    from flagged_scans
    left join shipments on flagged_scans.shipment_id = shipments.shipment_id
    left join numbered_scans
        on
            flagged_scans.shipment_id is null
            and flagged_scans.carrier = numbered_scans.carrier
            and flagged_scans.tracking_number = numbered_scans.tracking_number
            and flagged_scans.status = numbered_scans.status
            and flagged_scans.occurred_at = numbered_scans.occurred_at
),

flagged as (
    {% for model, subject_type, subject, order_id, sku in versioned + events %}
    {%- set clock = 'updated_at' if loop.index <= versioned | length else 'occurred_at' %}
    {%- set clock = 'shipped_at' if model == 'stg_shipments' else clock %}
    select
        '{{ subject_type }}' as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        '{{ "conflicting_versions" if loop.index <= versioned | length else "conflicting_events" }}' as code,
        '{{ model | replace("stg_", "") | replace("scans", "tracking") }}' as feed,
        cast(null as {{ dbt.type_string() }}) as word,
        {{ clock }} as opened_at,
        _source
    from {{ model if model == 'scans' else ref(model) }}
    where has_conflict
    union all
    {%- endfor %}
    select
        'rate' as subject_type,
        concat(cast(rate_date as {{ dbt.type_string() }}), ' ', base, '/', quote) as subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'conflicting_events' as code,
        'fx_rates' as feed,
        cast(null as {{ dbt.type_string() }}) as word,
        cast(rate_date as {{ dbt.type_timestamp() }}) as opened_at,
        _source
    from {{ ref('stg_fx_rates') }}
    where has_conflict
    {%- for model, subject_type, subject, order_id, sku, column, clock in words %}
    union all
    select
        '{{ subject_type }}' as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        'unmapped_word' as code,
        '{{ model | replace("stg_", "") | replace("scans", "tracking") }}' as feed,
        concat('{{ column }} ', coalesce({{ column }}_word, '(empty)')) as word,
        {{ clock }} as opened_at,
        _source
    from {{ model if model == 'scans' else ref(model) }}
    where
        is_current
        and {{ column }} = 'unknown'
    {%- endfor %}
),

raised as (
    select
        flagged.subject_type,
        flagged.subject_id,
        flagged.code,
        min(flagged.order_id) as order_id,
        min(flagged.sku) as sku,
        min(flagged.feed) as feed,
        min(flagged.word) as word,
        min(flagged.opened_at) as opened_at,
        min(flagged._source) as _source
    from flagged
    where not exists (
        select 1 from orders
        where
            orders.order_id = flagged.order_id
            and orders.is_test
            and orders.is_current
    )
    group by
        flagged.subject_type,
        flagged.subject_id,
        flagged.code
),

final as (
    select
        raised.subject_type,
        raised.subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        cast(null as {{ dbt.type_string() }}) as currency,
        case
            when raised.code = 'unmapped_word' then concat('Feed ', raised.feed, ', ', raised.word)
            else concat('Feed ', raised.feed, ': two contents under one key; one was chosen by its hash')
        end as detail,
        cast(null as {{ money_type() }}) as amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
    where raised.subject_id is not null
)

select * from final
