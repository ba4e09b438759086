"""Known disagreements of oracle and marts, by world, table and column, each with the reason.

A column that is listed here must differ: as soon as both agree, its test says so and the line goes.
"""

from __future__ import annotations

from tests.properties.thoroughness import IS_THOROUGH

__all__ = ["KNOWN"]

SHORT_AND_RETURNED = "five short, then part of it returned and refunded: owed past the term, and not unpaid in the mart"
RETURNS = (
    "goodwill beyond what was recognised, its tax, and days without sales: where the cap takes from is not defined"
)
ROWS = "days on which a dimension has nothing but zeros: rows with zeros, or none"
CONDITIONS = (
    "conditions of exceptions in worlds without sense: unpaid, cancelled and shipped, lost, refunds beyond captures"
)
OVER_SHIPPED = "more was sent than ordered, and what left first has not arrived: which units `delivered` recognises"
DEMAND = "demand of a warehouse by units shipped and then cancelled, or sold and then refunded as lost"
PARCELS_AND_PAYMENTS = "one order each: disputes that name each other, holds of a cancelled order, promises of one line"

# (worlds, table): columns by reason
_BY_REASON: dict[tuple[str, str], tuple[str, ...]] = {
    ("chaotic", RETURNS): (
        "dim_customers.net_spend_amount_reporting",
        "dim_customers.returned_amount_reporting",
        "fct_customer_segments.net_spend_amount_reporting",
        "fct_journal.balance_amount",
        "fct_journal.row",
        "fct_revenue_daily.discounts_amount",
        "fct_revenue_daily.discounts_amount_reporting",
        "fct_revenue_daily.fees_amount",
        "fct_revenue_daily.fees_amount_reporting",
        "fct_revenue_daily.gross_sales_amount",
        "fct_revenue_daily.gross_sales_amount_reporting",
        "fct_revenue_daily.net_sales_amount",
        "fct_revenue_daily.net_sales_amount_reporting",
        "fct_revenue_daily.orders_count",
        "fct_revenue_daily.refunds_amount",
        "fct_revenue_daily.refunds_amount_reporting",
        "fct_revenue_daily.returns_amount",
        "fct_revenue_daily.returns_amount_reporting",
        "fct_revenue_daily.row",
        "fct_revenue_daily.shipping_amount",
        "fct_revenue_daily.shipping_amount_reporting",
        "fct_revenue_daily.tax_amount",
        "fct_revenue_daily.tax_amount_reporting",
        "fct_revenue_daily.total_sales_amount",
        "fct_revenue_daily.total_sales_amount_reporting",
        "fct_revenue_daily.units_quantity",
        "fct_revenue_daily/category.gross_sales_amount",
        "fct_revenue_daily/category.row",
        "fct_revenue_daily/category.units_quantity",
    ),
    ("chaotic", OVER_SHIPPED): ("fct_kpi_distribution.row", "fct_revenue_daily/category.discounts_amount"),
    ("chaotic", CONDITIONS): ("fct_exceptions.row",),
    ("chaotic", DEMAND): (
        "fct_inventory_positions.demand_per_day_28d",
        "fct_inventory_positions.demand_per_day_90d",
    ),
    ("chaotic", ROWS): (
        "fct_kpi_daily.numerator",
        "fct_kpi_daily.row",
    ),
    ("chaotic", PARCELS_AND_PAYMENTS): (
        "fct_order_timeline/axes.to_status",
        "fct_orders.disputed_amount",
        "fct_orders.is_on_hold",
        "fct_orders.late_at",
        "fct_orders.payment_status",
        "fct_orders.refunded_amount",
        "fct_payment_ledger.signed_amount_order_currency",
        "fct_payment_reconciliation.cash_amount",
        "fct_payment_reconciliation.difference_amount",
        "fct_payment_reconciliation.disputed_amount",
        "fct_payment_reconciliation.gap_amount",
        "fct_payment_reconciliation.refunded_amount",
        "fct_payment_reconciliation.tolerance_amount",
    ),
}
# Found with many seeds only.
_OF_MANY_SEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("simulated", SHORT_AND_RETURNED): ("fct_exceptions.row", "fct_orders.is_unpaid", "fct_orders.unpaid_at"),
}

# (worlds, table, column): reason
KNOWN: dict[tuple[str, str, str], str] = {
    (worlds, where.split(".")[0], where.split(".")[1]): reason
    for (worlds, reason), places in (_BY_REASON | (_OF_MANY_SEEDS if IS_THOROUGH else {})).items()
    for where in places
}
