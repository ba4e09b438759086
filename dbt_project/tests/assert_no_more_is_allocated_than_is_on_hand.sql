-- A network may have less on hand than its warehouses have allocated, because a warehouse below zero takes nothing from another.
select positions.*
from {{ ref('fct_inventory_positions') }} as positions
where
    (positions.position_level = 'warehouse' and positions.allocated_quantity > greatest(positions.on_hand_quantity, 0))
    or positions.allocated_quantity < 0
    or positions.backordered_quantity < 0
