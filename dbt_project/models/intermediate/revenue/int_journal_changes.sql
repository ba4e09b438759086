{# Entries of the journal that the revenue mart has on another day, at another value or not at all, with what explains the difference. #}
{{ config(materialized='view') }}

with revisions as (
    select * from {{ published_ref('int_journal_revisions') }}
    where entry_kind not in ('gift_card', 'gift_card_change')
),

claims as (
    select * from {{ published_ref('int_journal_claims') }}
    where goodwill_amount = 0
),

final as (
    select
        revisions.entry_id,
        revisions.order_id,
        revisions.line_id,
        revisions.shipment_id,
        revisions.return_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        case when revisions.entry_kind in ('sale_change', 'shipping_change', 'return_change') then 'versions' else 'parcels' end as part,
        revisions.recognised_date
    from revisions
    union all
    select
        claims.entry_id,
        claims.order_id,
        claims.line_id,
        cast(null as {{ dbt.type_string() }}) as shipment_id,
        claims.return_id,
        claims.payment_id,
        'versions' as part,
        claims.recognised_date
    from claims
)

select * from final
