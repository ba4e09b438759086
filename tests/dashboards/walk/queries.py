"""Queries of the figures of every page that are no KPI, by page, view and label."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FIGURES", "OF_ONE", "ROWS_OF_ONE"]

RATED = "case when count(*) = count({0}) then sum({0}) end"
OPEN = "outcome = 'on_the_way'"
REFUNDS = "ops.exceptions where code in ('received_not_refunded', 'cancelled_not_refunded') and is_in_worklist"
PARCELS = "from marts.fct_shipments"
OF_ORDER = "from marts.fct_shipments as parcels join ops.orders using (order_id)"
NETWORK = "from marts.fct_inventory_positions where position_level = 'network'"
PROPOSED = "from marts.fct_reorder_proposals where position_level = 'network'"
SAID = """
    from marts.fct_forecast_outcomes where forecast_level = 'category_week' and not is_censored
        and origin_date = (
            select min(origin_date) from marts.fct_forecast_outcomes where forecast_level = 'category_week'
        )
"""
# Parcels of the first carrier by name, and of the first one beside it, by destination.
MOVED = """
    from (
        select one.ship_country, one.parcels, one.late / one.known::double as late_rate,
            other.late / other.known::double as other_late_rate, one.cost, other.cost as other_cost,
            dense_rank() over (order by one.carrier, other.carrier) as place
        from lanes as one join lanes as other on one.ship_country = other.ship_country and one.carrier <> other.carrier
        where one.known >= 10 and other.known >= 10
    ) where place = 1
"""
LANES = """
    with lanes as (
        select coalesce(ship_country, 'unknown') as ship_country, carrier, count(*) as parcels,
            count(is_on_time) as known, count(*) filter (not is_on_time) as late,
            round(avg(cost_amount_reporting), 4) as cost
        from marts.fct_shipments cross join marts.as_of
        where shipped_date > business_date - 365 and outcome <> 'cancelled' and carrier is not null group by all
    )
"""
FILES = "from quality.files where not is_superseded"
TESTED = "from marts.fct_delivery_risk_accuracy where age_days = 0"
VALUED = "from marts.fct_customer_value"
BOUGHT = "from marts.dim_customers where purchases_count >= 1"
PEOPLE = "from marts.dim_customers where substr(customer_key, 1, 2) <> 'o:'"
MAY_BE_TOLD = "email_token is not null and has_marketing_consent"
# A share of a customer by the hash of two names, as arms and the control group are assigned.
SHARE = """('0x' || substr(sha256('["{0}", "' || customer_key || '"]'), 1, 16))::ubigint / pow(2, 64)"""
IN_CONTROL = f"""{SHARE.format('control", "orderhouse')} < 0.05"""
HELD_OUT = f"{SHARE.format('new_campaign')} < 0.2"


@dataclass(frozen=True)
class Sum:
    """Query of one figure, and its unit: `money` for the reporting currency, else as `UNITS` has it."""

    sql: str
    unit: str = "count"


# Page, view (the parameter of the address that names it, or none) and label of each figure that is no KPI. `{where}`
# is the condition of the address.
FIGURES: dict[tuple[str, str], dict[str, Sum]] = {
    ("orders", "list"): {
        "Orders placed": Sum("select count(*) from ops.orders where {where}"),
        "Late now": Sum("select count(*) from ops.orders where is_late and {where}"),
        "Backordered": Sum("select count(*) from ops.orders where backordered_quantity > 0 and {where}"),
        "On hold": Sum("select count(*) from ops.orders where order_status = 'on_hold' and {where}"),
    },
    ("exceptions", "list"): {
        "Open": Sum("select count(*) from ops.exceptions where is_in_worklist"),
        "Orders touched": Sum("select count(distinct order_id) from ops.exceptions where is_in_worklist"),
        "Critical or high": Sum(
            "select count(*) from ops.exceptions where is_in_worklist and severity not in ('medium', 'low')"
        ),
        "Oldest": Sum("select max(age_hours) / 24 from ops.exceptions where is_in_worklist", "days"),
    },
    ("shipments", "list"): {
        "Parcels": Sum(f"select count(distinct shipment_id) {PARCELS}"),
        "On their way": Sum(f"select count(distinct shipment_id) {PARCELS} where {OPEN}"),
        "Late now": Sum(f"select count(distinct shipment_id) {OF_ORDER} where {OPEN} and is_late"),
        "Silent": Sum(f"select count(distinct shipment_id) {OF_ORDER} where {OPEN} and is_stuck"),
        "Lost": Sum(f"select count(distinct shipment_id) {PARCELS} where outcome = 'lost'"),
    },
    ("inventory", "list"): {
        "SKUs": Sum("select count(distinct sku) from marts.fct_inventory_positions"),
        "On hand": Sum(
            "select sum(on_hand_quantity) from marts.fct_inventory_positions where position_level = 'warehouse'"
        ),
        "Stock value": Sum(
            f"select sum(stock_value_amount) {NETWORK} and currency = (select reporting_currency from marts.as_of)",
            "money",
        ),
        "Out of stock": Sum(f"select count(*) {NETWORK} and stockout_risk = 'out_of_stock'"),
        "Backordered": Sum("select sum(backordered_quantity) from ops.order_lines where {stocked}"),
        "To reorder": Sum("select sum(lines_count) from marts.fct_purchase_proposals"),
    },
    ("forecasts", "Service level"): {
        "Safety stock": Sum(
            "select sum(ceil(1.644854 * lead_deviation_quantity) * average_cost_amount) "
            "from marts.fct_reorder_proposals where position_level = 'network'",
            "money",
        ),
        "Units": Sum(
            "select sum(ceil(1.644854 * lead_deviation_quantity)) "
            "from marts.fct_reorder_proposals where position_level = 'network'"
        ),
        "At the reorder point": Sum(
            "select count(*) from marts.fct_service_levels "
            "where position_level = 'network' and service_level_rate = 0.95 and is_at_reorder_point"
        ),
        "By forecast": Sum(f"select count(*) {PROPOSED} and basis = 'forecast'"),
    },
    ("forecasts", "What was said"): {
        "Periods over": Sum(f"select count(*) {SAID}"),
        "WAPE": Sum(f"select sum(abs(expected_value - actual_value)) / sum(actual_value) {SAID}", "share"),
        "WAPE of the baseline": Sum(
            f"select sum(abs(baseline_value - actual_value)) / sum(actual_value) {SAID}", "share"
        ),
        "Within p10–p90": Sum(
            f"select avg((actual_value >= p10_value and actual_value <= p90_value)::integer) {SAID}", "share"
        ),
    },
    ("forecasts", "Carriers"): {
        "Parcels moved": Sum(f"{LANES} select 0.5 * sum(parcels) {MOVED}"),
        "Late so far": Sum(f"{LANES} select 0.5 * sum(parcels * late_rate) {MOVED}"),
        "Late parcels": Sum(f"{LANES} select 0.5 * sum(parcels * (other_late_rate - late_rate)) {MOVED}"),
        "Cost": Sum(f"{LANES} select 0.5 * sum(parcels * (other_cost - cost)) {MOVED}", "money"),
    },
    ("returns", "list"): {
        "Returns": Sum("select count(distinct return_id) from ops.returns"),
        "Open": Sum("select count(distinct return_id) from marts.fct_returns where outcome = 'open'"),
        "To inspect": Sum("select count(distinct return_id) from marts.fct_returns where outcome = 'received'"),
        "Units asked for": Sum("select sum(requested_quantity) from ops.returns"),
        "Units back": Sum("select sum(returned_quantity) from marts.fct_returns"),
    },
    ("returns", "Refunds due"): {
        "Refunds due": Sum(f"select count(*) from {REFUNDS}"),
        "Owed back": Sum(
            f"select case when bool_and(amount_at_stake is null or amount_at_stake_reporting is not null) "
            f"then sum(amount_at_stake_reporting) end from {REFUNDS}",
            "money",
        ),
        "Oldest": Sum(f"select max(age_hours) / 24 from {REFUNDS}", "days"),
    },
    ("payments", "Unpaid orders"): {
        "Unpaid orders": Sum("select count(*) from ops.orders where is_unpaid"),
        "Owed to us": Sum(
            f"select {RATED.format('owed_to_us_amount_reporting')} from ops.orders where is_unpaid", "money"
        ),
    },
    ("fulfilment", "list"): {
        "Predictions tested": Sum(f"select sum(predictions_count) {TESTED}"),
        "Late": Sum(f"select sum(late_count) / sum(predictions_count) {TESTED}", "share"),
        "Predicted": Sum(f"select sum(probability_sum)::double / sum(predictions_count) {TESTED}", "share"),
        "Brier score": Sum(f"select sum(squared_error_sum)::double / sum(predictions_count) {TESTED}"),
        "Brier score of the base rate": Sum(
            f"select sum(base_squared_error_sum)::double / sum(predictions_count) {TESTED}"
        ),
    },
    ("routing", "list"): {
        "Proposals": Sum("select count(*) from marts.fct_routing_proposals"),
        "Orders": Sum("select count(distinct order_id) from marts.fct_routing_proposals"),
        "Units": Sum("select coalesce(sum(quantity), 0) from marts.fct_routing_proposals"),
        "Parcels": Sum("select count(distinct order_id || ' ' || warehouse_id) from marts.fct_routing_proposals"),
        "In time": Sum("select avg(is_within_promise::int) from marts.fct_routing_proposals", "share"),
    },
    ("routing", "Estimates"): {
        "Parcels tested": Sum("select sum(timed_count) from marts.fct_lane_accuracy"),
        "Within the estimate": Sum(
            "select sum(in_time_count) / sum(timed_count) from marts.fct_lane_accuracy", "share"
        ),
        "Estimated cost of a parcel": Sum(
            "select sum(estimated_cost_amount_reporting) / nullif(sum(costed_count), 0) from marts.fct_lane_accuracy",
            "money",
        ),
        "Real cost of a parcel": Sum(
            "select sum(cost_amount_reporting) / nullif(sum(costed_count), 0) from marts.fct_lane_accuracy", "money"
        ),
    },
    ("customers", "list"): {
        "Customers": Sum(f"select count(*) {VALUED}"),
        "Expected value, 365 days": Sum(f"select sum(expected_value_365_amount_reporting) {VALUED}", "money"),
        "Expected purchases, 90 days": Sum(f"select sum(expected_purchases_90) {VALUED}"),
        "Still buy": Sum(f"select avg(alive_probability) {VALUED}", "share"),
        "Error of the model": Sum("select holdout_error from marts.fct_customer_value_accuracy where is_latest"),
        "Error of the average": Sum(
            "select holdout_average_error from marts.fct_customer_value_accuracy where is_latest"
        ),
        "Customers who bought": Sum(f"select count(*) {BOUGHT}"),
        "Bought again": Sum(f"select count(*) filter (purchases_count >= 2) / nullif(count(*), 0) {BOUGHT}", "share"),
        "Net spend": Sum(f"select {RATED.format('net_spend_amount_reporting')} {BOUGHT}", "money"),
        "Consent": Sum(f"select count(*) filter (has_marketing_consent) / nullif(count(*), 0) {BOUGHT}", "share"),
    },
    ("data_quality", "list"): {
        "Rows in": Sum(f"select coalesce(sum(rows_in), 0) {FILES}"),
        "Accepted": Sum(f"select coalesce(sum(accepted), 0) {FILES}"),
        "Duplicate": Sum(f"select coalesce(sum(duplicate), 0) {FILES}"),
        "Quarantined": Sum(f"select coalesce(sum(quarantined), 0) {FILES}"),
        "Files": Sum(f"select count(distinct file_id) {FILES}"),
    },
    ("campaigns", "list"): {
        "Match": Sum(f"select count(*) {PEOPLE}"),
        "Fall out": Sum(f"select count(*) {PEOPLE} and not coalesce({MAY_BE_TOLD}, false)"),
        "Treated": Sum(f"select count(*) {PEOPLE} and {MAY_BE_TOLD} and not {IN_CONTROL} and not {HELD_OUT}"),
        "Held out": Sum(f"select count(*) {PEOPLE} and {MAY_BE_TOLD} and not {IN_CONTROL} and {HELD_OUT}"),
        "Control group": Sum(f"select count(*) {PEOPLE} and {MAY_BE_TOLD} and {IN_CONTROL}"),
    },
    ("exports", "list"): {
        "Rows": Sum("select count(*) from {table}"),
        "Columns": Sum("select count(*) from (describe {table})"),
        "Version": Sum("select {version}"),
    },
}
FIGURES["revenue", "list"] = {
    label: Sum(f"select {RATED.format(column + '_reporting')} from marts.fct_revenue_daily where {{period}}", "money")
    for label, column in (
        ("Gross sales", "gross_sales_amount"),
        ("Net sales", "net_sales_amount"),
        ("Total sales", "total_sales_amount"),
        ("Refunds", "refunds_amount"),
        ("Fees", "fees_amount"),
        ("Cost of goods", "cost_of_goods_amount"),
        ("Gross margin", "gross_margin_amount"),
    )
} | {"Orders recognised": Sum("select sum(orders_count) from marts.fct_revenue_daily where {period}")}
# Figures of one record: the columns that they show.
OF_ONE = {
    "order": {
        "Ordered": ("money", "ordered_due_amount"),
        "Due": ("money", "due_amount"),
        "Captured": ("paid", "captured_amount"),
        "Refunded": ("paid", "refunded_amount"),
        "Owed to us": ("paid", "owed_to_us_amount"),
        "Owed back": ("paid", "owed_back_amount"),
    },
    "parcel": {
        "Order to departure": ("hours", "hours_to_ship"),
        "Departure to first scan": ("hours", "hours_to_pick_up"),
        "Between depots": ("hours", "hours_between_depots"),
        "Last mile": ("hours", "hours_on_last_mile"),
        "In transit": ("hours", "hours_in_transit"),
        "Cost": ("cost", "cost_amount"),
    },
    "return": {
        "Asked for": ("count", "sum(requested_quantity)"),
        "Back": ("count", "sum(returned_quantity)"),
        "To arrival": ("hours", "arg_min(hours_to_receive, line_id)"),
        "To refund": ("hours", "arg_min(hours_to_refund, line_id)"),
    },
}
ROWS_OF_ONE = {
    "order": "ops.orders where order_id = ?",
    "parcel": "marts.fct_shipments where shipment_id = ? order by order_id limit 1",
    "return": "marts.fct_returns where return_id = ?",
}
