"""Rows of the marts as the oracle expects them, by table and key.

A table here is a mapping of keys to columns. Columns that are left out are not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.oracle.affinity import product_affinity, recommendations
from tests.oracle.amounts import ZERO, rounded
from tests.oracle.bridge import journal_bridge
from tests.oracle.campaigns import campaign_members, campaign_results, suppressions
from tests.oracle.catalogue import carts, feedback, products
from tests.oracle.cohorts import cohort_retention
from tests.oracle.customers import customer_key
from tests.oracle.days import business_day
from tests.oracle.distributions import kpi_distribution
from tests.oracle.exceptions import CODES, exceptions
from tests.oracle.expected_money import payment_ledger, payment_reconciliation
from tests.oracle.expected_parcels import carrier_daily, carrier_hours, shipments
from tests.oracle.expected_payouts import payout_reconciliation
from tests.oracle.expected_returns import returns
from tests.oracle.expected_revenue import revenue_daily
from tests.oracle.expected_stock import inventory_ledger, inventory_positions
from tests.oracle.figures import period_figures
from tests.oracle.journal import BALANCING, journal, journal_days
from tests.oracle.kpis import DIMENSIONS, KPIS, kpi_daily
from tests.oracle.lines import Line
from tests.oracle.moves import last_moves, order_axes
from tests.oracle.orders import Order
from tests.oracle.pipeline import revenue_pipeline
from tests.oracle.realised import realised_differences, realised_rows
from tests.oracle.revenue import sale_amounts
from tests.oracle.risk import delivery_risk, delivery_risk_accuracy
from tests.oracle.segments import SCHEMES, customer_segments, customers_with_lifecycle
from tests.oracle.state import State
from tests.oracle.terms import contract_margin
from tests.oracle.timeline import order_timeline

__all__ = ["COMPARED", "EXPECTED", "KEY_COLUMNS", "LEFT_OUT", "SHAPED", "Cells"]

Cells = dict[tuple[Any, ...], dict[str, Any]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LINE_COLUMNS = _names(
    "ordered_quantity shipped_quantity lost_quantity carrier_returned_quantity delivered_quantity "
    "returned_quantity cancelled_quantity open_quantity held_quantity allocated_quantity backordered_quantity "
    "not_tracked_quantity ordered_gross_amount ordered_discount_amount ordered_net_amount ordered_tax_amount "
    "gross_amount discount_amount net_amount tax_amount returned_net_amount returned_tax_amount requires_shipping "
    "is_service is_stock_tracked currency has_arrived "
)


def _line(order: Order, line: Line) -> dict[str, Any]:
    shipped = line.shipped_instants
    first, current = order.promising(line)
    return {name: getattr(line, name) for name in LINE_COLUMNS} | {
        "sku": line.row["sku"],
        "warehouse_id": line.warehouse_id,
        "seller_id": line.row["seller_id"],
        "source": line.row["_source"],
        "channel": order.row["channel"],
        "unit_price_amount": line.row["unit_price"],
        "is_gift_card": bool(line.row["is_gift_card"]),
        "is_over_shipped": line.shipped_quantity > line.ordered_quantity,
        "placed_date": business_day(order.placed_at, order.world.time_zone),
        "placed_at": order.placed_at,
        "first_shipped_at": next(iter(shipped), None),
        "last_shipped_at": next(reversed(shipped), None),
        "delivered_at": line.delivered_at if order.is_delivery_tracked else None,
        "updated_at": line.row["updated_at"],
        "is_shipment_tracked": order.is_shipment_tracked,
        "promise_is_date_only": bool(current["promise_is_date_only"]),
        "first_promised_at": order.promise(first) if first else None,
        "current_promised_at": order.promise(current),
        "late_at": order.late_at_of(line),
        "was_late": order.was_late_of(line),
        "cancelled_at": order.cancelled_at_of(line),
    }


def order_lines(state: State) -> Cells:
    """Return fct_order_lines."""
    return {
        (order.order_id, line.line_id): _line(order, line) for order in state.orders.values() for line in order.lines
    }


SAME_AS_RECEIVED = _names(
    "channel original_order_id legal_entity customer_id ship_city ship_region ship_postcode ship_country "
    "discount_code cancel_reason "
)
SUMMED_UNITS = _names(
    "ordered_quantity cancelled_quantity shipped_quantity delivered_quantity returned_quantity lost_quantity "
    "carrier_returned_quantity open_quantity held_quantity allocated_quantity backordered_quantity "
    "not_tracked_quantity "
)
SUMMED_AMOUNTS = _names(
    "ordered_gross_amount ordered_discount_amount ordered_net_amount ordered_tax_amount gross_amount "
    "discount_amount net_amount tax_amount "
)
OF_ORDER = _names(
    "currency order_status payment_status fulfilment_status delivery_status return_status stage "
    "shipping_amount shipping_tax_amount ordered_shipping_amount ordered_shipping_tax_amount due_amount "
    "ordered_due_amount prices_include_tax promise_is_date_only is_cancelled is_on_hold is_late was_late is_stuck "
    "is_unpaid is_paid_tracked is_shipment_tracked is_delivery_tracked is_return_tracked is_stock_tracked "
    "has_delivery_problem placed_at confirmed_at first_attempt_at delivered_at cancelled_at first_promised_at "
    "current_promised_at late_at unpaid_at stuck_at hours_to_ship hours_in_transit hours_to_deliver "
)


def _summed(order: Order, name: str) -> Any:
    def of(line: Line) -> Any:
        return getattr(line, name)

    return order.amount(of) if name.endswith("_amount") else order.units(of)


def _reported(state: State, order: Order) -> dict[str, Any]:
    """Return sums of sales, shipping and gift cards in the reporting currency, at the rate of the placed day."""
    world = state.world
    day, reporting = business_day(order.placed_at, world.time_zone), world.reporting_currency
    rate = state.rates.rate(order.currency, reporting, day)
    names = ("net_amount", "due_amount", "owed_to_us_amount", "owed_back_amount")
    if rate is None:
        return dict.fromkeys(f"{name}_reporting" for name in names)

    def reported(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
        return {name: rounded(amount * rate, reporting) for name, amount in amounts.items()}

    net = due = ZERO
    for line in order.lines:
        if line.row["is_gift_card"]:
            untaxed = line.gross_amount - (line.tax_amount if line.prices_include_tax else ZERO)
            amounts = {"gross_sales": untaxed, "discounts": line.discount_amount, "tax": line.tax_amount}
        else:
            amounts = sale_amounts(line, 0, line.kept_quantity)
        known = reported(amounts)
        goods = known["gross_sales"] - known["discounts"]
        net += goods + (known["tax"] if line.prices_include_tax else ZERO)
        due += goods + known["tax"]
    tax = order.shipping_tax_amount
    shipping = order.shipping_amount - (tax if order.prices_include_tax else ZERO)
    due += sum(reported({"shipping": shipping, "tax": tax}).values(), ZERO)
    owed = {"owed_to_us_amount": order.owed_to_us, "owed_back_amount": order.owed_back}
    found: dict[str, Decimal | None] = {"net_amount": net, "due_amount": due}
    found |= reported(owed) if order.is_paid_tracked else dict.fromkeys(owed)
    return {f"{name}_reporting": amount for name, amount in found.items()}


def _order(order: Order) -> dict[str, Any]:
    shipped = order.shipped_instants
    money = order.money
    return (
        {name: order.row[name] for name in SAME_AS_RECEIVED}
        | {name: _summed(order, name) for name in (*SUMMED_UNITS, *SUMMED_AMOUNTS)}
        | {name: getattr(order, name) for name in OF_ORDER}
        | {
            "source": order.row["_source"],
            "customer_key": customer_key(order),
            "customer_token": order.row["email_token"],
            "order_type": order.row["order_type"] or "sale",
            "payment_terms": order.row["payment_terms"] or "prepaid",
            "lines_count": len(order.lines),
            "shipments_count": len(order.parcels),
            "authorized_amount": money.authorized,
            "captured_amount": money.captured,
            "refunded_amount": money.refunded,
            "voided_amount": money.total("voided"),
            "disputed_amount": money.disputed,
            "fee_amount": money.fees,
            "due_now_amount": order.due_now,
            "balance_amount": order.due_amount - money.captured + money.refunded,
            "tolerance_amount": order.tolerance,
            "owed_to_us_amount": order.owed_to_us if order.is_paid_tracked else None,
            "owed_back_amount": order.owed_back if order.is_paid_tracked else None,
            "is_backordered": any(line.backordered_quantity > 0 for line in order.lines),
            "is_over_shipped": any(line.shipped_quantity > line.ordered_quantity for line in order.lines),
            "is_settled": order.is_settled if order.is_paid_tracked or order.is_settled else None,
            "placed_date": business_day(order.placed_at, order.world.time_zone),
            "first_shipped_at": next(iter(shipped), None),
            "last_shipped_at": next(reversed(shipped), None),
        }
    )


def orders(state: State) -> Cells:
    """Return fct_orders."""
    return {(order.order_id,): _order(order) | _reported(state, order) for order in state.orders.values()}


FIGURE = _names(
    "figure recognition_clock channel country category account currency subject_kind subject_id measure business_date"
)
KEY_COLUMNS: dict[str, tuple[str, ...]] = {
    "fct_order_lines": ("order_id", "line_id"),
    "fct_orders": ("order_id",),
    "fct_payment_ledger": ("payment_id",),
    "fct_payment_reconciliation": ("order_id",),
    "fct_inventory_ledger": ("sku", "warehouse_id", "business_date"),
    "fct_inventory_positions": ("sku", "warehouse_id"),
    "fct_revenue_daily": ("business_date", "recognition_clock", "channel", "country", "category", "currency"),
    "dim_customers": ("customer_key",),
    "fct_exceptions": ("code", "subject_id"),
    "fct_customer_segments": ("customer_key", "scheme", "snapshot_date"),
    "dim_products": ("sku",),
    "fct_carts": ("cart_id",),
    "fct_feedback": ("feedback_id",),
    "fct_kpi_daily": ("business_date", "kpi", "dimension", "dimension_value"),
    "fct_shipments": ("shipment_id", "order_id"),
    "fct_carrier_daily": ("carrier", "service", "lane", "shipped_date"),
    "fct_carrier_hours": ("carrier", "service", "lane", "shipped_date", "hours_in_transit"),
    "fct_returns": ("return_id", "line_id", "order_id"),
    "fct_delivery_risk": ("order_id", "shipment_id"),
    "fct_delivery_risk_accuracy": ("age_days", "decile", "origin_date"),
    "fct_payout_reconciliation": ("payout_id", "provider", "currency"),
    "fct_contract_margin": ("price_list_id", "currency", "month_date"),
    "fct_revenue_pipeline": ("expected_date", "stage", "channel", "currency"),
    "fct_cohort_retention": ("first_order_month", "channel", "first_category", "first_discount", "months_after"),
    "fct_kpi_distribution": ("business_date", "kpi", "dimension", "dimension_value", "bucket_hours"),
    "fct_order_timeline": ("order_id", "feed", "event", "occurred_at", "reference", "line_id"),
    "fct_order_timeline/axes": ("order_id", "axis"),
    "fct_journal": ("subject", "account", "currency", "business_date"),
    "fct_journal_bridge": ("business_date", "currency", "measure"),
    "fct_period_figures": FIGURE,
    "fct_journal/realised": ("order_id",),
    "fct_restatements": ("month", *FIGURE),
    "fct_campaign_members": ("campaign_id", "customer_key"),
    "fct_campaign_results": ("campaign_id", "arm"),
    "fct_suppressions": ("recipient", "purpose"),
    "fct_product_affinity": ("sku", "other_sku"),
    "fct_recommendations": ("customer_key", "sku"),
}
# Rows of a mart that are compared; of all other marts every row is.
COMPARED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "fct_exceptions": lambda row: row["code"] in CODES,
    "fct_customer_segments": lambda row: row["scheme"] in SCHEMES and not row["customer_key"].startswith("o:"),
    "dim_customers": lambda row: not row["customer_key"].startswith("o:"),
    "fct_order_timeline": lambda row: row["feed"] != "status" and row["event"] != "reconciled",
    "fct_kpi_daily": lambda row: row["kpi"] in KPIS and row["dimension"] in DIMENSIONS,
    # What only the reporting currency has on accounts that balance entries.
    "fct_period_figures": lambda row: row["amount"] or row["account"] not in BALANCING,
    "fct_restatements": lambda row: row["difference_amount"] or row["account"] not in BALANCING,
}
# What the rows of a mart are made into before they are compared.
SHAPED: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "fct_order_timeline/axes": last_moves,
    "fct_journal": journal_days,
    "fct_journal/realised": realised_rows,
}
EXPECTED: dict[str, Callable[[State], Cells]] = {
    "fct_order_lines": order_lines,
    "fct_orders": orders,
    "fct_payment_ledger": payment_ledger,
    "fct_payment_reconciliation": payment_reconciliation,
    "fct_inventory_ledger": inventory_ledger,
    "fct_inventory_positions": inventory_positions,
    "fct_revenue_daily": revenue_daily,
    "dim_customers": customers_with_lifecycle,
    "fct_exceptions": exceptions,
    "fct_customer_segments": customer_segments,
    "dim_products": products,
    "fct_carts": carts,
    "fct_feedback": feedback,
    "fct_kpi_daily": kpi_daily,
    "fct_shipments": shipments,
    "fct_carrier_daily": carrier_daily,
    "fct_carrier_hours": carrier_hours,
    "fct_returns": returns,
    "fct_delivery_risk": delivery_risk,
    "fct_delivery_risk_accuracy": delivery_risk_accuracy,
    "fct_payout_reconciliation": payout_reconciliation,
    "fct_contract_margin": contract_margin,
    "fct_revenue_pipeline": revenue_pipeline,
    "fct_cohort_retention": cohort_retention,
    "fct_kpi_distribution": kpi_distribution,
    "fct_order_timeline": order_timeline,
    "fct_order_timeline/axes": order_axes,
    "fct_journal": journal,
    "fct_journal/realised": realised_differences,
    "fct_journal_bridge": journal_bridge,
    "fct_period_figures": period_figures,
    "fct_campaign_members": campaign_members,
    "fct_campaign_results": campaign_results,
    "fct_suppressions": suppressions,
    "fct_product_affinity": product_affinity,
    "fct_recommendations": recommendations,
}

# Why columns or whole marts are not compared.
LEFT_OUT: dict[str, str] = {
    "as_of": "one row with the clock of the build, which the oracle takes as given.",
    "kpi_catalogue": "texts.",
    "fct_orders": "`tracking_id` depends on a secret of an installation.",
    "fct_exceptions": "Compared are the codes whose condition the definitions state: not conflicts, unmapped words, "
    "moves, rejected actions, future events, scans without a parcel, payouts. The words of `detail` are not.",
    "fct_customer_segments": "Compared are the schemes rfm and lifecycle.",
    "fct_kpi_daily": "Compared are the KPIs of orders, lines, payments, sales, customers, feedback and carts by all, "
    "channel, country, source and category: not those of stock, receivables and exceptions, percentiles, warehouses "
    "and carriers.",
    "fct_order_timeline": "Compared is every event of every feed, with instant, actor, units and amounts.",
    "fct_order_timeline/axes": "The same mart by order and axis: it ends where the order is, every move begins where "
    "the last one ended, and its legality is that of the seed.",
    "fct_journal": "Compared are the balances of every account by order, return, payout or SKU, currency and day. In "
    "the reporting currency an order's two accounts and the differences of rates balance its entries and are not "
    "compared.",
    "fct_journal/realised": "The same mart by order: the differences of rates in the reporting currency, of orders of "
    "which nothing is open.",
    "fct_period_figures": "Not compared are what fct_journal leaves out, in the reporting currency.",
    "fct_shipments": "Hours are of whole seconds.",
    "fct_delivery_risk": "The words of `reason` are not compared.",
    "fct_campaign_results": "`p_value` is an approximation, which `test_campaign_statistics.py` compares with scipy.",
    "fct_closed_months": "Compared by `test_closed_months.py` on a world of which a month is closed.",
    "fct_restatements": "Compared there, with what fct_period_figures leaves out.",
    "fct_restatement_causes": "Compared there.",
}
