"""Numbers that lead to a list, or that two pages show: each equals the other."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orderhouse.serve.queries import exceptions_by_code, file_counts

from tests.dashboards.conftest import Open, open_row, said, table_with, tables_of
from tests.dashboards.published_home import publish
from tests.dashboards.test_numbers import figure

LEFT = """
    create or replace table marts.handled as
    select exception_id from marts.fct_exceptions where code = 'late' order by order_id limit 3;
    insert into marts.fct_exceptions by name
    select * replace (md5(exception_id) as exception_id, 'received_not_refunded' as code)
    from marts.fct_exceptions where code = 'late' order by order_id limit 5;
    insert into marts.handled
    select exception_id from marts.fct_exceptions where code = 'received_not_refunded' order by order_id limit 2;
    create or replace view ops.exceptions as
    select *, null::varchar as assignee, null::varchar as resolved_by, 0::bigint as notes_count,
        exception_id in (from marts.handled) as is_snoozed, exception_id not in (from marts.handled) as is_in_worklist,
        null::date as snoozed_until, null::timestamp as resolved_at from marts.fct_exceptions;
"""


@pytest.fixture
def handled(tmp_path: Path) -> Path:
    """Publish a home in which three late orders and two of five refunds are snoozed."""
    with duckdb.connect(str(publish(tmp_path))) as connection:
        connection.execute(LEFT).fetchall()
    return tmp_path


def ask(home: Path, sql: str) -> int:
    with duckdb.connect(str(home / "published" / "warehouse-1.duckdb"), read_only=True) as connection:
        (found,) = connection.execute(sql).fetchall()
    return int(found[0])


def test_today_counts_the_exceptions_that_its_list_shows(handled: Path, open_page: Open) -> None:
    app = open_page(handled)
    rows = table_with(app, "open_count").rows
    position = next(number for number, row in enumerate(rows) if row["code"] == "Late")
    shown = str(rows[position]["open_count"])
    assert int(shown) == ask(handled, "select count(*) - 3 from ops.exceptions where code = 'late'") > 0
    open_row(app, "exceptions_by_code", position)
    assert f"of {shown}** exceptions" in said(app)


def test_today_counts_the_refunds_that_its_list_shows(handled: Path, open_page: Open) -> None:
    app = open_page(handled)
    rows = table_with(app, "meaning").rows
    position = next(number for number, row in enumerate(rows) if row["name"] == "Refund what is owed")
    assert rows[position]["number"] == "3"
    open_row(app, "due_today", position)
    assert figure(app, "Refunds due") == "3"
    assert "of 3** refunds due" in said(app)


def test_late_orders_are_those_in_the_worklist(handled: Path, open_page: Open) -> None:
    left = ask(handled, "select count(*) from ops.exceptions where code = 'late' and is_in_worklist")
    assert f"of {left}** orders that are late now" in said(open_page(handled, "fulfilment"))


def test_end_of_a_run_counts_the_worklist(handled: Path) -> None:
    with duckdb.connect(str(handled / "published" / "warehouse-1.duckdb"), read_only=True) as connection:
        found = {row["code"]: row["open_exceptions"] for row in exceptions_by_code(connection)}
    assert found["received_not_refunded"] == 3
    assert found["late"] == ask(handled, "select count(*) - 3 from ops.exceptions where code = 'late'")


def test_carriers_have_one_median_on_both_pages(tmp_path: Path, open_page: Open) -> None:
    with duckdb.connect(str(publish(tmp_path))) as connection:
        connection.execute("delete from marts.fct_carrier_hours where carrier = 'dhl'").fetchall()
        # Two parcels: the median lies between their hours, in none of the buckets.
        connection.execute(
            "insert into marts.fct_carrier_hours values ('dhl', 'standard', 'a', date '2026-03-30', 10, 1), "
            "('dhl', 'standard', 'a', date '2026-03-30', 21, 1)"
        ).fetchall()
    pages = (("fulfilment", {"days": "7"}), ("shipments", {"days": "7", "shipments_view": "Carriers"}))
    shown = []
    for page, query in pages:
        table = table_with(open_page(tmp_path, page, **query), "median_hours")
        assert "(hours)" in table.headings["median_hours"]
        shown.append({row["name"]: row["median_hours"] for row in table.rows})
    assert shown[0] == shown[1]
    assert shown[0]["dhl"] == "15.5"


def test_data_quality_and_status_count_the_same_rows_and_files(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path)
    with duckdb.connect(str(path)) as connection:
        # A bundle: the file of orders gives shipments too.
        connection.execute(
            "insert into quality.files by name select * replace ('shipments' as feed, 'derived' as role) "
            "from quality.files where feed = 'orders' and batch_id = 12"
        ).fetchall()
        counts = file_counts(connection)
        total = connection.execute("select sum(rows_in), count(*) from quality.files").fetchall()[0]
    app = open_page(tmp_path, "data_quality")
    shown = {name: int(figure(app, name).replace(",", "")) for name in ("Rows in", "Accepted", "Files")}
    assert shown == {"Rows in": counts["rows_in"], "Accepted": counts["accepted"], "Files": counts["files"]}
    assert (counts["rows_in"], counts["files"]) == (total[0], total[1] - 1)


def test_points_of_feedback_are_shown_in_full(tmp_path: Path, open_page: Open) -> None:
    with duckdb.connect(str(publish(tmp_path))) as connection:
        connection.execute("update marts.fct_feedback set score = 4.5, scale_max = 5, topic = 'half'").fetchall()
    app = open_page(tmp_path, "feedback", feedback_by="topic")
    answers = table_with(app, "score", "scale_max").rows
    assert {(row["score"], row["scale_max"]) for row in answers} == {("4.5", "5")}
    (scores,) = next(table for table in tables_of(app) if "best_points" in table.headings).rows
    assert float(str(scores["points"])) == 4.5 * int(str(scores["answers"]))
