with closings as (
    select
        ledger.sku,
        ledger.warehouse_id,
        ledger.closing_quantity
    from {{ ref('fct_inventory_ledger') }} as ledger
    qualify row_number() over (
        partition by ledger.sku, ledger.warehouse_id order by ledger.business_date desc
    ) = 1
),

positions as (
    select * from {{ ref('fct_inventory_positions') }}
    where position_level = 'warehouse'
)

select
    coalesce(positions.sku, closings.sku) as sku,
    coalesce(positions.warehouse_id, closings.warehouse_id) as warehouse_id,
    positions.on_hand_quantity,
    closings.closing_quantity
from positions
full outer join closings
    on
        positions.sku = closings.sku
        and positions.warehouse_id = closings.warehouse_id
where
    positions.sku is null
    or positions.on_hand_quantity <> coalesce(closings.closing_quantity, 0)
