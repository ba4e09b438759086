-- A reporting amount is null exactly if a rate is missing, and then every event of the row is counted as missing.
select *
from {{ ref('fct_revenue_daily') }}
where
    (missing_rates_count > 0 and (total_sales_amount_reporting is not null or missing_rates_count <> events_count))
    or (missing_rates_count = 0 and total_sales_amount_reporting is null)
    or (missing_costs_count > 0 and cost_of_goods_amount is not null)
