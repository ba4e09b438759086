{# Returned units, refunds of goods and credit notes, per recognition clock, on their own day. #}
{%- set touched = ['int_revenue_subjects'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='subject_id', touched=touched,
    pre_hook="{{ remember_replaced_days(['business_date']) }}"
) }}
-- depends_on: {{ ref('int_revenue_subjects') }}

with goods_refunded as (
    select * from {{ ref('int_revenue_goods_refunded') }}
),

units_returned as (
    select valued.*
    from {{ ref('int_revenue_units_returned_valued') }} as valued
    where not exists (
        select 1 from goods_refunded
        where goods_refunded.order_id = valued.order_id
    )
),

-- The orders with refunds of goods, their returned units included.
returns_limited as (
    select * from {{ ref('int_revenue_returns_limited') }}
),

credit_notes as (
    select * from {{ ref('int_revenue_credit_notes') }}
),

final as (
    select
        units_returned.order_id as subject_id,
        units_returned.order_id,
        units_returned.return_id,
        units_returned.line_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        units_returned.recognition_clock,
        'return' as event_kind,
        units_returned.sku,
        units_returned.channel,
        units_returned.country,
        units_returned.currency,
        units_returned.event_number,
        units_returned.returned_quantity,
        units_returned.restocked_quantity,
        units_returned.net_amount as claimed_amount,
        cast(-units_returned.tax_amount as {{ money_type() }}) as claimed_tax_amount,
        units_returned.net_amount as returns_amount,
        cast(-units_returned.tax_amount as {{ money_type() }}) as tax_amount,
        units_returned.placed_date as cost_date,
        units_returned.business_date,
        {{ this_batch() }} as _batch_id
    from units_returned
    union all
    select
        returns_limited.order_id as subject_id,
        returns_limited.order_id,
        returns_limited.return_id,
        returns_limited.line_id,
        returns_limited.payment_id,
        returns_limited.recognition_clock,
        returns_limited.event_kind,
        returns_limited.sku,
        returns_limited.channel,
        returns_limited.country,
        returns_limited.currency,
        returns_limited.event_number,
        returns_limited.returned_quantity,
        returns_limited.restocked_quantity,
        returns_limited.claimed_amount,
        returns_limited.claimed_tax_amount,
        returns_limited.returns_amount,
        returns_limited.tax_amount,
        returns_limited.cost_date,
        returns_limited.business_date,
        {{ this_batch() }} as _batch_id
    from returns_limited
    union all
    select
        credit_notes.subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        credit_notes.return_id,
        credit_notes.line_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        credit_notes.recognition_clock,
        'credit_note' as event_kind,
        credit_notes.sku,
        credit_notes.channel,
        credit_notes.country,
        credit_notes.currency,
        cast(0 as {{ dbt.type_bigint() }}) as event_number,
        credit_notes.returned_quantity,
        credit_notes.restocked_quantity,
        credit_notes.returns_amount as claimed_amount,
        cast(0 as {{ money_type() }}) as claimed_tax_amount,
        credit_notes.returns_amount,
        cast(0 as {{ money_type() }}) as tax_amount,
        credit_notes.business_date as cost_date,
        credit_notes.business_date,
        {{ this_batch() }} as _batch_id
    from credit_notes
)

select * from final
