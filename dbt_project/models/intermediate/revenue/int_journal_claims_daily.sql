{# The same as int_journal_claims_now at the end of each day on which it may change, by what is known then. #}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}

with refunds as (
    select * from {{ ref('int_journal_refunds_known') }}
),

claims as (
    select * from {{ ref('int_journal_claims_known') }}
),

final as (
    select
        refunds.order_id,
        cast(null as {{ dbt.type_string() }}) as return_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(0 as {{ dbt.type_bigint() }}) as event_number,
        refunds.payment_id,
        refunds.currency,
        case when claims.returns_amount > 0 then claims.returns_amount else 0 end as returns_amount,
        case when claims.returns_amount > 0 then -claims.returns_tax_amount else 0 end as tax_amount,
        case when refunds.is_rate_missing then 0 else {{ given_away(
            'refunds.goodwill_amount', 'refunds.shipping_amount', 'case when claims.returns_amount > 0 then claims.returns_amount end',
            'claims.returns_tax_amount'
        ) }} end as goodwill_amount,
        refunds.occurred_date,
        cast(null as date) as recognised_date,
        refunds.business_date
    from refunds
    left join claims
        on
            refunds.order_id = claims.order_id
            and refunds.payment_id = claims.payment_id
            and refunds.business_date = claims.business_date
    union all
    select
        claims.order_id,
        claims.return_id,
        claims.line_id,
        claims.event_number,
        claims.payment_id,
        orders.currency,
        claims.returns_amount - claims.net_amount as returns_amount,
        claims.tax_amount - claims.returns_tax_amount as tax_amount,
        0 as goodwill_amount,
        claims.recognised_date as occurred_date,
        claims.recognised_date,
        claims.business_date
    from claims
    inner join {{ ref('int_orders') }} as orders on claims.order_id = orders.order_id
    where claims.event_kind = 'return'
)

select * from final
