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

refunds as (
    select * from {{ ref('int_kpi_refunds') }}
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

refunded as (
    select
        refunds.business_date,
        refunds.channel,
        refunds.country,
        refunds.source,
        count(*) as refunds_count,
        sum(refunds.refund_hours) as refund_hours
    from refunds
    group by refunds.business_date, refunds.channel, refunds.country, refunds.source
),

final as (
    {{ kpi_rows('attempted', [('payment_success_rate', 'successes_count', 'attempts_count')]) }}
    union all
    {{ kpi_rows('breaks', [('unreconciled_amount', 'unreconciled_amount', none)]) }}
    union all
    {{ kpi_rows('refunded', [('refund_cycle_hours', 'refund_hours', 'refunds_count')]) }}
)

select * from final
