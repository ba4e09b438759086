-- opening + received − shipped + unshipped + restocked + adjusted + transferred + count adjustment = closing
select ledger.*
from {{ ref('fct_inventory_ledger') }} as ledger
where
    ledger.opening_quantity + ledger.received_quantity - ledger.shipped_quantity + ledger.unshipped_quantity
    + ledger.restocked_quantity + ledger.adjusted_quantity + ledger.transferred_quantity
    + ledger.count_adjustment_quantity <> ledger.closing_quantity
