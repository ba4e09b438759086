-- Of a parcel or shipping that the revenue mart does not have, the entries add up to nothing, in every currency.
select
    order_id,
    line_id,
    shipment_id,
    currency,
    sum(gross_sales_amount) as gross_sales_amount,
    sum(shipping_amount) as shipping_amount,
    sum(goods_quantity - earlier_goods_quantity) as goods_quantity
from {{ ref('int_journal_revisions') }}
where recognised_date is null
group by
    order_id,
    line_id,
    shipment_id,
    currency
having
    sum(gross_sales_amount) <> 0
    or sum(discounts_amount) <> 0
    or sum(tax_amount) <> 0
    or sum(shipping_amount) <> 0
    or sum(goods_quantity - earlier_goods_quantity) <> 0
