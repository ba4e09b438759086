"""Search of orders: by any of their names, in any case; a person by the token of the address alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.access.roles import OWNER
from orderhouse.operations.audit_log import entries
from orderhouse.operations.finding import token_of_person
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys

from tests.dashboards.conftest import Open, said, tables_of
from tests.dashboards.published_home import publish

ADDRESS = "Eve.Adams@Example.com"


def ask(home: Path, sql: str) -> Any:
    file = home / "published" / (home / "published" / "current").read_text()
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def found(app: Any) -> set[str]:
    """Return the ids of the found orders: of the list, or of the one that opened."""
    title = app.title[0].value
    if title.startswith("Order "):
        return {title.removeprefix("Order ")}
    return {str(row["order_id"]) for table in tables_of(app) for row in table.rows}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lower(order_id)", "order_id"),
        ("ltrim(right(order_id, 7), '0')", "order_id"),
        ("left(order_id, 8)", "left(order_id, 8)"),
        ("lower(tracking_id)", "tracking_id"),
        ("lower(customer_id)", "customer_id"),
        ("left(customer_token, 8)", "customer_token"),
        ("upper(left(customer_token, 20))", "customer_token"),
    ],
)
def test_order_is_found_by(written: str, meant: str, published: Path, open_page: Open) -> None:
    typed, value = ask(published, f"select {written}, {meant} from ops.orders where order_id = 'O-0000640'")[0]
    expected = {order for (order,) in ask(published, f"select order_id from ops.orders where {meant} = '{value}'")}
    assert 0 < len(expected) <= 50
    assert found(open_page(published, "orders", q=typed)) == expected


@pytest.mark.parametrize("typed", ["a1b2c3", "A1B2C3"])
def test_order_with_a_lower_case_id_is_found_by_its_beginning(typed: str, tmp_path: Path, open_page: Open) -> None:
    with duckdb.connect(str(publish(tmp_path, orders=50))) as connection:
        connection.execute(
            "update marts.fct_orders set order_id = 'a1b2c3d4e5f6' where order_id = 'O-0000007'"
        ).fetchall()
    assert found(open_page(tmp_path, "orders", q=typed)) == {"a1b2c3d4e5f6"}


def test_order_is_found_by_the_carriers_number(published: Path, open_page: Open) -> None:
    number, order = ask(published, "select lower(tracking_number), order_id from ops.shipments limit 1")[0]
    assert found(open_page(published, "orders", q=number)) == {order}


def test_only_hit_opens_once_and_several_are_listed(published: Path, open_page: Open) -> None:
    app = open_page(published, "orders", q="o-0000123")
    assert app.title[0].value == "Order O-0000123"
    next(button for button in app.button if button.label == "All orders").click().run()
    assert app.title[0].value == "Orders", "Back from the only hit leads to the list"
    assert found(app) == {"O-0000123"}


def test_sku_lists_its_orders_and_offers_its_page(published: Path, open_page: Open) -> None:
    number = ask(published, "select count(distinct order_id) from ops.order_lines where sku = 'SKU-003'")[0][0]
    app = open_page(published, "orders", q="sku-003")
    assert f"of {number}**" in said(app)
    next(button for button in app.button if button.label == "Open the SKU SKU-003").click().run()
    assert app.title[0].value == "Inventory"


def test_nothing_found_says_what_was_looked_for(published: Path, open_page: Open) -> None:
    page = said(open_page(published, "orders", q="no such thing"))
    assert "Nothing is called “no such thing”" in page and "a carrier's tracking number" in page


def test_address_finds_its_orders_and_is_shown_and_kept_nowhere(tmp_path: Path, open_page: Open) -> None:
    settings = Settings(home=tmp_path)
    load_keys(settings)
    token = token_of_person(settings, actor="anna", role=OWNER, written=ADDRESS)
    path = publish(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update marts.fct_orders set customer_token = ? where order_id in ('O-0000007', 'O-0000008')", [token]
        )
    app = open_page(tmp_path, "orders", q=ADDRESS.upper())
    assert found(app) == {"O-0000007", "O-0000008"}
    assert app.query_params["q"] in (token, [token])
    assert app.text_input(key="q").value == token
    assert "eve.adams" not in said(app).lower()
    assert not [entry for entry in entries(settings) if "eve.adams" in str(entry).lower()]
    assert "eve.adams" not in "".join(str(key) + str(app.session_state[key]) for key in ("q", "q.looked")).lower()
