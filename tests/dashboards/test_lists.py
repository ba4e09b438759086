"""Lists: order, pages, filters in the URL, and the CSV of all rows."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.listed import listed_csv
from orderhouse.settings import Settings
from shared import formats

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish


def first_column(app: object) -> list[str | None]:
    table = tables_of(app)[0]  # type: ignore[arg-type]
    return [next(iter(row.values())) for row in table.rows]


def ask(home: Path, sql: str) -> list[tuple[object, ...]]:
    file = home / "published" / (home / "published" / "current").read_text()
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, "placed_at desc"),
        ("-due_amount", "due_amount_reporting desc"),
        ("due_amount", "due_amount_reporting"),
        ("ordered_quantity", "ordered_quantity"),
    ],
)
def test_page_of_a_list_is_that_of_the_whole_result(
    sort: str | None, order: str, published: Path, open_page: Open
) -> None:
    expected = ask(
        published, f"select order_id from ops.orders order by {order} nulls last, order_id limit 50 offset 100"
    )
    app = open_page(published, "orders", page="3", **({"sort": sort} if sort else {}))
    assert first_column(app) == [order_id for (order_id,) in expected]
    assert "101–150 of 800" in said(app)


def test_days_of_the_address_filter_the_list(published: Path, open_page: Open) -> None:
    ((expected,),) = ask(
        published, "select count(*) from ops.orders where placed_date between '2026-01-05' and '2026-01-11'"
    )
    assert 0 < int(str(expected)) < 50
    app = open_page(published, "orders", placed="2026-01-05..2026-01-11")
    assert len(first_column(app)) == expected


def test_every_row_is_on_exactly_one_page(published: Path, open_page: Open) -> None:
    seen: list[str | None] = []
    for page in range(1, 17):
        seen += first_column(open_page(published, "orders", sort="channel", page=str(page)))
    assert sorted(map(str, seen)) == [
        order for (order,) in ask(published, "select order_id from ops.orders order by 1")
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"stage": "laet"}, "Stage: “laet” is unknown here"),
        ({"sort": "customer_token"}, "no column “customer_token” to sort by"),
        ({"page": "99"}, "There is no page “99”: the last is 16"),
        ({"page": "x"}, "There is no page “x”"),
        ({"placed": "yesterday"}, "“yesterday” is no range of days"),
    ],
)
def test_unknown_value_of_the_address_is_answered(
    query: dict[str, str], sentence: str, published: Path, open_page: Open
) -> None:
    app = open_page(published, "orders", **query)
    assert not app.exception
    assert sentence in said(app)


def test_words_of_the_address_are_stored_words_or_labels_in_any_case(published: Path, open_page: Open) -> None:
    expected = ask(published, "select count(*) from ops.orders where stage = 'on_hold'")[0][0]
    for word in ("on_hold", "On hold", "ON_HOLD"):
        assert f"of {expected}**" in said(open_page(published, "orders", stage=word))


def test_choices_are_written_into_the_address_and_lists_begin_anew(published: Path, open_page: Open) -> None:
    app = open_page(published, "orders", page="3")
    app.multiselect(key="channel").set_value(["web"]).run()
    assert app.query_params["channel"] in ("web", ["web"])
    assert "page" not in app.query_params
    assert "1–50 of" in said(app)


def test_inventory_lists_every_sku_the_greatest_risk_first(published: Path, open_page: Open) -> None:
    ranks = {"Out of stock": 0, "High": 1, "Medium": 2, "Low": 3, None: 4}
    total = ask(published, "select count(*) from marts.fct_inventory_positions where position_level = 'network'")[0][0]
    app = open_page(published, "inventory")
    table = next(table for table in tables_of(app) if table.name == "positions")
    shown = [ranks[row["stockout_risk"]] for row in table.rows]
    assert shown == sorted(shown) and len(set(shown)) > 1
    assert f"of {total}** SKUs" in said(app)


def test_csv_holds_all_rows_exactly_and_guards_formulas(tmp_path: Path) -> None:
    path = publish(tmp_path, orders=60)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update marts.fct_orders set ship_country = '=1+1' where order_id = 'O-0000001'")
    sql = "select order_id, ship_country, due_amount from ops.orders where placed_at > ? order by order_id"
    written = listed_csv(Settings(home=tmp_path), OWNER, 1, sql, ["2000-01-01"])
    rows = list(csv.DictReader(io.StringIO(written.decode())))
    assert len(rows) == 60
    assert rows[0]["ship_country"] == "'=1+1"
    due = ask(tmp_path, "select due_amount from ops.orders order by order_id")
    assert [Decimal(row["due_amount"]) for row in rows] == [amount for (amount,) in due]


def test_csv_is_refused_to_a_role_without_exports(tmp_path: Path) -> None:
    publish(tmp_path, orders=50)
    role = Role(name="viewer", exports=False)
    with pytest.raises(OrderhouseError, match="viewer may not export"):
        listed_csv(Settings(home=tmp_path), role, 1, "select 1", [])


def test_every_amount_has_the_digits_of_its_own_currency(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path, orders=60)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update marts.fct_orders set currency = 'JPY', due_amount = 124726 where order_id = 'O-0000001'"
        )
        connection.execute(
            "update marts.fct_orders set currency = 'KWD', due_amount = 1.5 where order_id = 'O-0000002'"
        )
    rows = [
        *tables_of(open_page(tmp_path, "orders", page="1"))[0].rows,
        *tables_of(open_page(tmp_path, "orders", page="2"))[0].rows,
    ]
    due = {row["order_id"]: row["due_amount"] for row in rows}
    assert (due["O-0000001"], due["O-0000002"]) == ("124,726", "1.500")
    assert len(str(due["O-0000003"]).partition(".")[2]) == 2


def test_numbers_and_days_are_written_in_the_locale(
    published: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHOUSE_LOCALE", "de")
    try:
        app = open_page(published, "orders")
        assert all(
            "," in str(row["due_amount"]) and "." not in str(row["due_amount"])[-3:] for row in tables_of(app)[0].rows
        )
    finally:
        formats.use_locale("en")
