-- A refund that names no return pays for cancelled, returned and lost units and for shipping, and the rest is goodwill.
select
    refunds.order_id,
    refunds.payment_id
from {{ ref('int_refunds_assigned') }} as refunds
where
    refunds.amount <> refunds.cancelled_amount + refunds.returned_amount + refunds.lost_amount + refunds.goodwill_amount
    + refunds.shipping_amount
    or least(
        refunds.cancelled_amount, refunds.returned_amount, refunds.lost_amount, refunds.goodwill_amount,
        refunds.shipping_amount
    ) < 0
