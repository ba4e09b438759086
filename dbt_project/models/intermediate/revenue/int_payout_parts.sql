{#
  Parts of payouts. A payment event that names its payout is a part. A movement that the provider states is a part only if
  no payment event explains it: its event does not name this payout, or is in another currency. A payment in another
  currency than its payout counts as the provider converted it. A payout that failed or was cancelled goes back into the balance.
#}
{{ config(materialized='view') }}

with payment_ledger as (
    select * from {{ published_ref('int_payment_ledger') }}
),

payout_movements as (
    select * from {{ published_ref('int_payout_movements') }}
),

payments as (
    select
        payment_ledger.payout_id,
        payment_ledger.payment_id as part_id,
        payment_ledger.payment_id,
        payment_ledger.order_id,
        payment_ledger.kind as part_kind,
        payment_ledger.provider,
        payment_ledger.currency,
        payment_ledger.signed_amount as amount,
        payment_ledger.fee_amount,
        payment_ledger.is_orphan,
        payment_ledger.occurred_at,
        payment_ledger.payout_at
    from payment_ledger
    where
        payment_ledger.payout_id is not null
        and not exists (
            select 1 from payout_movements
            where
                payout_movements.payment_id = payment_ledger.payment_id
                and payout_movements.payout_id = payment_ledger.payout_id
                and payout_movements.currency <> payment_ledger.currency
        )
),

movements as (
    select
        payout_movements.payout_id,
        payout_movements.movement_id as part_id,
        payout_movements.payment_id,
        paid.order_id,
        case
            when payout_movements.kind <> 'payment' then payout_movements.kind
            when paid.kind in ('captured', 'refunded', 'disputed', 'dispute_won', 'dispute_lost') then paid.kind
            else 'unexplained_payment'
        end as part_kind,
        payout_movements.provider,
        payout_movements.currency,
        payout_movements.amount,
        payout_movements.fee_amount,
        coalesce(paid.is_orphan, false) as is_orphan,
        payout_movements.occurred_at,
        cast(null as {{ dbt.type_timestamp() }}) as payout_at
    from payout_movements
    left join payment_ledger as paid on payout_movements.payment_id = paid.payment_id
    where
        not payout_movements.is_state
        and (
            paid.payout_id is null
            or paid.payout_id <> payout_movements.payout_id
            or paid.currency <> payout_movements.currency
        )
),

returned as (
    select
        payout_movements.payout_id,
        concat(payout_movements.movement_id, '/returned') as part_id,
        cast(null as {{ dbt.type_string() }}) as payment_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        'failed_payout' as part_kind,
        payout_movements.provider,
        payout_movements.currency,
        -payout_movements.amount as amount,
        cast(0 as {{ money_type() }}) as fee_amount,
        false as is_orphan,
        payout_movements.occurred_at,
        cast(null as {{ dbt.type_timestamp() }}) as payout_at
    from payout_movements
    where payout_movements.kind in ('failed', 'cancelled')
    qualify row_number() over (
        partition by payout_movements.payout_id, payout_movements.provider, payout_movements.currency
        order by payout_movements.movement_id
    ) = 1
),

final as (
    {% for kind in ['payments', 'movements', 'returned'] -%}
    select
        {{ kind }}.payout_id,
        {{ kind }}.part_id,
        {{ kind }}.payment_id,
        {{ kind }}.order_id,
        {{ kind }}.part_kind,
        {{ kind }}.provider,
        {{ kind }}.currency,
        cast({{ kind }}.amount as {{ money_type() }}) as amount,
        cast({{ kind }}.fee_amount as {{ money_type() }}) as fee_amount,
        cast({{ kind }}.amount - {{ kind }}.fee_amount as {{ money_type() }}) as net_amount,
        '{{ kind }}' = 'payments' as is_payment,
        '{{ kind }}' = 'returned' as is_return,
        {{ kind }}.is_orphan,
        {{ kind }}.occurred_at,
        {{ kind }}.payout_at
    from {{ kind }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
)

select * from final
