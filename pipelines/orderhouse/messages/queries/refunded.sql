-- One row per refund of an order.
select
    payments.payment_id as subject_id,
    '' as occasion,
    payments.order_id,
    payments.occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        amount := abs(payments.amount)::varchar,
        currency := payments.currency,
        method := payments.method
    )) as payload
from ops.payments as payments
where payments.kind = 'refunded' and not payments.is_orphan and payments.amount <> 0
