-- Per currency: the cash of the ledger less the amounts due of the orders equals the sum of the breaks, and no order has
-- an unexplained amount.
with ledger as (
    select
        order_currency as currency,
        sum(signed_amount_order_currency) as amount
    from {{ ref('int_payment_ledger') }}
    group by order_currency
),

orders as (
    select
        currency,
        sum(due_amount) as amount
    from {{ ref('int_order_states') }}
    group by currency
),

reconciliation as (
    select
        currency,
        sum(
            orphan_payment_break_amount
            + not_tracked_break_amount
            + order_without_lines_break_amount
            + missing_fx_rate_break_amount
            + disputed_break_amount
            + cancelled_not_refunded_break_amount
            + overpaid_break_amount
            + received_not_refunded_break_amount
            + underpaid_break_amount
            + unpaid_break_amount
            + refunded_break_amount
            + returned_break_amount
            + fx_difference_break_amount
            + within_tolerance_break_amount
        ) as amount,
        count(*) filter (where unexplained_amount <> 0) as unexplained_count,
        count(*) filter (where break_type = 'exact' and gap_amount <> 0) as untyped_count
    from {{ ref('int_payment_reconciliation') }}
    group by currency
),

currencies as (
    select currency from ledger
    union
    select currency from orders
    union
    select currency from reconciliation
)

select
    currencies.currency,
    ledger.amount as cash_amount,
    orders.amount as due_amount,
    reconciliation.amount as explained_amount,
    reconciliation.unexplained_count,
    reconciliation.untyped_count
from currencies
left join ledger on currencies.currency = ledger.currency
left join orders on currencies.currency = orders.currency
left join reconciliation on currencies.currency = reconciliation.currency
where
    coalesce(ledger.amount, 0) - coalesce(orders.amount, 0) <> coalesce(reconciliation.amount, 0)
    or reconciliation.unexplained_count > 0
    or reconciliation.untyped_count > 0
