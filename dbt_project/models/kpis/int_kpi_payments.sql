{#-
  An attempt to pay succeeded if money was authorised or captured for the order on that day, and failed if every payment
  failed. Unreconciled amounts count on the day of the order, refunds on the day of the refund.
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

as_of as (
    select * from {{ ref('as_of') }}
),

attempts as (
    select
        payments.occurred_date as business_date,
        payments.order_id,
        min(payments.source) as source,
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
        coalesce(orders.source, attempts.source) as source,
        count(*) as attempts_count,
        sum(attempts.is_success) as successes_count
    from attempts
    left join orders on attempts.order_id = orders.order_id
    group by
        attempts.business_date,
        coalesce(orders.channel, 'unknown'),
        coalesce(orders.ship_country, 'unknown'),
        coalesce(orders.source, attempts.source)
),

breaks as (
    select
        reconciliation.placed_date as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        reconciliation.source,
        {{ whole_sum(reporting_amount('abs(reconciliation.difference_amount)', 'fx_daily.rate')) }}
            as unreconciled_amount
    from reconciliation
    left join orders on reconciliation.order_id = orders.order_id
    left join fx_daily
        on
            reconciliation.placed_date = fx_daily.rate_date
            and reconciliation.currency = fx_daily.currency
    where
        reconciliation.is_tracked
        and reconciliation.difference_amount <> 0
        and reconciliation.break_type not in ('exact', 'within_tolerance')
    group by
        reconciliation.placed_date,
        coalesce(orders.channel, 'unknown'),
        coalesce(orders.ship_country, 'unknown'),
        reconciliation.source
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

-- Amount that customers owe at the end of a day: the amounts due of all orders up to then, less the payments on those
-- orders. Cancelled orders are left out, because money not yet refunded on them is no claim of the merchant.
owed as (
    select
        orders.placed_date as business_date,
        {{ reporting_amount('orders.due_amount', 'fx_daily.rate') }} as due_amount,
        cast(0 as {{ money_type() }}) as paid_amount
    from orders
    left join fx_daily
        on
            orders.placed_date = fx_daily.rate_date
            and orders.currency = fx_daily.currency
    where orders.is_paid_tracked and orders.order_status <> 'cancelled'
    union all
    select
        payments.occurred_date as business_date,
        cast(0 as {{ money_type() }}) as due_amount,
        case
            when payments.kind = 'captured' then payments.amount_reporting else -payments.amount_reporting
        end as paid_amount
    from payments
    inner join orders on payments.order_id = orders.order_id
    where
        payments.kind in ('captured', 'refunded')
        and orders.is_paid_tracked
        and orders.order_status <> 'cancelled'
),

owed_daily as (
    select
        owed.business_date,
        sum(owed.due_amount) as due_amount,
        sum(owed.due_amount - owed.paid_amount) as owed_amount,
        count(*) - count(owed.due_amount - owed.paid_amount) as missing_rates_count
    from owed
    group by owed.business_date
),

calendar as (
    {{ day_series("(select min(owed_daily.business_date) from owed_daily)", "(select max(as_of.business_date) from as_of)") }}
),

receivables as (
    select
        calendar.day as business_date,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as country,
        cast(null as {{ dbt.type_string() }}) as source,
        case
            when sum(coalesce(owed_daily.missing_rates_count, 0)) over so_far = 0
                then sum(coalesce(owed_daily.owed_amount, 0)) over so_far * 90
        end as owed_days_amount,
        case
            when sum(coalesce(owed_daily.missing_rates_count, 0)) over quarter = 0
                then sum(coalesce(owed_daily.due_amount, 0)) over quarter
        end as due_amount
    from calendar
    left join owed_daily on calendar.day = owed_daily.business_date
    window
        so_far as (order by calendar.day rows between unbounded preceding and current row),
        quarter as (order by calendar.day rows between 89 preceding and current row)
),

final as (
    {{ kpi_rows('attempted', [('payment_success_rate', 'successes_count', 'attempts_count')]) }}
    union all
    {{ kpi_rows('breaks', [('unreconciled_amount', 'unreconciled_amount', none)]) }}
    union all
    {{ kpi_rows('refunded', [('refund_cycle_hours', 'refund_hours', 'refunds_count')]) }}
    union all
    {{ kpi_rows('receivables', [('days_sales_outstanding', 'owed_days_amount', 'due_amount')]) }}
)

select * from final
