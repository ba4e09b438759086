{#- Hours from the arrival of a return to each of its refunds. -#}
with payments as (
    select * from {{ ref('int_payment_ledger') }}
    where kind = 'refunded' and return_id is not null
),

orders as (
    select * from {{ ref('int_order_states') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

arrived as (
    select
        return_lines.return_id,
        min(least(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at)) as arrived_at
    from return_lines
    group by return_lines.return_id
),

final as (
    select
        payments.payment_id,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        coalesce(orders.source, payments.source) as source,
        cast(greatest({{ hours_between('arrived.arrived_at', 'payments.occurred_at') }}, 0) as decimal(18, 4))
            as refund_hours,
        cast(payments.occurred_date as date) as business_date
    from payments
    inner join arrived on payments.return_id = arrived.return_id
    left join orders on payments.order_id = orders.order_id
    where arrived.arrived_at is not null
)

select * from final
