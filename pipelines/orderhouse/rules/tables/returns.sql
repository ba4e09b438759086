-- One row per line of a return, with its value.
select
    returns.*,
    coalesce(returns.credit_amount, returns.returned_quantity * returns.unit_price_amount) as value_amount,
    case
        when returns.currency = clock.reporting_currency
            then coalesce(returns.credit_amount, returns.returned_quantity * returns.unit_price_amount)
    end as value_amount_reporting
from ops.returns as returns
cross join marts.as_of as clock
