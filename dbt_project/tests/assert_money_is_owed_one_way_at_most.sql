-- No order owes and is owed at once; a settled order owes nothing, and one that is not settled owes more than the tolerance.
select
    order_id,
    due_amount,
    due_now_amount,
    captured_amount,
    refunded_amount,
    owed_to_us_amount,
    owed_back_amount,
    is_settled
from {{ ref('fct_orders') }}
where
    (owed_to_us_amount > 0 and owed_back_amount > 0)
    or (is_settled and owed_to_us_amount > 0)
    or (is_paid_tracked and not is_settled and owed_to_us_amount <= tolerance_amount)
    or owed_to_us_amount < 0
    or owed_back_amount < 0
    or (is_paid_tracked and (owed_to_us_amount is null or owed_back_amount is null))
