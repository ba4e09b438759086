-- What is still to come: ordered less received, of orders that are pending (1) or approved (2).
select
    min(lines._record) as _record,
    lines.po_id,
    lines.sku,
    'receiving' as warehouse_id,
    sum(lines.ordered::integer - lines.received::decimal(18, 2))::integer as quantity,
    min(lines.due_at) as expected_at,
    max(greatest(lines.modified_at, orders.modified_at)) as updated_at,
    max(vendors.supplier) as supplier,
    max(lines.unit_cost) as unit_cost,
    'USD' as currency
from lines
inner join orders using (po_id)
left join vendors using (vendor_id)
where orders.status in ('1', '2') and lines.ordered::integer > lines.received::decimal(18, 2)
group by lines.po_id, lines.sku
