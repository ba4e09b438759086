{#
  Orders: the current version, facts that only earlier versions have, decisions of operators, and the feeds that track the
  source.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with orders as (
    select * from {{ ref('stg_orders') }}
),

decided as (
    select * from {{ ref('int_orders_decided') }}
),

source_coverage as (
    select * from {{ ref('int_sources_tracked') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

versions as (
    select * from orders
    where {{ is_touched('orders.order_id', touched) }}
),

revised_orders as (
    select distinct versions.order_id from versions
    where not versions.is_current
),

-- Only orders with several versions have a history to read.
first_versions as (
    select
        versions.order_id,
        versions.placed_at
    from versions
    where versions.order_id in (select revised_orders.order_id from revised_orders)
    qualify row_number() over (
        partition by versions.order_id
        order by versions.updated_at, versions.content_hash desc nulls last, versions.is_current desc
    ) = 1
),

first_promises as (
    select
        versions.order_id,
        versions.promised_at,
        versions.promise_is_date_only
    from versions
    where
        versions.promised_at is not null
        and versions.order_id in (select revised_orders.order_id from revised_orders)
    qualify row_number() over (
        partition by versions.order_id
        order by versions.updated_at, versions.content_hash desc nulls last, versions.is_current desc
    ) = 1
),

revised_versions as (
    select versions.*
    from versions
    where versions.order_id in (select revised_orders.order_id from revised_orders)
),

first_cancellations as (
    {{ first_cancellations('revised_versions') }}
),

-- A version that repeats a promise does not override a later promise of an operator.
promise_moves as (
    select
        versions.order_id,
        versions.updated_at,
        versions.promised_at,
        lag(versions.promised_at) over (
            partition by versions.order_id
            order by versions.updated_at, versions.content_hash nulls first, versions.is_current
        ) as was_promised_at
    from versions
),

last_moves as (
    select
        promise_moves.order_id,
        max(promise_moves.updated_at) as moved_at
    from promise_moves
    where promise_moves.promised_at is distinct from promise_moves.was_promised_at
    group by promise_moves.order_id
),

promises as (
    select
        versions.order_id,
        coalesce(decided.operator_moved_at >= coalesce(last_moves.moved_at, decided.operator_moved_at), false)
            as is_by_operator
    from versions
    left join last_moves on versions.order_id = last_moves.order_id
    left join decided on versions.order_id = decided.order_id
    where versions.is_current
),

final as (
    select
        versions.order_id,
        versions.channel,
        versions.order_type,
        versions.original_order_id,
        versions.legal_entity,
        versions.customer_id,
        {{ customer_key('versions') }} as customer_key,
        versions.email_token,
        versions.ship_city,
        versions.ship_region,
        versions.ship_postcode,
        versions.ship_country,
        versions.currency,
        versions.discount_code,
        versions.payment_terms,
        versions.cancel_reason,
        cast({{ minor_unit('currencies.minor_digits') }} as {{ dbt.type_int() }}) as currency_digits,
        {{ rounded_amount('versions.shipping_amount', minor_unit('currencies.minor_digits')) }} as shipping_amount,
        {{ rounded_amount('versions.shipping_tax_amount', minor_unit('currencies.minor_digits')) }} as shipping_tax_amount,
        versions.prices_include_tax,
        case when promises.is_by_operator then decided.operator_promise_is_date_only else versions.promise_is_date_only end
            as promise_is_date_only,
        case
            when first_promises.promised_at is not null then first_promises.promise_is_date_only
            when versions.promised_at is not null then versions.promise_is_date_only
            else coalesce(decided.first_operator_promise_is_date_only, false)
        end as first_promise_is_date_only,
        versions.is_cancelled as is_cancelled_at_source,
        versions.is_cancelled or decided.cancel_action_at is not null as is_whole_order_cancelled,
        coalesce(decided.is_on_hold, false) as is_on_hold,
        coalesce(source_coverage.is_line_tracked, false) as is_line_tracked,
        coalesce(source_coverage.is_paid_tracked, false) as is_paid_tracked,
        coalesce(source_coverage.is_shipment_tracked, false) as is_shipment_tracked,
        coalesce(source_coverage.is_shipment_tracked and source_coverage.is_scan_tracked, false) as is_delivery_tracked,
        coalesce(source_coverage.is_return_tracked, false) as is_return_tracked,
        -- Without shipments, open units would never be shipped and would reserve stock for ever.
        coalesce(source_coverage.is_stock_covered and source_coverage.is_shipment_tracked, false) as is_stock_tracked,
        {{ business_date('coalesce(first_versions.placed_at, versions.placed_at)') }} as placed_date,
        coalesce(first_versions.placed_at, versions.placed_at) as placed_at,
        versions.invoice_due_at,
        coalesce(first_promises.promised_at, versions.promised_at, decided.first_operator_promised_at)
            as first_promised_at,
        case when promises.is_by_operator then decided.operator_promised_at else versions.promised_at end
            as current_promised_at,
        case
            when versions.is_cancelled then coalesce(
                versions.cancelled_at,
                least(coalesce(first_cancellations.updated_at, versions.updated_at), decided.cancel_action_at)
            )
            else decided.cancel_action_at
        end as cancelled_at,
        decided.held_at,
        decided.confirm_action_at,
        versions.updated_at,
        versions._file_id,
        versions._record,
        versions._source,
        {{ this_batch() }} as _batch_id
    from versions
    left join first_versions on versions.order_id = first_versions.order_id
    left join first_cancellations on versions.order_id = first_cancellations.order_id
    left join first_promises on versions.order_id = first_promises.order_id
    left join decided on versions.order_id = decided.order_id
    left join promises on versions.order_id = promises.order_id
    left join source_coverage on versions._source = source_coverage.source
    left join currencies on versions.currency = currencies.currency
    where
        versions.is_current
        and not versions.is_test
)

select * from final
