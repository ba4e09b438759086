"""Summary frames for expectations: one row per day, feed, word, currency or KPI, at any number of orders.

Each frame is one query on the built warehouse. The rules for them belong to `expectations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.audit.built import has_table

__all__ = ["SUMMARIES", "NotSummarised", "Summary", "read_frame"]


class NotSummarised(Exception):
    """A frame could not be computed from the built warehouse."""


@dataclass(frozen=True)
class Summary:
    """Definition of one frame.

    Attributes:
        name: Its name in the data docs.
        table: The `schema.table` that it summarises.
        needs: Every table that the query reads; the audit fails if one is missing.
        query: DuckDB SQL. Amounts that must be zero are summed as absolute values, so that errors cannot cancel out.
        may_be_empty: True if it may have no rows though the table has some; otherwise an empty frame fails its checks.
    """

    name: str
    table: str
    needs: tuple[str, ...]
    query: str
    may_be_empty: bool = False


# Volume: each of the last 28 whole days against the median of the eight same weekdays before it. A quarter and four
# times are wide enough for sales events and narrow enough for a lost or repeated feed. Weekdays with a median below
# twenty orders have no lower bound, since they may have none by chance.
ORDERS_PER_DAY = """
    with clock as (select business_date as today from marts.as_of),
    counted as (select placed_date as business_date, count(*) as orders_count from marts.fct_orders group by all),
    known as (select min(business_date) as first_date from counted),
    days as (
        select unnest(generate_series(greatest(first_date, today - 84), today - 1, interval 1 day))::date
            as business_date
        from known, clock
    ),
    filled as (
        select days.business_date, coalesce(counted.orders_count, 0) as orders_count
        from days left join counted on counted.business_date = days.business_date
    ),
    banded as (
        select
            business_date,
            orders_count,
            count(*) over same_weekdays as history_days,
            median(orders_count) over same_weekdays as median_orders
        from filled
        window same_weekdays as (
            partition by isodow(business_date) order by business_date rows between 8 preceding and 1 preceding
        )
    )
    select
        business_date::varchar as business_date,
        orders_count,
        median_orders,
        case when history_days >= 4 and median_orders >= 20 then median_orders / 4 end as fewest_orders,
        case when history_days >= 4 then median_orders * 4 + 10 end as most_orders
    from banded, clock
    where business_date >= today - 28
    order by business_date
"""

FEED_FRESHNESS = """
    select
        source, feed, freshness_status, expected_every, due_at::varchar as due_at, quiet_days, allowed_quiet_days
    from quality.freshness
    order by source, feed
"""

STATUS_COLUMNS = ("order_status", "payment_status", "fulfilment_status", "delivery_status", "return_status", "stage")

REVENUE_BY_DAY = """
    select
        business_date::varchar as business_date,
        recognition_clock,
        count(*) as rows_count,
        sum(abs(gross_sales_amount - discounts_amount - returns_amount - net_sales_amount))::double as net_gap_amount,
        sum(abs(net_sales_amount + tax_amount + shipping_amount - total_sales_amount))::double as total_gap_amount,
        count(*) filter (where business_date is null or currency is null) as homeless_rows
    from marts.fct_revenue_daily
    group by all
    order by all
"""

KPI_RANGES = """
    select
        fct_kpi_daily.kpi,
        any_value(kpi_catalogue.unit) as unit,
        count(*) as rows_count,
        min(numerator / nullif(denominator, 0))::double as lowest_value,
        max(numerator / nullif(denominator, 0))::double as highest_value,
        count(*) filter (where denominator < 0) as negative_denominators,
        count(*) filter (where kpi_catalogue.kpi is null) as rows_without_definition
    from marts.fct_kpi_daily
    left join marts.kpi_catalogue on kpi_catalogue.kpi = fct_kpi_daily.kpi
    group by all
    order by all
"""

# These shares compare returns or sales with the sales or stock of another time, so they may exceed 1 on a quiet day.
# All other shares are parts of a whole.
UNBOUNDED_SHARES = ("return_rate_value", "return_rate_units", "sell_through")
# One row per share of the catalogue: a merchant of whom only some feeds are known may have no day of any.
KPI_RATES = f"""
    select shares.kpi, ranges.rows_count, ranges.lowest_value, ranges.highest_value
    from marts.kpi_catalogue as shares
    left join ({KPI_RANGES}) as ranges on ranges.kpi = shares.kpi
    where shares.unit = 'share' and shares.kpi not in {UNBOUNDED_SHARES}
"""  # noqa: S608 - names from above

PAYMENTS_BY_CURRENCY = """
    select
        currency,
        count(*) as orders_count,
        sum(abs(unexplained_amount))::double as unexplained_amount,
        count(*) filter (where break_type is null) as rows_without_break_type,
        sum(abs(captured_amount - refunded_amount - due_amount - difference_amount))::double as difference_gap_amount
    from marts.fct_payment_reconciliation
    group by all
    order by all
"""

ORDERS_AGAINST_LINES = """
    with order_totals as (
        select placed_date, currency, sum(net_amount) as net_amount, sum(ordered_quantity) as ordered_quantity
        from marts.fct_orders
        group by all
    ),
    line_totals as (
        select placed_date, currency, sum(net_amount) as net_amount, sum(ordered_quantity) as ordered_quantity
        from marts.fct_order_lines
        group by all
    )
    select
        coalesce(order_totals.placed_date, line_totals.placed_date)::varchar as placed_date,
        coalesce(order_totals.currency, line_totals.currency) as currency,
        (coalesce(order_totals.net_amount, 0) - coalesce(line_totals.net_amount, 0))::double as net_gap_amount,
        (coalesce(order_totals.ordered_quantity, 0) - coalesce(line_totals.ordered_quantity, 0))::double as quantity_gap
    from order_totals
    full join line_totals
        on line_totals.placed_date = order_totals.placed_date and line_totals.currency = order_totals.currency
    order by all
"""

INVENTORY_LEDGER_BY_DAY = """
    with chained as (
        select
            business_date,
            opening_quantity + received_quantity - shipped_quantity + unshipped_quantity + restocked_quantity
            + adjusted_quantity + transferred_quantity + count_adjustment_quantity - closing_quantity as row_gap,
            opening_quantity - coalesce(
                lag(closing_quantity) over (partition by sku, warehouse_id order by business_date), 0
            ) as chain_gap
        from marts.fct_inventory_ledger
    )
    select
        business_date::varchar as business_date,
        count(*) as rows_count,
        count(*) filter (where row_gap is distinct from 0) as rows_off,
        count(*) filter (where chain_gap is distinct from 0) as rows_unchained
    from chained
    group by all
    order by all
"""

FILES_BY_FEED = """
    select
        source,
        coalesce(feed, '(none)') as feed,
        count(*) as files_count,
        count(*) filter (where rows_in is distinct from accepted + duplicate + quarantined) as files_off,
        sum(rows_in)::bigint as rows_in,
        sum(quarantined)::bigint as quarantined,
        -- A load that a reread replaced has no rows in quarantine any more.
        sum(quarantined) filter (where not is_superseded)::double
        / nullif(sum(rows_in) filter (where not is_superseded), 0) as quarantined_rate
    from quality.files
    where status <> 'rejected'
    group by all
    order by all
"""


def _status_summary(column: str) -> Summary:
    query = f"select {column} as status, count(*) as orders_count from marts.fct_orders group by all order by all"  # noqa: S608
    return Summary(f"orders_by_{column}", "marts.fct_orders", ("marts.fct_orders",), query)


SUMMARIES: dict[str, Summary] = {
    summary.name: summary
    for summary in (
        # A first day of orders has no whole day before it.
        Summary("orders_per_day", "marts.fct_orders", ("marts.fct_orders", "marts.as_of"), ORDERS_PER_DAY, True),
        Summary("feed_freshness", "quality.freshness", ("quality.freshness",), FEED_FRESHNESS, True),
        *(_status_summary(column) for column in STATUS_COLUMNS),
        Summary("revenue_by_day", "marts.fct_revenue_daily", ("marts.fct_revenue_daily",), REVENUE_BY_DAY),
        Summary("kpi_ranges", "marts.fct_kpi_daily", ("marts.fct_kpi_daily", "marts.kpi_catalogue"), KPI_RANGES),
        Summary("kpi_rates", "marts.fct_kpi_daily", ("marts.fct_kpi_daily", "marts.kpi_catalogue"), KPI_RATES),
        Summary(
            "payments_by_currency",
            "marts.fct_payment_reconciliation",
            ("marts.fct_payment_reconciliation",),
            PAYMENTS_BY_CURRENCY,
        ),
        Summary(
            "orders_against_lines",
            "marts.fct_orders",
            ("marts.fct_orders", "marts.fct_order_lines"),
            ORDERS_AGAINST_LINES,
        ),
        Summary(
            "inventory_ledger_by_day",
            "marts.fct_inventory_ledger",
            ("marts.fct_inventory_ledger",),
            INVENTORY_LEDGER_BY_DAY,
        ),
        Summary("files_by_feed", "quality.files", ("quality.files",), FILES_BY_FEED, True),
    )
}


def read_frame(connection: duckdb.DuckDBPyConnection, summary: Summary) -> Any:
    """Return the rows of a summary as a pandas frame.

    Raises:
        NotSummarised: A table is missing or has other columns, or the frame is empty and may not be.
    """
    for table in summary.needs:
        if not has_table(connection, table):
            raise NotSummarised(f"The table {table.removeprefix('raw.')} is not in the warehouse.")
    try:
        frame = connection.sql(summary.query).to_arrow_table().to_pandas()
        table_has_rows = bool(connection.execute(f"select 1 from {summary.table} limit 1").fetchall())  # noqa: S608
    except duckdb.Error as error:
        raise NotSummarised(f"{summary.table} could not be summarised: {str(error).splitlines()[0]}") from None
    if frame.empty and table_has_rows and not summary.may_be_empty:
        raise NotSummarised(
            f"{summary.table} has rows, but {summary.name} selects none of them, so nothing was checked."
        )
    return frame
