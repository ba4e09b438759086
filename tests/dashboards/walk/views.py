"""Views of the walk: every page with its views, and the records of a home that have the most to show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import duckdb

__all__ = ["Query", "views_of"]

Query: TypeAlias = dict[str, str]

# Every page with its views. A word in braces is the id of a record, which `RECORDS` picks in the home.
VIEWS: tuple[tuple[str, Query], ...] = (
    ("today", {}),
    ("today", {"days": "90"}),
    ("orders", {}),
    ("orders", {"late": "now"}),
    ("orders", {"q": "{customer}"}),
    ("orders", {"order": "{order}"}),
    ("orders", {"order": "{bare_order}"}),
    ("exceptions", {}),
    ("exceptions", {"exception": "{exception}"}),
    ("fulfilment", {}),
    ("routing", {}),
    ("routing", {"proposals_of": "{routed}"}),
    *(("routing", {"routing_view": view}) for view in ("Routes taken", "Estimates", "Simulation")),
    ("shipments", {}),
    ("shipments", {"parcel": "{parcel}"}),
    *(("shipments", {"shipments_view": view}) for view in ("To ship", "Promised today")),
    *(("shipments", {"shipments_view": "Carriers", "carriers_by": by}) for by in ("carrier", "service", "lane")),
    ("inventory", {}),
    ("inventory", {"level": "warehouse"}),
    ("inventory", {"sku": "{sku}"}),
    *(("returns", {"returns_view": view}) for view in ("Returns", "Refunds due", "Rates", "Reasons")),
    ("returns", {"return": "{return}"}),
    *(("revenue", {"clock": clock, "days": "365"}) for clock in ("placed", "paid", "shipped", "delivered")),
    *(("revenue", {"by": by}) for by in ("country", "category", "currency")),
    ("payments", {}),
    ("payments", {"break": "{break}"}),
    *(("payments", {"payments_view": view}) for view in ("Unpaid orders", "Payouts", "Closed months")),
    ("payments", {"payments_view": "Payouts", "payout": "{payout}"}),
    *(
        ("payments", {"payments_view": "Journal", "journal_by": by, "days": "90"})
        for by in ("By account", "By day", "Bridge to revenue")
    ),
    ("customers", {}),
    ("customers", {"days": "365"}),
    ("feedback", {}),
    ("feedback", {"feedback_by": "sku", "days": "365"}),
    ("feedback", {"answer": "{answer}"}),
    ("kpis", {}),
    ("kpis", {"days": "365"}),
    *(
        ("kpis", {"kpi": kpi, "days": "90"})
        for kpi in ("average_order_value", "order_cycle_hours_p90", "days_of_cover", "orders")
    ),
    *(
        ("forecasts", {"forecasts_view": view})
        for view in ("Demand", "Net sales", "Record", "What was said", "Service level", "Carriers")
    ),
    ("forecasts", {"demand_by": "sku"}),
    ("products", {}),
    ("products", {"sku": "{sku}"}),
    ("data_quality", {}),
    ("data_quality", {"record": "{record}"}),
    ("sql", {}),
    ("exports", {}),
    ("exports", {"table": "ops.orders"}),
    ("audit_log", {}),
    ("messages", {}),
    ("rules", {}),
    ("rules", {"rule": "tell_of_late_orders"}),
    ("rules", {"rule": "new"}),
    ("rules", {"rules_view": "Approvals"}),
    ("rules", {"rules_view": "Fired"}),
    ("campaigns", {}),
    ("campaigns", {"campaign": "new"}),
    ("campaigns", {"campaigns_view": "Results"}),
    ("schedules", {}),
    ("schedules", {"schedule": "new"}),
    *(("settings", {"settings_view": view}) for view in ("Versions", "Sources", "Runs", "Access")),
)
# The records with the most to show.
RECORDS = {
    "order": "select order_id from ops.order_timeline group by all order by count(*) desc, order_id limit 1",
    "bare_order": "select order_id from ops.orders order by lines_count, payment_status, order_id limit 1",
    "customer": "select customer_id from ops.orders where customer_id <> '' group by 1 order by count(*) desc limit 1",
    "routed": "select order_id from marts.fct_routing_proposals group by all order by count(*) desc, order_id limit 1",
    "exception": "select exception_id from ops.exceptions order by amount_at_stake is null, exception_id limit 1",
    "parcel": "select shipment_id from marts.fct_shipments group by all order by count(*) desc, shipment_id limit 1",
    "sku": "select sku from marts.fct_inventory_ledger group by all order by count(*) desc, sku limit 1",
    "return": "select return_id from marts.fct_returns group by all order by count(*) desc, return_id limit 1",
    "break": "select break_type from marts.fct_payment_reconciliation where is_open group by all order by 1 limit 1",
    "payout": "select payout_id from marts.fct_payout_reconciliation order by payments_count desc, payout_id limit 1",
    "answer": "select feedback_id from marts.fct_feedback order by text_token is null, feedback_id limit 1",
    "record": "select quarantine_id from quality.quarantine order by quarantine_id limit 1",
}


def views_of(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Query]]:
    """Yield the views. A view of a record that the home does not have is left out."""
    records = {}
    for name, sql in RECORDS.items():
        row = connection.execute(sql).fetchone()
        records[name] = row[0] if row else None
    for page, query in VIEWS:
        named = {name for value in query.values() for name in records if value == f"{{{name}}}"}
        if all(records[name] is not None for name in named):
            yield page, {key: value.format(**records) for key, value in query.items()}
