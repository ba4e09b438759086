"""Saved views: they keep chosen columns with their order, and Today counts their rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.operations.saved_views import save_view
from orderhouse.settings import Settings

from tests.dashboards.conftest import Open, open_row, table_with, tables_of
from tests.dashboards.published_home import publish
from tests.dashboards.test_numbers import ask


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish a home in which views are saved."""
    home = tmp_path_factory.mktemp("views")
    publish(home, orders=400)
    return home


@pytest.mark.parametrize(
    ("page", "columns"), [("orders", ["due_amount", "order_id", "stage"]), ("exceptions", ["detail", "code"])]
)
def test_view_keeps_the_chosen_columns_in_their_order(
    home: Path, open_page: Open, page: str, columns: list[str]
) -> None:
    app = open_page(home, page)
    everything = list(table_with(app, columns[0]).headings)
    assert len(everything) > 9 and everything != columns
    for name in columns:  # as a reader picks them, one after the other
        app.multiselect(key="columns").select(name).run()
    assert app.query_params["columns"] == columns
    app.text_input(key=f"view_name_{page}").input("Mine")
    next(button for button in app.button if button.label == "Save").click().run()
    other = open_page(home, page)
    next(button for button in other.button if button.label == "Mine").click().run()
    assert list(table_with(other, columns[0]).headings) == columns
    assert len(tables_of(other)[0].rows) > 5


def test_unknown_column_of_the_address_is_answered(home: Path, open_page: Open) -> None:
    app = open_page(home, "orders", columns="profit")
    assert len(table_with(app, "order_id").headings) > 9
    assert any("“profit” is unknown here" in each.value for each in app.warning)


VIEWS = {
    "Late in Germany": (
        "orders",
        {"late": ["now"], "country": ["DE", "FR"], "sort": ["-placed_at"]},
        "select count(*) from ops.orders where is_late and ship_country in ('DE', 'FR')",
    ),
    "March, with exceptions": (
        "orders",
        {"placed": ["2026-03-01..2026-03-31"], "stage": ["no_such_word"], "exception": ["any"]},
        "select count(*) from ops.orders where placed_date between '2026-03-01' and '2026-03-31' "
        "and order_id in (select order_id from ops.exceptions)",
    ),
    "One SKU": (
        "orders",
        {"q": ["sku-001"]},
        "select count(distinct order_id) from ops.order_lines where sku = 'SKU-001'",
    ),
    "High ones": ("exceptions", {"severity": ["high"]}, "select count(*) from ops.exceptions where severity = 'high'"),
    "To inspect": (
        "returns",
        {"return_state": ["To inspect"]},
        "select count(*) from marts.fct_returns where outcome = 'received'",
    ),
    "Parcels": ("shipments", {}, None),
}


def test_today_counts_the_rows_of_views_and_opens_them(home: Path, open_page: Open) -> None:
    settings = Settings(home=home)
    for name, (page, query, _) in VIEWS.items():
        save_view(settings, owner="anna", page=page, name=name, query=query, shared_with="all")
    app = open_page(home)
    shown = {row["name"]: row["rows"] for row in table_with(app, "shared").rows}
    for name, (_, _, sql) in VIEWS.items():
        expected = ask(home, sql)[0][0] if sql else None
        assert shown[name] == (f"{expected:,}" if sql else None), name
        assert expected != 0, name
    place = [row["name"] for row in table_with(app, "shared").rows].index("High ones")
    opened = open_row(app, "saved_views", place)
    assert opened.title[0].value == "Exceptions" and opened.query_params["severity"] in ("high", ["high"])
