select *
from {{ ref('fct_revenue_daily') }}
where
    gross_sales_amount - discounts_amount - returns_amount <> net_sales_amount
    or net_sales_amount + tax_amount + shipping_amount <> total_sales_amount
    or gross_sales_amount_reporting - discounts_amount_reporting - returns_amount_reporting <> net_sales_amount_reporting
    or net_sales_amount_reporting + tax_amount_reporting + shipping_amount_reporting <> total_sales_amount_reporting
