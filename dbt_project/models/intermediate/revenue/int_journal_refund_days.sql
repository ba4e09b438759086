{#
  Business days on which it may change what the refunds of an order pay for, from that of its first refund that names no return on.
  An order whose currency changed has none: its payments are known in its present currency alone.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}

with ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind in ('captured', 'refunded')
        and {{ is_touched('order_id', touched) }}
),

versions as (
    select * from {{ ref('stg_orders') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        has_order_line
        and {{ is_touched('order_id', touched) }}
),

units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and kind in ('cancel', 'cancel_line')
        and {{ is_touched('order_id', touched) }}
),

returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind = 'return'
        and {{ is_touched('order_id', touched) }}
),

one_currency as (
    select versions.order_id
    from versions
    group by versions.order_id
    having min(versions.currency) = max(versions.currency)
),

refunded as (
    select
        ledger.order_id,
        min(ledger.occurred_date) as first_date
    from ledger
    inner join one_currency on ledger.order_id = one_currency.order_id
    where
        ledger.kind = 'refunded'
        and ledger.return_id is null
    group by ledger.order_id
),

changes as (
    select
        ledger.order_id,
        ledger.occurred_date as business_date
    from ledger
    union
    select
        returns.order_id,
        returns.business_date
    from returns
    {%- for table, instant in [
        ('versions', 'updated_at'), ('order_lines', 'updated_at'), ('units_returned', 'occurred_at'), ('actions', 'occurred_at'),
        ('shipment_lines', 'shipped_at'),
    ] %}
    union
    select
        {{ table }}.order_id,
        {{ business_date(table ~ '.' ~ instant) }} as business_date
    from {{ table }}
    {%- endfor %}
    union
    select
        shipment_lines.order_id,
        {{ parcel_end_date('shipment_lines') }} as business_date
    from shipment_lines
),

final as (
    select
        changes.order_id,
        cast(changes.business_date as date) as business_date
    from changes
    inner join refunded on changes.order_id = refunded.order_id
    where changes.business_date >= refunded.first_date
)

select * from final
