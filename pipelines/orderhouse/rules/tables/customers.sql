-- One row per customer, with the newest segment.
select
    customers.*,
    rfm.segment as rfm_segment
from marts.dim_customers as customers
left join marts.fct_customer_segments as rfm
    on
        rfm.customer_key = customers.customer_key
        and rfm.scheme = 'rfm'
        and rfm.snapshot_date = (select max(newest.snapshot_date) from marts.fct_customer_segments as newest)
