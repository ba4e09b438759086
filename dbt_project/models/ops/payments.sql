with payment_ledger as (
    select * from {{ published_ref('int_payment_ledger') }}
),

orders as (
    select * from {{ published_ref('int_order_states') }}
),

payment_reconciliation as (
    select * from {{ published_ref('int_payment_reconciliation') }}
),

final as (
    select
        payment_ledger.payment_id,
        payment_ledger.order_id,
        payment_ledger.kind,
        payment_ledger.method,
        payment_ledger.provider,
        payment_ledger.currency,
        orders.channel,
        orders.customer_key,
        orders.order_status,
        orders.payment_status,
        payment_reconciliation.break_type,
        payment_ledger.payout_id,
        payment_ledger.parent_payment_id,
        payment_ledger.return_id,
        payment_ledger.source,
        payment_ledger.amount,
        payment_ledger.signed_amount,
        payment_ledger.fee_amount,
        payment_ledger.order_currency,
        payment_ledger.amount_order_currency,
        payment_reconciliation.due_amount as order_due_amount,
        payment_reconciliation.difference_amount as order_difference_amount,
        payment_ledger.is_orphan,
        payment_ledger.is_rate_missing,
        payment_ledger.occurred_date,
        payment_ledger.occurred_at,
        payment_ledger.payout_at,
        payment_ledger._file_id,
        payment_ledger._record
    from payment_ledger
    left join orders on payment_ledger.order_id = orders.order_id
    left join payment_reconciliation on payment_ledger.order_id = payment_reconciliation.order_id
)

select * from final
