"""Expectations over the summary frames, as data: the rule, its severity, and the text for a failure.

This module does not import Great Expectations, which takes five seconds; `suite` does. The frames belong to
`summaries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["EXPECTATIONS", "STATUSES", "Expected"]

STATUSES: dict[str, tuple[str, ...]] = {
    "order_status": ("cancelled", "on_hold", "closed", "confirmed", "placed"),
    "payment_status": (
        "not_tracked", "disputed", "refunded", "part_refunded", "overpaid", "paid", "not_due", "part_paid",
        "authorized", "voided", "failed", "none",
    ),
    "fulfilment_status": (
        "not_tracked", "nothing_to_fulfil", "unfulfilled", "part_shipped", "shipped", "part_delivered", "delivered",
    ),
    "delivery_status": (
        "not_tracked", "none", "label_created", "accepted", "in_transit", "out_for_delivery", "ready_for_pickup",
        "delivered", "returning", "returned", "lost", "cancelled",
    ),
    "return_status": ("not_tracked", "none", "requested", "approved", "part_returned", "returned", "declined"),
    "stage": (
        "cancelled", "returned", "on_hold", "closed", "delivered", "delivery_problem", "late", "awaiting_payment",
        "in_transit", "part_shipped", "awaiting_stock", "ready_to_ship", "placed",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Expected:
    """One expectation over one summary.

    Attributes:
        name: Name of the check, a sentence.
        summary: Name of the frame that is checked.
        expectation: Class of Great Expectations.
        arguments: Arguments of the class.
        meaning: The meaning of a failure, and where to look.
        kind: `reconciliation` if two ways to one number are compared.
        severity: `error` refuses the build; `warn` is shown.
        examples: Query for the rows behind a failure, with order ids; None to show the rows of the frame.
    """

    name: str
    summary: str
    expectation: str
    arguments: Mapping[str, Any]
    meaning: str
    kind: Literal["expectation", "reconciliation"] = "expectation"
    severity: Literal["error", "warn"] = "error"
    examples: str | None = None


def _zero(column: str) -> dict[str, Any]:
    return {"column": column, "min_value": 0, "max_value": 0}


def _status(column: str) -> Expected:
    allowed = ", ".join(f"'{word}'" for word in STATUSES[column])
    return Expected(
        name=f"every_{column}_is_one_of_ours",
        summary=f"orders_by_{column}",
        expectation="ExpectColumnValuesToBeInSet",
        arguments={"column": "status", "value_set": list(STATUSES[column])},
        meaning=f"Some orders have a {column} that no page knows. Look at the definition of {column} in fct_orders.",
        examples=f"""
            select order_id, {column} from marts.fct_orders where {column} is null or {column} not in ({allowed})
        """,  # noqa: S608 - words from above
    )


BETWEEN = "ExpectColumnValuesToBeBetween"

EXPECTATIONS: tuple[Expected, ...] = (
    Expected(
        name="orders_per_day_are_not_unusually_few",
        summary="orders_per_day",
        expectation="ExpectColumnPairValuesAToBeGreaterThanB",
        arguments={
            "column_A": "orders_count",
            "column_B": "fewest_orders",
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
        meaning="A day has less than a quarter of the orders of its weekday. Look for a feed that did not arrive.",
        severity="warn",
    ),
    Expected(
        name="orders_per_day_are_not_unusually_many",
        summary="orders_per_day",
        expectation="ExpectColumnPairValuesAToBeGreaterThanB",
        arguments={
            "column_A": "most_orders",
            "column_B": "orders_count",
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
        meaning="A day has over four times the orders of its weekday. Look for a sales event, or orders under new ids.",
        severity="warn",
    ),
    Expected(
        name="every_feed_is_fresh",
        summary="feed_freshness",
        expectation="ExpectColumnValuesToBeInSet",
        arguments={"column": "freshness_status", "value_set": ["fresh"]},
        meaning="A feed is overdue, or quiet for longer than its own rhythm explains. Look at its sender and files.",
        severity="warn",
    ),
    *(_status(column) for column in STATUSES),
    Expected(
        name="gross_less_discounts_less_returns_is_net_sales",
        summary="revenue_by_day",
        expectation=BETWEEN,
        arguments=_zero("net_gap_amount"),
        meaning="Gross sales − discounts − returns is not net sales. Look at fct_revenue_daily of these days.",
        kind="reconciliation",
        examples="""
            select business_date, recognition_clock, channel, country, category, currency, gross_sales_amount,
                discounts_amount, returns_amount, net_sales_amount
            from marts.fct_revenue_daily
            where gross_sales_amount - discounts_amount - returns_amount is distinct from net_sales_amount
        """,
    ),
    Expected(
        name="net_sales_with_tax_and_shipping_is_total_sales",
        summary="revenue_by_day",
        expectation=BETWEEN,
        arguments=_zero("total_gap_amount"),
        meaning="Net sales + tax + shipping is not total sales. Look at fct_revenue_daily of these days.",
        kind="reconciliation",
        examples="""
            select business_date, recognition_clock, channel, country, category, currency, net_sales_amount, tax_amount,
                shipping_amount, total_sales_amount
            from marts.fct_revenue_daily
            where net_sales_amount + tax_amount + shipping_amount is distinct from total_sales_amount
        """,
    ),
    Expected(
        name="every_sale_has_a_day_and_a_currency",
        summary="revenue_by_day",
        expectation=BETWEEN,
        arguments=_zero("homeless_rows"),
        meaning="Revenue without a day or a currency is in no report. Look at revenue_events.",
        examples="select * from marts.fct_revenue_daily where business_date is null or currency is null",
    ),
    Expected(
        name="every_rate_lies_between_nothing_and_all",
        summary="kpi_rates",
        expectation=BETWEEN,
        arguments={"column": "lowest_value", "min_value": 0},
        meaning="A rate is below 0 on some days. Look at its numerator in fct_kpi_daily.",
    ),
    Expected(
        name="no_rate_exceeds_all",
        summary="kpi_rates",
        expectation=BETWEEN,
        arguments={"column": "highest_value", "max_value": 1},
        meaning="A rate is above 1: its numerator counts what its denominator does not. Look at fct_kpi_daily.",
    ),
    Expected(
        name="no_kpi_has_a_negative_denominator",
        summary="kpi_ranges",
        expectation=BETWEEN,
        arguments=_zero("negative_denominators"),
        meaning="A KPI is divided by less than nothing. Look at its denominator in fct_kpi_daily.",
        severity="warn",
    ),
    Expected(
        name="every_kpi_is_in_the_catalogue",
        summary="kpi_ranges",
        expectation=BETWEEN,
        arguments=_zero("rows_without_definition"),
        meaning="A KPI has values but no definition. Look at kpi_catalogue.",
    ),
    Expected(
        name="sales_and_cash_are_explained_to_the_cent",
        summary="payments_by_currency",
        expectation=BETWEEN,
        arguments=_zero("unexplained_amount"),
        meaning="A gap between due and cash has no typed break. Look at fct_payment_reconciliation of these orders.",
        kind="reconciliation",
        examples="""
            select order_id, currency, break_type, due_amount, captured_amount, refunded_amount, unexplained_amount
            from marts.fct_payment_reconciliation where unexplained_amount is distinct from 0
        """,
    ),
    Expected(
        name="captured_less_refunded_less_due_is_the_difference",
        summary="payments_by_currency",
        expectation=BETWEEN,
        arguments=_zero("difference_gap_amount"),
        meaning="A difference is not captured − refunded − due. Look at fct_payment_reconciliation of these orders.",
        kind="reconciliation",
        examples="""
            select order_id, currency, due_amount, captured_amount, refunded_amount, difference_amount
            from marts.fct_payment_reconciliation
            where captured_amount - refunded_amount - due_amount is distinct from difference_amount
        """,
    ),
    Expected(
        name="every_payment_difference_has_a_type",
        summary="payments_by_currency",
        expectation=BETWEEN,
        arguments=_zero("rows_without_break_type"),
        meaning="An order's payments are compared but not judged. Look at break_type in fct_payment_reconciliation.",
        examples="""
            select order_id, currency, difference_amount from marts.fct_payment_reconciliation where break_type is null
        """,
    ),
    Expected(
        name="lines_add_up_to_their_orders_net_amount",
        summary="orders_against_lines",
        expectation=BETWEEN,
        arguments=_zero("net_gap_amount"),
        meaning="Orders and their lines have different net amounts. Look at these orders in both tables.",
        kind="reconciliation",
        examples="""
            with lines as (
                select order_id, sum(net_amount) as lines_net_amount from marts.fct_order_lines group by order_id
            )
            select order_id, fct_orders.net_amount, lines.lines_net_amount
            from marts.fct_orders full join lines using (order_id)
            where coalesce(fct_orders.net_amount, 0) <> coalesce(lines.lines_net_amount, 0)
        """,
    ),
    Expected(
        name="lines_add_up_to_their_orders_quantity",
        summary="orders_against_lines",
        expectation=BETWEEN,
        arguments=_zero("quantity_gap"),
        meaning="Orders and their lines have different units. Look at these orders in both tables.",
        kind="reconciliation",
        examples="""
            with lines as (
                select order_id, sum(ordered_quantity) as lines_quantity from marts.fct_order_lines group by order_id
            )
            select order_id, fct_orders.ordered_quantity, lines.lines_quantity
            from marts.fct_orders full join lines using (order_id)
            where coalesce(fct_orders.ordered_quantity, 0) <> coalesce(lines.lines_quantity, 0)
        """,
    ),
    Expected(
        name="every_ledger_row_closes",
        summary="inventory_ledger_by_day",
        expectation=BETWEEN,
        arguments=_zero("rows_off"),
        meaning="Opening and movements do not make the closing level. Look at fct_inventory_ledger of these SKUs.",
        kind="reconciliation",
        examples="""
            select sku, warehouse_id, business_date, opening_quantity, closing_quantity
            from marts.fct_inventory_ledger
            where opening_quantity + received_quantity - shipped_quantity + unshipped_quantity + restocked_quantity
                + adjusted_quantity + transferred_quantity + count_adjustment_quantity is distinct from closing_quantity
        """,
    ),
    Expected(
        name="every_ledger_day_opens_where_the_last_one_closed",
        summary="inventory_ledger_by_day",
        expectation=BETWEEN,
        arguments=_zero("rows_unchained"),
        meaning="A day opens at another level than the last one closed at. Look at fct_inventory_ledger of these SKUs.",
        kind="reconciliation",
        examples="""
            select sku, warehouse_id, business_date, opening_quantity,
                lag(closing_quantity) over (partition by sku, warehouse_id order by business_date) as closing_before
            from marts.fct_inventory_ledger
            qualify opening_quantity is distinct from coalesce(closing_before, 0)
        """,
    ),
    Expected(
        name="rows_in_are_accepted_duplicate_or_quarantined",
        summary="files_by_feed",
        expectation=BETWEEN,
        arguments=_zero("files_off"),
        meaning="Rows of a file are unaccounted for. Look at quality.files and read that file again.",
        kind="reconciliation",
        examples="""
            select source, feed, path, rows_in, accepted, duplicate, quarantined from quality.files
            where status <> 'rejected' and rows_in is distinct from accepted + duplicate + quarantined
        """,
    ),
    Expected(
        name="few_rows_are_quarantined",
        summary="files_by_feed",
        expectation=BETWEEN,
        arguments={"column": "quarantined_rate", "max_value": 0.05},
        meaning="More than one row in twenty of a feed is quarantined. Look at `orderhouse quarantine list`.",
        severity="warn",
    ),
)
