"""Pages of the daily work against the published tables: what is due, parcels, returns, payments, KPIs and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.settings import Settings
from orderhouse.storage.schedule_record import Instigator, record_schedules
from streamlit.proto.Metric_pb2 import Metric as MetricProto

from tests.dashboards.conftest import Open, open_row, said, table_with
from tests.dashboards.published_home import publish
from tests.dashboards.test_numbers import ask, figure


def rows_of(app: Any, column: str) -> list[dict[str, str | None]]:
    """Return the cells of the first table that has a column, as the reader sees them."""
    return table_with(app, column).rows


def number(cell: str | None) -> float:
    """Return the number that a cell shows."""
    return float((cell or "nan").replace(",", "").removesuffix("%").strip())


DUE = {
    "Deliver what is promised for today": """
        select count(*) from ops.orders
        where late_at >= timestamp '2026-03-31 10:00:00' and late_at < timestamp '2026-03-31 22:00:00'
            and stage not in ('closed', 'delivered', 'cancelled', 'returned')
    """,
    "Ship what is ready": """
        select count(*) from ops.orders
        where order_status = 'confirmed' and allocated_quantity > 0 and is_shipment_tracked
    """,
    "Inspect returned goods": "select count(distinct return_id) from marts.fct_returns where outcome = 'received'",
    "Chase payments": "select count(*) from ops.orders where is_unpaid",
    "Reorder stock": """
        select count(*) from marts.fct_reorder_proposals where position_level = 'network' and reorder_quantity > 0
    """,
}


def test_today_counts_what_is_due(published: Path, open_page: Open) -> None:
    shown = {row["name"]: number(row["number"]) for row in rows_of(open_page(published), "meaning")}
    expected = {name: ask(published, sql)[0][0] for name, sql in DUE.items()}
    assert shown == expected
    assert 0 not in expected.values()


def test_today_ranks_exceptions_by_severity_then_by_reporting_amount(published: Path, open_page: Open) -> None:
    rows = rows_of(open_page(published), "amount_at_stake_reporting")
    ranks = [["Critical", "High", "Medium", "Low"].index(str(row["severity"])) for row in rows]
    assert ranks == sorted(ranks)
    high = [number(row["amount_at_stake_reporting"]) for row in rows if row["severity"] == "High"]
    assert len(high) > 1 and high == sorted(high, reverse=True)
    late = next(row for row in rows if row["code"] == "Late")
    total = ask(published, "select sum(amount_at_stake_reporting) from ops.exceptions where code = 'late'")[0][0]
    assert number(late["amount_at_stake_reporting"]) == pytest.approx(float(total), abs=0.006)


def test_today_shows_no_partial_sum_where_a_rate_is_missing(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            update marts.fct_exceptions set amount_at_stake_reporting = null where exception_id in (
                select min(exception_id) from marts.fct_exceptions where code = 'late'
            )
            """
        ).fetchall()
    rows = {row["code"]: row for row in rows_of(open_page(tmp_path), "amount_at_stake_reporting")}
    assert rows["Late"]["amount_at_stake_reporting"] is None
    assert rows["Delivery failed"]["amount_at_stake_reporting"] is not None


def test_tile_says_target_and_owner_and_whether_the_target_is_met(published: Path, open_page: Open) -> None:
    app = open_page(published, days="28")
    tiles = {metric.label: metric for metric in app.metric}
    assert tiles["Exception rate"].delta.startswith("Target 5.0 %") and "Operations" in tiles["Exception rate"].delta
    rate = ask(
        published,
        """
        select sum(numerator) / sum(denominator) from marts.fct_kpi_daily
        where kpi = 'exception_rate' and dimension = 'all' and business_date between '2026-03-03' and '2026-03-30'
        """,
    )[0][0]
    colours = {name: MetricProto.MetricColor.Name(tile.proto.color) for name, tile in tiles.items()}
    assert colours["Exception rate"] == ("GREEN" if rate <= 0.05 else "RED")
    assert colours["Net sales"] == "GRAY"
    assert {"GREEN", "RED"} <= set(colours.values())


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ({"carrier": "dhl"}, "carrier = 'dhl'"),
        ({"outcome": "on_the_way"}, "outcome = 'on_the_way'"),
        (
            {"late_now": "true"},
            "outcome = 'on_the_way' and order_id in (select order_id from ops.orders where is_late)",
        ),
        ({"silent": "true"}, "outcome = 'on_the_way' and order_id in (select order_id from ops.orders where is_stuck)"),
        ({"problem": "true"}, "has_delivery_problem"),
        ({"parcel_search": "s-o-0000100"}, "shipment_id = 'S-O-0000100'"),
    ],
)
def test_parcels_are_filtered_by_the_address(
    query: dict[str, str], condition: str, published: Path, open_page: Open
) -> None:
    expected = ask(published, f"select count(*) from marts.fct_shipments where {condition}")[0][0]
    app = open_page(published, "shipments", **query)
    assert figure(app, "Parcels") == f"{expected:,}" != "0"


def test_carrier_scorecard_divides_sums_and_takes_percentiles_of_all_days(published: Path, open_page: Open) -> None:
    app = open_page(published, "shipments", shipments_view="Carriers")
    shown = {row["name"]: row for row in rows_of(app, "median_hours")}
    for carrier, rate, median, p90 in ask(
        published,
        """
        with hours as (
            select carrier, unnest(list_resize([hours_in_transit], parcels_count::bigint, hours_in_transit)) as hours
            from marts.fct_carrier_hours where shipped_date between '2025-12-31' and '2026-03-30'
        ), spread as (
            select carrier, quantile_cont(hours, 0.5) as median, quantile_cont(hours, 0.9) as p90
            from hours group by carrier
        )
        select carrier, sum(on_time_count) / sum(promised_count), any_value(median), any_value(p90)
        from marts.fct_carrier_daily join spread using (carrier)
        where shipped_date between '2025-12-31' and '2026-03-30' group by carrier
        """,
    ):
        row = shown[carrier]
        assert row["on_time_rate"] == f"{rate * 100:.1f} %"
        assert (row["median_hours"], row["p90_hours"]) == (f"{median:,.1f}", f"{p90:,.1f}")


@pytest.mark.parametrize(
    ("state", "outcomes"), [("To inspect", "('received')"), ("Inspected", "('restocked', 'scrapped', 'part_scrapped')")]
)
def test_returns_are_filtered_by_state(state: str, outcomes: str, published: Path, open_page: Open) -> None:
    expected = ask(published, f"select count(distinct return_id) from marts.fct_returns where outcome in {outcomes}")
    assert figure(open_page(published, "returns", return_state=state), "Returns") == str(expected[0][0]) != "0"


def test_return_rates_leave_out_orders_that_are_too_young(published: Path, open_page: Open) -> None:
    pages = [open_page(published, "returns", returns_view="Rates", sku_page=page) for page in ("1", "2")]
    with_product = [row for app in pages for row in rows_of(app, "product")]
    returned, shipped, young = ask(
        published,
        """
        select sum(lines.returned_quantity) filter (lines.placed_date <= date '2026-03-01'),
            sum(lines.shipped_quantity) filter (lines.placed_date <= date '2026-03-01'),
            sum(lines.shipped_quantity) filter (lines.placed_date > date '2026-03-01')
        from ops.order_lines as lines join ops.orders as orders using (order_id)
        where orders.is_shipment_tracked and lines.placed_date between '2025-12-31' and '2026-03-30'
        """,
    )[0]
    assert sum(number(row["returned"]) for row in with_product) == returned > 0
    assert sum(number(row["shipped"]) for row in with_product) == shipped
    assert sum(number(row["not_final"]) for row in with_product) == young > 0


def test_parts_explain_the_whole_gap_between_sales_and_cash(published: Path, open_page: Open) -> None:
    app = open_page(published, "payments")
    gaps = {row["currency"]: number(row["gap_amount"]) for row in rows_of(app, "gap_amount")}
    parts: dict[str | None, float] = {}
    for row in rows_of(app, "part_amount"):
        parts[row["currency"]] = parts.get(row["currency"], 0) + number(row["part_amount"])
    assert parts == pytest.approx({currency: gap for currency, gap in gaps.items() if gap})


def test_journal_that_does_not_balance_is_an_error(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path, orders=200)
    assert "equal." in said(open_page(tmp_path, "payments", payments_view="Journal"))
    path.unlink()
    with duckdb.connect(str(publish(tmp_path, number=2, orders=200))) as connection:
        connection.execute(
            "update marts.fct_journal set debit_amount = debit_amount + 1 where debit_amount > 0"
        ).fetchall()
    assert "NOT equal" in said(open_page(tmp_path, "payments", payments_view="Journal"))


def test_entries_of_an_account_are_paged_and_none_is_left_out(published: Path, open_page: Open) -> None:
    account = ask(published, "select account from marts.fct_journal group by 1 order by count(*) desc limit 1")[0][0]
    query = {"payments_view": "Journal", "account": account, "journal_currency": "EUR", "days": "365"}
    app = open_page(published, "payments", **query)
    shown = next(each.value for each in app.markdown if "entries" in each.value)
    counted = int(shown.split("of ")[1].split("**")[0].replace(",", ""))
    sql = f"select count(*) from marts.fct_journal where account = '{account}' and currency = 'EUR'"
    assert counted == ask(published, sql)[0][0] > 300
    last = open_page(published, "payments", **query, entries_page=str(-(-counted // 50)))
    assert len(rows_of(last, "entry_kind")) == (counted % 50 or 50)


def test_settings_say_what_starts_by_itself_and_that_dagster_does_not_run(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    assert "nothing starts by itself" in said(open_page(tmp_path, "settings", settings_view="Runs"))
    hourly = Instigator(
        "hourly", "schedule", True, "0 * * * *", last_at="2026-03-31T10:00:00+00:00", outcome="skipped",
        message="A run is waiting already.", next_at="2026-03-31T11:00:00+00:00",
    )  # fmt: skip
    record_schedules(Settings(home=tmp_path), [hourly, Instigator("sources", "sensor", False, "5 s")])
    app = open_page(tmp_path, "settings", settings_view="Runs")
    assert "nothing starts by itself" not in said(app)
    first, second = rows_of(app, "rhythm")
    assert (first["state"], first["outcome"], first["message"]) == ("Running", "Skipped", "A run is waiting already.")
    assert "12:00" in str(first["last_at"]) and "13:00" in str(first["next_at"])  # of Berlin
    assert (second["state"], second["next_at"]) == ("Stopped", None)


def test_month_is_closed_only_after_the_box_is_ticked(published: Path, open_page: Open) -> None:
    app = open_page(published, "payments", payments_view="Closed months")
    months = next(box for box in app.selectbox if box.label == "Month to close").options
    assert "2026-02" not in months and "2026-03" not in months and "2026-01" in months
    next(button for button in app.button if button.label == "Close the month").click().run()
    assert "tick the box" in said(app)


def test_month_that_is_being_closed_is_pending_and_not_offered_again(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path)
    offered = open_page(tmp_path, "payments", payments_view="Closed months").selectbox(key="month_to_close").options
    closing = {
        "action_id": "a", "kind": "close_month", "subject_kind": "period", "subject_id": offered[0],
        "occurred_at": "2026-04-01T10:00:00Z", "actor": "fay@example.com", "role": "finance",
    }  # fmt: skip
    actions = Settings(home=tmp_path).actions
    actions.mkdir()
    (actions / f"20260401T100000000000Z-close_month-{offered[0]}.ndjson").write_text(json.dumps(closing) + "\n")
    app = open_page(tmp_path, "payments", payments_view="Closed months")
    pending = f"Pending until the next run: **Close month** {offered[0]} by fay@example.com (finance)"
    assert pending in said(app)
    assert app.selectbox(key="month_to_close").options == offered[1:]


def test_catalogue_lists_missed_targets_first_and_opens_a_kpi(published: Path, open_page: Open) -> None:
    states = [row["state"] for row in rows_of(open_page(published, "kpis"), "verdict")]
    ranks = [{"Off target": 0, "On target": 2}.get(str(state), 1) for state in states]
    assert ranks == sorted(ranks)
    assert len(states) == ask(published, "select count(*) from marts.kpi_catalogue")[0][0]
    app = open_page(published, "kpis", kpi="on_time_delivery_rate")
    assert "Orders attempted by the first promise ÷ orders promised for the day" in said(app)
    assert {"How did it develop?", "Which rows make it?"} <= {each.value for each in app.subheader}


def test_unknown_kpi_is_told(published: Path, open_page: Open) -> None:
    assert "has no KPI nonsense" in said(open_page(published, "kpis", kpi="nonsense"))


def test_sql_answers_in_the_sandbox_and_says_what_is_refused(published: Path, open_page: Open) -> None:
    app = open_page(published, "sql", sql="select count(*) as orders from ops.orders")
    next(button for button in app.button if button.label == "Run").click().run(timeout=120)
    assert app.dataframe[-1].value["orders"].tolist() == [800]
    app.text_area(key="sql").set_value("drop table ops.orders")
    next(button for button in app.button if button.label == "Run").click().run(timeout=120)
    assert "Only one reading statement is allowed" in said(app)


def test_sql_browser_shows_the_meaning_of_columns(published: Path, open_page: Open) -> None:
    app = open_page(published, "sql")
    app.selectbox(key="sql_table").set_value("ops.orders").run()
    meanings = {row["name"]: row["meaning"] or "" for row in table_with(app, "meaning").rows}
    assert meanings["stage"].startswith("Summary of the five axes")
    app.text_input(key="sql_find").set_value("five axes").run()
    found = {row["name"] for row in table_with(app, "meaning").rows}
    assert {"ops.orders.stage", "marts.fct_orders.stage"} <= found


def test_query_is_saved_for_a_role_and_opened_again(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    app = open_page(tmp_path, "sql", sql="select 7 as seven")
    app.text_input(key="view_name_sql").set_value("Seven")
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    app = open_page(tmp_path, "sql")
    assert app.text_area(key="sql").value != "select 7 as seven"
    next(button for button in app.button if button.label == "Seven").click().run()
    assert app.text_area(key="sql").value == "select 7 as seven"


def test_settings_show_the_kept_versions_and_the_runs(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, number=1, orders=50)
    publish(tmp_path, number=2, orders=50)
    versions = rows_of(open_page(tmp_path, "settings"), "build_id")
    assert [(row["number"], row["state"]) for row in versions] == [("2", "Current"), ("1", "Kept")]
    step = {
        "step": "build",
        "pid": 1,
        "began_at": "2026-03-31T09:00:00+00:00",
        "outcome": "failed",
        "message": "No disk.",
    }
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "steps.json").write_text(json.dumps({"build": step}), encoding="utf-8")
    (row,) = rows_of(open_page(tmp_path, "settings", settings_view="Runs"), "succeeded_at")
    assert (row["step"], row["outcome"], row["message"]) == ("build", "Failed", "No disk.")


def test_settings_check_a_source_without_loading_it(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "feedback-1.csv").write_text(
        "feedback_id,occurred_at,score,scale_max\nf1,2026-03-01T10:00:00Z,4,5\nf2,2026-03-01T10:00:00Z,9,5\n",
        encoding="utf-8",
    )
    (tmp_path / "sources.yaml").write_text(
        "sources:\n  survey:\n    format: canonical\n    path: landing/*\n", encoding="utf-8"
    )
    app = open_page(tmp_path, "settings", settings_view="Sources")
    open_row(app, "sources_declared")
    next(button for button in app.button if button.label == "Check now").click().run(timeout=120)
    (row,) = rows_of(app, "problems")
    assert (row["rows_in"], row["accepted"], row["quarantined"]) == ("2", "1", "1")
    assert "maximum" in str(row["problems"])


def test_settings_list_the_roles(published: Path, open_page: Open) -> None:
    rows = rows_of(open_page(published, "settings", settings_view="Access"), "reveals")
    actions = {row["role"]: row["actions"] for row in rows}
    assert list(actions) == ["viewer", "agent", "operator", "finance", "marketing", "admin"]
    assert "hold" in str(actions["agent"]) and "approve_return" not in str(actions["agent"]) and not actions["viewer"]
