{{ config(materialized='view') }}

with payment_reconciliation as (
    select * from {{ published_ref('int_payment_reconciliation') }}
),

as_of as (
    select * from {{ published_ref('as_of') }}
),

fx_daily as (
    select * from {{ published_ref('int_fx_daily') }}
),

judged as (
    select
        payment_reconciliation.*,
        coalesce(payment_reconciliation.is_owed and payment_reconciliation.opened_at <= as_of.as_of, false) as is_open,
        fx_daily.rate,
        as_of.as_of
    from payment_reconciliation
    cross join as_of
    left join fx_daily
        on
            payment_reconciliation.currency = fx_daily.currency
            and coalesce(payment_reconciliation.placed_date, {{ business_date('payment_reconciliation.opened_at') }})
            = fx_daily.rate_date
),

valued as (
    select
        judged.*,
        cast(
            case
                when not judged.is_open then 0
                when judged.is_orphan then abs(judged.cash_amount)
                when judged.missing_rates_count > 0 then abs(judged.gap_amount)
                else judged.owed_to_us_amount + judged.owed_back_amount
            end as {{ money_type() }}
        ) as open_amount
    from judged
),

final as (
    select
        valued.order_id,
        valued.source,
        valued.channel,
        valued.currency,
        valued.break_type,
        valued.ordered_match,
        valued.lines_count,
        valued.payments_count,
        valued.missing_rates_count,
        valued.ordered_due_amount,
        valued.due_amount,
        valued.captured_amount,
        valued.refunded_amount,
        valued.disputed_amount,
        valued.fee_amount,
        valued.cash_amount,
        valued.returned_amount,
        valued.owed_to_us_amount,
        valued.owed_back_amount,
        valued.tolerance_amount,
        valued.difference_amount,
        valued.ordered_difference_amount,
        valued.gap_amount,
        valued.orphan_payment_break_amount,
        valued.not_tracked_break_amount,
        valued.order_without_lines_break_amount,
        valued.missing_fx_rate_break_amount,
        valued.disputed_break_amount,
        valued.cancelled_not_refunded_break_amount,
        valued.overpaid_break_amount,
        valued.received_not_refunded_break_amount,
        valued.underpaid_break_amount,
        valued.unpaid_break_amount,
        valued.refunded_break_amount,
        valued.returned_break_amount,
        valued.fx_difference_break_amount,
        valued.within_tolerance_break_amount,
        valued.unexplained_amount,
        valued.open_amount,
        {{ reporting_amount('valued.gap_amount', 'valued.rate') }} as gap_amount_reporting,
        {{ reporting_amount('valued.open_amount', 'valued.rate') }} as open_amount_reporting,
        {{ hours_between('valued.opened_at', 'valued.as_of') }} as age_hours,
        valued.is_orphan,
        valued.is_tracked,
        valued.is_open,
        valued.placed_date,
        valued.placed_at,
        valued.opened_at,
        valued._batch_id
    from valued
)

select * from final
