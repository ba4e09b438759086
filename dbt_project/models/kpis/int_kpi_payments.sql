{#-
  An attempt to pay succeeded if money was authorised or captured for the order on that day, and failed if every payment
  failed. Payments without an order are no attempts. Open breaks count on the day of the order, or on the day on which they
  opened if there is no order. Refunds count on the day of the refund.
-#}
with payments as (
    select * from {{ ref('fct_payment_ledger') }}
),

reconciliation as (
    select * from {{ ref('fct_payment_reconciliation') }}
),

orders as (
    select * from {{ ref('int_order_states') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

attempts as (
    select
        payments.occurred_date as business_date,
        payments.order_id,
        max(case when payments.kind in ('authorized', 'captured') then 1 else 0 end) as is_success
    from payments
    where payments.kind in ('authorized', 'captured', 'failed')
    group by payments.occurred_date, payments.order_id
),

attempted as (
    select
        attempts.business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        orders.source,
        count(*) as attempts_count,
        sum(attempts.is_success) as successes_count
    from attempts
    inner join orders on attempts.order_id = orders.order_id
    group by attempts.business_date, orders.channel, orders.ship_country, orders.source
),

open_breaks as (
    select
        reconciliation.*,
        coalesce(reconciliation.placed_date, {{ business_date('reconciliation.opened_at') }}) as business_date
    from reconciliation
    where reconciliation.is_open
),

breaks as (
    select
        open_breaks.business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        open_breaks.source,
        {{ whole_sum(reporting_amount('open_breaks.open_amount', 'fx_daily.rate')) }} as unreconciled_amount
    from open_breaks
    left join orders on open_breaks.order_id = orders.order_id
    left join fx_daily
        on
            open_breaks.business_date = fx_daily.rate_date
            and open_breaks.currency = fx_daily.currency
    group by open_breaks.business_date, orders.channel, orders.ship_country, open_breaks.source
),

received as (
    select
        return_lines.return_id,
        min(coalesce(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at)) as received_at
    from return_lines
    group by return_lines.return_id
),

refunded as (
    select
        payments.occurred_date as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        coalesce(orders.source, payments.source) as source,
        count(*) as refunds_count,
        sum(cast(greatest({{ hours_between('received.received_at', 'payments.occurred_at') }}, 0) as decimal(18, 4)))
            as refund_hours
    from payments
    inner join received on payments.return_id = received.return_id
    left join orders on payments.order_id = orders.order_id
    where payments.kind = 'refunded' and received.received_at is not null
    group by
        payments.occurred_date,
        coalesce(orders.channel, 'unknown'),
        coalesce(orders.ship_country, 'unknown'),
        coalesce(orders.source, payments.source)
),

final as (
    {{ kpi_rows('attempted', [('payment_success_rate', 'successes_count', 'attempts_count')]) }}
    union all
    {{ kpi_rows('breaks', [('unreconciled_amount', 'unreconciled_amount', none)]) }}
    union all
    {{ kpi_rows('refunded', [('refund_cycle_hours', 'refund_hours', 'refunds_count')]) }}
)

select * from final
