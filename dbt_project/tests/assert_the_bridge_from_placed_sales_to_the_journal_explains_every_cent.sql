-- Per business day, currency and measure, also in the reporting currency. What cannot be valued for want of a rate or a cost is left out.
select
    business_date,
    currency,
    measure,
    unexplained_amount,
    unexplained_amount_reporting
from {{ ref('fct_journal_bridge') }}
where
    unexplained_amount <> 0
    or unexplained_amount_reporting <> 0
