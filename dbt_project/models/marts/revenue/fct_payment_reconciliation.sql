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

final as (
    select
        payment_reconciliation.order_id,
        payment_reconciliation.source,
        payment_reconciliation.channel,
        payment_reconciliation.currency,
        payment_reconciliation.break_type,
        payment_reconciliation.ordered_match,
        payment_reconciliation.lines_count,
        payment_reconciliation.payments_count,
        payment_reconciliation.missing_rates_count,
        payment_reconciliation.ordered_due_amount,
        payment_reconciliation.due_amount,
        payment_reconciliation.captured_amount,
        payment_reconciliation.refunded_amount,
        payment_reconciliation.disputed_amount,
        payment_reconciliation.fee_amount,
        payment_reconciliation.cash_amount,
        payment_reconciliation.returned_amount,
        payment_reconciliation.tolerance_amount,
        payment_reconciliation.difference_amount,
        payment_reconciliation.ordered_difference_amount,
        payment_reconciliation.gap_amount,
        payment_reconciliation.orphan_payment_break_amount,
        payment_reconciliation.not_tracked_break_amount,
        payment_reconciliation.order_without_lines_break_amount,
        payment_reconciliation.missing_fx_rate_break_amount,
        payment_reconciliation.disputed_break_amount,
        payment_reconciliation.cancelled_not_refunded_break_amount,
        payment_reconciliation.overpaid_break_amount,
        payment_reconciliation.underpaid_break_amount,
        payment_reconciliation.unpaid_break_amount,
        payment_reconciliation.refunded_break_amount,
        payment_reconciliation.returned_break_amount,
        payment_reconciliation.fx_difference_break_amount,
        payment_reconciliation.within_tolerance_break_amount,
        payment_reconciliation.unexplained_amount,
        {{ reporting_amount('payment_reconciliation.gap_amount', 'fx_daily.rate') }} as gap_amount_reporting,
        {{ hours_between('payment_reconciliation.opened_at', 'as_of.as_of') }} as age_hours,
        payment_reconciliation.is_orphan,
        payment_reconciliation.is_tracked,
        payment_reconciliation.break_type not in ('exact', 'within_tolerance', 'not_tracked')
        and payment_reconciliation.opened_at <= as_of.as_of as is_open,
        payment_reconciliation.placed_date,
        payment_reconciliation.placed_at,
        payment_reconciliation.opened_at,
        payment_reconciliation._batch_id
    from payment_reconciliation
    cross join as_of
    left join fx_daily
        on
            payment_reconciliation.currency = fx_daily.currency
            and coalesce(payment_reconciliation.placed_date, {{ business_date('payment_reconciliation.opened_at') }})
            = fx_daily.rate_date
)

select * from final
