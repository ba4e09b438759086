{# Value that refunds without a return can pay for, per order and day: of cancelled units, of returned and of lost ones. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}

with days as (
    select * from {{ ref('int_journal_refund_days') }}
),

units as (
    select * from {{ ref('int_journal_refund_units') }}
),

ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind in ('captured', 'refunded')
        and {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and kind = 'cancel'
        and {{ is_touched('order_id', touched) }}
),

versions as (
    select
        versions.*,
        {{ business_date('versions.updated_at') }} as version_date
    from {{ ref('stg_orders') }} as versions
    where {{ is_touched('versions.order_id', touched) }}
),

-- Before its first version an order is what that says.
versions_known as (
    select
        days.order_id,
        days.business_date,
        versions.shipping_amount,
        versions.shipping_tax_amount,
        versions.prices_include_tax,
        versions.is_cancelled,
        versions.currency
    from days
    inner join versions on days.order_id = versions.order_id
    qualify row_number() over (
        partition by days.order_id, days.business_date
        order by
            case when versions.version_date <= days.business_date then 0 else 1 end,
            case when versions.version_date <= days.business_date then versions.updated_at end desc nulls last,
            versions.version_date,
            versions.updated_at desc,
            versions.is_current desc,
            versions.content_hash desc nulls last
    ) = 1
),

cancelled_orders as (
    select distinct
        days.order_id,
        days.business_date
    from days
    inner join actions
        on
            days.order_id = actions.order_id
            and days.business_date >= {{ business_date('actions.occurred_at') }}
),

summed_lines as (
    {{ refundable_orders('units', ['order_id', 'business_date']) }}
),

summed_payments as (
    select
        days.order_id,
        days.business_date,
        {{ refundable_payments('ledger', 'coalesce(ledger.status_amount_order_currency, 0)') }}
    from days
    inner join ledger
        on
            days.order_id = ledger.order_id
            and days.business_date >= ledger.occurred_date
    group by
        days.order_id,
        days.business_date
),

orders as (
    select
        versions_known.order_id,
        versions_known.business_date,
        versions_known.prices_include_tax,
        versions_known.is_cancelled or cancelled_orders.order_id is not null as is_whole_order_cancelled,
        cast({{ minor_unit('currencies.minor_digits') }} as {{ dbt.type_int() }}) as currency_digits,
        {% for column in ['shipping_amount', 'shipping_tax_amount'] -%}
        {{ rounded_amount('versions_known.' ~ column, minor_unit('currencies.minor_digits')) }} as {{ column }}
        {{- ',' if not loop.last }}
        {% endfor %}
    from versions_known
    left join cancelled_orders
        on
            versions_known.order_id = cancelled_orders.order_id
            and versions_known.business_date = cancelled_orders.business_date
    left join {{ ref('currencies') }} as currencies on versions_known.currency = currencies.currency
),

final as (
    {{ refund_limits('orders', 'summed_lines', 'summed_payments', ['order_id', 'business_date']) }}
)

select * from final
