-- One row per order, with what is known of its customer.
select
    orders.*,
    customers.orders_count as customer_orders_count,
    customers.net_spend_amount_reporting as customer_net_spend_amount_reporting,
    customers.lifecycle as customer_lifecycle,
    rfm.segment as customer_rfm_segment
from ops.orders as orders
left join marts.dim_customers as customers on customers.customer_key = orders.customer_key
left join marts.fct_customer_segments as rfm
    on
        rfm.customer_key = orders.customer_key
        and rfm.scheme = 'rfm'
        and rfm.snapshot_date = (select max(newest.snapshot_date) from marts.fct_customer_segments as newest)
