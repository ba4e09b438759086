-- Finds positions without exactly one proposal, proposals by the window that are not the position's own, quantities that are not the least
-- number of packs, and orders to suppliers that are not the sum of their lines.
with positions as (
    select * from {{ ref('fct_inventory_positions') }}
),

proposals as (
    select * from {{ ref('fct_reorder_proposals') }}
),

purchases as (
    select * from {{ ref('fct_purchase_proposals') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

counted as (
    select
        positions.sku,
        positions.warehouse_id,
        count(proposals.sku) as proposals_count
    from positions
    left join proposals
        on
            positions.sku = proposals.sku
            and positions.warehouse_id = proposals.warehouse_id
    group by positions.sku, positions.warehouse_id
),

packed as (
    select
        proposals.*,
        positions.reorder_quantity as window_quantity,
        positions.reorder_point as window_point,
        greatest(coalesce(products.pack_size, 1), 1) as pack_size,
        greatest(proposals.needed_quantity, coalesce(products.minimum_order_quantity, 0)) as least_quantity
    from proposals
    left join positions
        on
            proposals.sku = positions.sku
            and proposals.warehouse_id = positions.warehouse_id
    left join products on proposals.sku = products.sku
),

totals as (
    select
        proposals.supplier,
        proposals.currency,
        sum(proposals.reorder_quantity) as quantity
    from proposals
    where proposals.position_level = 'network'
    group by proposals.supplier, proposals.currency
    having sum(proposals.reorder_quantity) > 0
)

select
    counted.sku as subject,
    'a position has not exactly one proposal' as problem
from counted
where counted.proposals_count <> 1
union all
select
    packed.sku as subject,
    'a proposal is not what its basis says' as problem
from packed
where
    packed.basis = 'window'
    and (
        packed.needed_quantity is distinct from packed.window_quantity
        or packed.reorder_point is distinct from packed.window_point
    )
union all
select
    packed.sku as subject,
    'a quantity is not the least number of packs' as problem
from packed
where
    packed.reorder_quantity % packed.pack_size <> 0
    or (packed.needed_quantity = 0 and packed.reorder_quantity <> 0)
    or (packed.needed_quantity > 0 and packed.reorder_quantity < packed.least_quantity)
    or (packed.needed_quantity > 0 and packed.reorder_quantity >= packed.least_quantity + packed.pack_size)
union all
select
    coalesce(totals.supplier, purchases.supplier) as subject,
    'an order to a supplier is not the sum of its lines' as problem
from totals
full outer join purchases
    on
        totals.supplier = purchases.supplier
        and totals.currency is not distinct from purchases.currency
where totals.quantity is distinct from purchases.reorder_quantity
