{#
  What the rows themselves raise, whatever they are about: two contents under one key, words in no table, scans of no shipment.
  Only flagged rows are read, so that this stays a small table. Feeds about neither an order nor a SKU have subjects of their
  own: a customer, a cart, a piece of feedback, a rate, a parcel.
#}
{%- set versioned = [
    ('stg_orders', 'order', 'order_id', 'order_id', 'null', "order_id"),
    ('stg_order_lines', 'order', 'order_id', 'order_id', 'sku', "concat('line ', line_id)"),
    ('stg_products', 'sku', 'sku', 'null', 'sku', "sku"),
    ('stg_inbound', 'sku', 'sku', 'null', 'sku', "concat(po_id, ' to ', warehouse_id)"),
    ('stg_customers', 'customer', 'customer_id', 'null', 'null', "customer_id"),
] -%}
{%- set events = [
    ('stg_payments', 'order', 'order_id', 'order_id', 'null', "payment_id"),
    ('stg_shipments', 'order', 'order_id', 'order_id', 'sku', "concat(shipment_id, ' line ', line_id)"),
    ('scans', 'order', 'subject_id', 'order_id', 'null', "concat(scan_key, ' ', status_word)"),
    ('stg_returns', 'return', 'return_id', 'order_id', 'sku', "concat(return_id, ' line ', line_id, ' ', status_word)"),
    ('stg_actions', 'order', 'order_id', 'order_id', 'null', "action_id"),
    ('stg_stock', 'sku', 'sku', 'null', 'sku', "movement_id"),
    ('stg_carts', 'cart', 'cart_id', 'order_id', 'sku', "concat(sku, ' ', status_word)"),
    ('stg_feedback', 'feedback', 'feedback_id', 'order_id', 'null', "feedback_id"),
] -%}
{%- set words = [
    ('stg_orders', 'order', 'order_id', 'order_id', 'null', 'order_type', 'updated_at'),
    ('stg_orders', 'order', 'order_id', 'order_id', 'null', 'payment_terms', 'updated_at'),
    ('stg_payments', 'order', 'order_id', 'order_id', 'null', 'kind', 'occurred_at'),
    ('scans', 'order', 'subject_id', 'order_id', 'null', 'status', 'occurred_at'),
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

orphan_scans as (
    select * from {{ ref('int_orphan_scans') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

scans as (
    select
        case when shipments.order_id is null and numbered_scans.order_id is null then 'parcel' else 'order' end
            as subject_type,
        coalesce(shipments.order_id, numbered_scans.order_id, flagged_scans.scan_key) as subject_id,
        coalesce(shipments.order_id, numbered_scans.order_id) as order_id,
        flagged_scans.scan_key,
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
    {% for model, subject_type, subject, order_id, sku, reference in versioned + events %}
    {%- set clock = 'updated_at' if loop.index <= versioned | length else 'occurred_at' %}
    {%- set clock = 'shipped_at' if model == 'stg_shipments' else clock %}
    select
        {{ 'subject_type' if model == 'scans' else "'" ~ subject_type ~ "'" }} as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        '{{ "conflicting_versions" if loop.index <= versioned | length else "conflicting_events" }}' as code,
        '{{ model | replace("stg_", "") | replace("scans", "tracking") }}' as feed,
        {{ reference }} as what,
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
        concat(base, ' to ', quote) as what,
        cast(rate_date as {{ dbt.type_timestamp() }}) as opened_at,
        _source
    from {{ ref('stg_fx_rates') }}
    where has_conflict
    {%- for model, subject_type, subject, order_id, sku, column, clock in words %}
    union all
    select
        {{ 'subject_type' if model == 'scans' else "'" ~ subject_type ~ "'" }} as subject_type,
        cast({{ subject }} as {{ dbt.type_string() }}) as subject_id,
        cast({{ order_id }} as {{ dbt.type_string() }}) as order_id,
        cast({{ sku }} as {{ dbt.type_string() }}) as sku,
        'unmapped_word' as code,
        '{{ model | replace("stg_", "") | replace("scans", "tracking") }}' as feed,
        concat('{{ column }} ', coalesce({{ column }}_word, '(empty)')) as what,
        {{ clock }} as opened_at,
        _source
    from {{ model if model == 'scans' else ref(model) }}
    where
        is_current
        and {{ column }} = 'unknown'
    {%- endfor %}
    union all
    select
        case when orphan_scans.order_id is null then 'parcel' else 'order' end as subject_type,
        coalesce(orphan_scans.order_id, orphan_scans.scan_key) as subject_id,
        orphan_scans.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        case when orphan_scans.order_id is null then 'orphan_scan' else 'unmapped_word' end as code,
        'tracking' as feed,
        case
            when orphan_scans.order_id is null
                then concat(cast(orphan_scans.scans_count as {{ dbt.type_string() }}), ' scan(s) of ', orphan_scans.scan_key)
            else concat(
                'carrier ', orphan_scans.carrier_word, ' for number ', orphan_scans.tracking_number, ', which was sent with ',
                orphan_scans.shipment_carrier
            )
        end as what,
        orphan_scans.opened_at,
        orphan_scans._source
    from orphan_scans
),

raised as (
    select
        flagged.subject_type,
        flagged.subject_id,
        flagged.code,
        min(flagged.order_id) as order_id,
        min(flagged.sku) as sku,
        min(concat(flagged.feed, ', ', flagged.what)) as what,
        count(distinct concat(flagged.feed, ', ', flagged.what)) as things_count,
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
        concat(
            'Feed ', raised.what,
            case
                when raised.code in ('conflicting_versions', 'conflicting_events')
                    then ': two contents under one key; one was chosen by its hash'
                when raised.code = 'orphan_scan' then ': no shipment names it'
                else ''
            end,
            case
                when raised.things_count > 1
                    then concat(' (and ', cast(raised.things_count - 1 as {{ dbt.type_string() }}), ' more)')
                else ''
            end
        ) as detail,
        cast(null as {{ money_type() }}) as amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
    where raised.subject_id is not null
)

select * from final
