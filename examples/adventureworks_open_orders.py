"""Writes what is still to come of open purchase orders as a file of the inbound feed: `… FROM_FOLDER TO_FOLDER`.

Orders that are pending (1) or approved (2) are open; a rejected or complete one sends nothing more, whatever it lacks.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import duckdb

OPEN_ORDER_LINES = """
    with orders as (
        select column00 as po_id, column02 as status, column04 as vendor_id, column12 as modified_at
        from read_csv($folder || '/PurchaseOrderHeader.csv', delim = '\t', header = false, all_varchar = true)
    ),

    lines as (
        select
            column00 as po_id, column04 as sku, column03::integer as ordered_quantity,
            column07::decimal(18, 2) as received_quantity, column02 as expected_at, column05 as unit_cost,
            column10 as modified_at
        from read_csv($folder || '/PurchaseOrderDetail.csv', delim = '\t', header = false, all_varchar = true)
    ),

    vendors as (
        select column0 as vendor_id, column2 as supplier
        from read_csv($folder || '/Vendor.csv', delim = '\t', header = false, all_varchar = true)
    )

    select
        po_id,
        sku,
        'receiving' as warehouse_id,
        sum(ordered_quantity - received_quantity)::integer as quantity,
        strftime(min(expected_at)::timestamp, '%Y-%m-%dT%H:%M:%S') as expected_at,
        strftime(max(greatest(lines.modified_at, orders.modified_at))::timestamp, '%Y-%m-%dT%H:%M:%S') as updated_at,
        max(supplier) as supplier,
        max(unit_cost) as unit_cost,
        'USD' as currency
    from lines
    inner join orders using (po_id)
    left join vendors using (vendor_id)
    where status in ('1', '2') and ordered_quantity > received_quantity
    group by po_id, sku
    order by po_id::integer, sku::integer
"""


def write(folder: Path, target: Path) -> Path:
    """Write the file and return where it is."""
    target.mkdir(parents=True, exist_ok=True)
    written = target / "inbound.csv"
    with duckdb.connect() as connection:
        found = connection.execute(OPEN_ORDER_LINES, {"folder": str(folder)})
        names = [column[0] for column in found.description]
        with written.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([names, *found.fetchall()])
    return written


if __name__ == "__main__":
    print(f"Wrote {write(Path(sys.argv[1]), Path(sys.argv[2]))}.")
