{#
  Payouts as their provider states them, compared with the sum of their parts. Of several states the last one in this order
  counts: pending, in transit, paid, cancelled, failed. So the order in which they arrive does not matter.
#}
with payout_movements as (
    select * from {{ ref('int_payout_movements') }}
),

states as (
    select * from payout_movements
    where payout_movements.is_state
    qualify row_number() over (
        partition by payout_movements.payout_id, payout_movements.provider, payout_movements.currency
        order by
            case payout_movements.kind
                when 'failed' then 1
                when 'cancelled' then 2
                when 'paid' then 3
                when 'in_transit' then 4
                else 5
            end,
            payout_movements.movement_id
    ) = 1
),

parts as (
    select * from {{ ref('int_payout_parts') }} as payout_parts
    where payout_parts.payout_id in (select states.payout_id from states)
),

summed as (
    select
        parts.payout_id,
        parts.provider,
        parts.currency,
        sum(parts.net_amount) as parts_amount,
        count(case when not parts.is_return then 1 end) as parts_count
    from parts
    group by
        parts.payout_id,
        parts.provider,
        parts.currency
),

joined as (
    select
        states.*,
        states.kind in ('failed', 'cancelled') as is_returned,
        coalesce(summed.parts_amount, 0) as parts_amount,
        coalesce(summed.parts_count, 0) as parts_count
    from states
    left join summed
        on
            states.payout_id = summed.payout_id
            and states.provider is not distinct from summed.provider
            and states.currency = summed.currency
),

compared as (
    select
        joined.*,
        case when joined.is_returned then 0 else joined.amount end - joined.parts_amount as residual_amount
    from joined
),

final as (
    select
        compared.payout_id,
        compared.provider,
        compared.currency,
        compared.source,
        compared.kind as payout_status,
        case
            when compared.parts_count = 0 then 'without_parts'
            when compared.residual_amount = 0 then 'exact'
            else 'unexplained'
        end as break_type,
        cast(compared.amount as {{ money_type() }}) as stated_amount,
        cast(case when compared.kind in ('paid', 'in_transit') then compared.amount else 0 end as {{ money_type() }})
            as paid_out_amount,
        cast(compared.parts_amount as {{ money_type() }}) as parts_amount,
        cast(compared.residual_amount as {{ money_type() }}) as residual_amount,
        compared.occurred_at,
        case when not compared.is_returned then compared.arrives_at end as arrives_at
    from compared
)

select * from final
