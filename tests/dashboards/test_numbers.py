"""Numbers on the pages against the published tables: found orders, sums of a period and empty sums."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish

PERIOD = "business_date between date '2026-03-03' and date '2026-03-30'"


def ask(home: Path, sql: str) -> Any:
    with duckdb.connect(str(home / "published" / "warehouse-1.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def amount(cell: str | None) -> Decimal:
    assert cell is not None
    return Decimal(cell.replace(",", ""))


def figure(app: Any, name: str) -> str:
    return str(next(metric.value for metric in app.metric if metric.label == name))


def test_search_text_is_never_sql(published: Path, open_page: Open) -> None:
    app = open_page(published, "orders", q="x' or 1=1 --")
    assert figure(app, "Orders placed") == "0"
    assert "Nothing is called" in said(app)


def test_filters_narrow_the_list(published: Path, open_page: Open) -> None:
    expected = ask(published, "select count(*) from ops.orders where stage in ('late', 'on_hold') and channel = 'web'")[
        0
    ][0]
    app = open_page(published, "orders")
    app.multiselect(key="stage").set_value(["late", "on_hold"])
    app.multiselect(key="channel").set_value(["web"]).run()
    assert figure(app, "Orders placed") == str(expected) != "0"


def test_one_order_shows_its_axes_and_its_money(published: Path, open_page: Open) -> None:
    order, due, currency = ask(
        published,
        "select order_id, due_amount, currency from ops.orders where stage = 'closed' and payment_status = 'paid'",
    )[0]
    app = open_page(published, "orders", order=order)
    shown = said(app)
    assert f"Order {order}" in shown
    assert "Payment: Paid" in shown
    assert figure(app, "Due") == f"{currency} {due:,.2f}"
    assert {"Lines", "Payments", "Shipments", "Returns", "Timeline"} <= {header.value for header in app.subheader}


def test_axis_without_a_feed_is_not_tracked(published: Path, open_page: Open) -> None:
    order = ask(published, "select order_id from ops.orders where payment_status = 'not_tracked' limit 1")[0][0]
    app = open_page(published, "orders", order=order)
    assert "Payment: Not tracked" in said(app)
    assert figure(app, "Captured") == "Not tracked"


def test_unknown_order_is_explained(published: Path, open_page: Open) -> None:
    assert "has no order nowhere" in said(open_page(published, "orders", order="nowhere"))


def test_kpi_of_a_period_is_summed_numerator_over_summed_denominator(published: Path, open_page: Open) -> None:
    value = ask(
        published,
        f"""
        select sum(numerator) / sum(denominator) from marts.fct_kpi_daily
        where kpi = 'on_time_delivery_rate' and dimension = 'all' and {PERIOD}
        """,
    )[0][0]
    assert figure(open_page(published, days="28"), "On-time delivery") == f"{value * 100:.1f} %"


def test_average_order_value_is_reproduced_by_the_orders_shown_beside_it(published: Path, open_page: Open) -> None:
    amount, orders = ask(
        published,
        f"""
        select sum(numerator), sum(denominator) from marts.fct_kpi_daily
        where kpi = 'average_order_value' and dimension = 'all' and {PERIOD}
        """,
    )[0]
    app = open_page(published, days="28")
    value = next(metric for metric in app.metric if metric.label == "Average order value")
    assert figure(app, "Orders recognised") == f"{orders:,.0f}" != figure(app, "Orders placed")
    assert f"Here: {amount.normalize():,f} ÷ {orders:,.0f}." in value.help
    assert value.value == f"EUR {amount / orders:,.2f}"


def test_bridge_adds_up_to_the_cent(published: Path, open_page: Open) -> None:
    parts = ask(
        published,
        f"""
        select sum(gross_sales_amount_reporting), sum(discounts_amount_reporting), sum(returns_amount_reporting),
            sum(net_sales_amount_reporting)
        from marts.fct_revenue_daily where recognition_clock = 'placed' and {PERIOD}
        """,
    )[0]
    gross, discounts, returns, net = (Decimal(part) for part in parts)
    assert gross - discounts - returns == net
    left = f"EUR {gross:,.2f} gross sales − EUR {discounts:,.2f} discounts − EUR {returns:,.2f} returns"
    assert f"{left} = EUR {net:,.2f} net sales" in said(open_page(published, "revenue"))


@pytest.mark.parametrize("clock", ["placed", "paid", "shipped", "delivered"])
def test_every_row_of_the_revenue_page_adds_up_as_it_is_shown(clock: str, published: Path, open_page: Open) -> None:
    app = open_page(published, "revenue", clock=clock)
    tables = [found for found in tables_of(app) if "gross_sales_amount" in found.headings]
    assert len(tables) == 3
    shown: list[dict[str, Decimal]] = [
        {name: amount(cell) for name, cell in row.items() if name.endswith("_amount")}
        for table in tables
        for row in table.rows
    ]
    heads = {metric.label: Decimal(metric.value.removeprefix("EUR ").replace(",", "")) for metric in app.metric}
    shown.append(
        {"net_sales_amount": heads["Net sales"]}
        | {
            name: heads[label]
            for name, label in (("cost_of_goods_amount", "Cost of goods"), ("gross_margin_amount", "Gross margin"))
        }
    )
    assert len(shown) > 10
    for row in shown:
        if "gross_sales_amount" in row:
            net = row["gross_sales_amount"] - row["discounts_amount"] - row["returns_amount"]
            assert net == row["net_sales_amount"]
            assert net + row["tax_amount"] + row["shipping_amount"] == row["total_sales_amount"]
        if "gross_margin_amount" in row:
            assert row["net_sales_amount"] - row["cost_of_goods_amount"] == row["gross_margin_amount"]
    days, parts, clocks = (sum(amount(row["net_sales_amount"]) for row in table.rows) for table in tables)
    assert days == parts == heads["Net sales"]
    assert clocks != days


def test_amount_without_a_rate_leaves_its_sum_empty(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            update marts.fct_revenue_daily set tax_amount_reporting = null, total_sales_amount_reporting = null,
                missing_rates_count = 1
            where currency = 'EUR' and business_date = date '2026-03-15'
            """
        ).fetchall()
    app = open_page(tmp_path, "revenue")
    assert figure(app, "Total sales") == "–"
    assert figure(app, "Net sales") != "–"
    assert "without an exchange rate" in said(app)


def test_exceptions_are_counted_by_code(published: Path, open_page: Open) -> None:
    expected = ask(published, "select count(*) from ops.exceptions where code = 'late'")[0][0]
    assert figure(open_page(published, "exceptions", code="late"), "Open") == str(expected) != "0"


def test_error_is_shown_if_rows_in_do_not_add_up(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path, orders=50)
    assert "Rows in = accepted + duplicate + quarantined" in said(open_page(tmp_path, "data_quality"))
    path.unlink()
    path = publish(tmp_path, number=2, orders=50)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update quality.files set accepted = accepted - 1 where path like '%orders-03.csv'"
        ).fetchall()
    assert "1 file does not add up" in said(open_page(tmp_path, "data_quality"))
