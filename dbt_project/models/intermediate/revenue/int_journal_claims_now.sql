{#
  What refunds that name no return give away, and what the revenue mart takes back for refunds and of returns, by everything that is
  known now. Of a return it is what the mart cuts from its claim.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}

with assigned as (
    select * from {{ ref('int_refunds_assigned') }}
    where {{ is_touched('order_id', touched) }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'refunded'
        and {{ is_touched('order_id', touched) }}
),

revenue_returns as (
    select * from {{ ref('int_revenue_returns') }}
    where
        recognition_clock = 'shipped'
        and event_kind in ('return', 'goods_refund')
        and {{ is_touched('order_id', touched) }}
),

revised as (
    select distinct
        revisions.order_id,
        revisions.return_id,
        revisions.line_id
    from {{ ref('int_journal_revisions') }} as revisions
    where
        revisions.return_id is not null
        and {{ is_touched('revisions.order_id', touched) }}
),

final as (
    select
        assigned.order_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(0 as {{ dbt.type_bigint() }}) as event_number,
        assigned.payment_id,
        payments.order_currency as currency,
        coalesce(revenue_returns.returns_amount, 0) as returns_amount,
        coalesce(revenue_returns.tax_amount, 0) as tax_amount,
        case when payments.is_rate_missing then 0 else {{ given_away(
            'assigned.goodwill_amount', 'assigned.shipping_amount', 'revenue_returns.returns_amount', '(-revenue_returns.tax_amount)'
        ) }} end as goodwill_amount,
        payments.occurred_date,
        revenue_returns.business_date as recognised_date
    from assigned
    inner join payments on assigned.payment_id = payments.payment_id
    left join revenue_returns
        on
            assigned.order_id = revenue_returns.order_id
            and assigned.payment_id = revenue_returns.payment_id
    union all
    select
        revenue_returns.order_id,
        revenue_returns.return_id,
        revenue_returns.line_id,
        revenue_returns.event_number,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        revenue_returns.currency,
        revenue_returns.returns_amount - revenue_returns.claimed_amount as returns_amount,
        revenue_returns.tax_amount - revenue_returns.claimed_tax_amount as tax_amount,
        0 as goodwill_amount,
        revenue_returns.business_date as occurred_date,
        revenue_returns.business_date as recognised_date
    from revenue_returns
    inner join revised
        on
            revenue_returns.order_id = revised.order_id
            and revenue_returns.return_id = revised.return_id
            and revenue_returns.line_id = revised.line_id
    where revenue_returns.order_id in (select assigned.order_id from assigned)
)

select * from final
