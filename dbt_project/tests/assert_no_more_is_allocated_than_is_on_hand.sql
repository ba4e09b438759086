select positions.*
from {{ ref('fct_inventory_positions') }} as positions
where
    positions.allocated_quantity > greatest(positions.on_hand_quantity, 0)
    or positions.allocated_quantity < 0
    or positions.backordered_quantity < 0
