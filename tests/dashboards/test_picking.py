"""Picked rows: a code opens its list, an order its page, a SKU its ledger."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import Open, open_row, said, table_with
from tests.dashboards.published_home import publish


@pytest.mark.parametrize(
    ("page", "table", "lands_on"),
    [
        ("today", "exceptions_by_code", "Exceptions"),
        ("orders", "orders", "Order O-"),
        ("exceptions", "worklist", "Orphan payment: "),
        ("fulfilment", "late_orders", "Order O-"),
        ("fulfilment", "backorders", "Inventory"),
        ("customers", "top_customers", "Orders"),
        ("today", "feeds_today", "Data quality"),
        ("shipments", "parcels", "Parcel S-O-"),
        ("shipments?shipments_view=To ship", "orders_to_ship", "Order O-"),
        ("returns", "return_lines", "Return RET-"),
        ("payments?payments_view=Unpaid orders", "unpaid_orders", "Order O-"),
        ("payments?break=unpaid", "orders_of_break", "Order O-"),
        ("kpis", "kpi_catalogue", "KPIs"),
    ],
)
def test_picked_row_opens(page: str, table: str, lands_on: str, published: Path, open_page: Open) -> None:
    name, _, query = page.partition("?")
    app = open_page(published, name, **dict([query.split("=")] if query else []))
    open_row(app, table)
    assert not app.exception
    assert app.title[0].value.startswith(lands_on)


def test_picked_position_shows_its_ledger(published: Path, open_page: Open) -> None:
    app = open_page(published, "inventory")
    open_row(app, "positions", 2)
    sku = app.query_params["sku"]
    sku = sku[0] if isinstance(sku, list) else sku
    assert f"Ledger of {sku}" in [header.value for header in app.subheader]


def test_picked_code_filters_the_worklist(published: Path, open_page: Open) -> None:
    app = open_page(published)
    open_row(app, "exceptions_by_code")
    assert app.selectbox(key="code").value == "orphan_payment"


def test_back_leads_to_the_list_again(published: Path, open_page: Open) -> None:
    app = open_page(published, "orders", order="O-0000123")
    next(button for button in app.button if button.label == "All orders").click().run()
    assert app.title[0].value == "Orders"
    assert "O-0000123" not in said(app)


def test_picked_row_in_quarantine_shows_its_commands(published: Path, open_page: Open) -> None:
    app = open_page(published, "data_quality")
    app.selectbox(key="state").set_value("patched").run()
    open_row(app, "quarantine")
    assert not app.exception
    commands = "\n".join(each.value for each in app.code)
    assert "orderhouse quarantine replay " in commands and "quarantine repair" not in commands


@pytest.mark.parametrize(
    ("kind", "decision"),
    [
        ("patch", "repaired the row"),
        ("record_patch", "repaired the record"),
        ("discard", "discarded the row"),
        ("withdraw", "withdrew a decision"),
    ],
)
def test_picked_row_in_quarantine_shows_its_decision(kind: str, decision: str, tmp_path: Path, open_page: Open) -> None:
    with duckdb.connect(str(publish(tmp_path))) as connection:
        connection.execute("update quality.quarantine set repair_kind = ? where state = 'discarded'", [kind]).fetchall()
    app = open_page(tmp_path, "data_quality")
    app.selectbox(key="state").set_value("discarded").run()
    open_row(app, "quarantine")
    assert f"ada {decision}: The provider sends refunds as negative captures." in said(app)


@pytest.mark.parametrize(
    ("what", "lands_on", "key", "value"),
    [
        ("Deliver what is promised for today", "Shipments", "shipments_view", "Promised today"),
        ("Ship what is ready", "Shipments", "shipments_view", "To ship"),
        ("Inspect returned goods", "Returns", "return_state", "To inspect"),
        ("Chase payments", "Payments", "payments_view", "Unpaid orders"),
        ("Reorder stock", "Inventory", "reorder", True),
    ],
)
def test_work_that_is_due_opens_its_list(
    what: str, lands_on: str, key: str, value: object, published: Path, open_page: Open
) -> None:
    app = open_page(published)
    names = [row["name"] for row in table_with(app, "meaning").rows]
    open_row(app, "due_today", names.index(what))
    assert not app.exception
    assert app.title[0].value == lands_on
    assert app.session_state[key] == value
