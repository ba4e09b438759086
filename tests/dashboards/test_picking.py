"""Picked rows: a code opens its list, an order its page, a SKU its ledger."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dashboards.conftest import Open, said
from tests.dashboards.published_home import publish


def picked(row: int) -> dict[str, dict[str, list[int]]]:
    """Return the state of a table in which a reader has picked a row."""
    return {"selection": {"rows": [row], "columns": [], "cells": []}}


@pytest.mark.parametrize(
    ("page", "table", "lands_on"),
    [
        ("overview", "exceptions_by_code", "Exceptions"),
        ("orders", "orders_found", "Order O-"),
        ("exceptions", "worklist", "Order "),
        ("fulfilment", "late_orders", "Order O-"),
        ("fulfilment", "backorders", "Inventory"),
        ("customers", "top_customers", "Orders"),
    ],
)
def test_picked_row_opens(page: str, table: str, lands_on: str, published: Path, open_page: Open) -> None:
    app = open_page(published, page)
    app.session_state[table] = picked(0)
    app.run()
    assert not app.exception
    assert app.title[0].value.startswith(lands_on)


def test_picked_position_shows_its_ledger(published: Path, open_page: Open) -> None:
    app = open_page(published, "inventory")
    app.session_state["positions"] = picked(2)
    app.run()
    sku = app.query_params["sku"]
    sku = sku[0] if isinstance(sku, list) else sku
    assert f"Ledger of {sku}" in [header.value for header in app.subheader]


def test_picked_code_filters_the_worklist(published: Path, open_page: Open) -> None:
    app = open_page(published)
    app.session_state["exceptions_by_code"] = picked(0)
    app.run()
    assert app.selectbox(key="code").value == "orphan_payment"


def test_back_leads_to_the_list_again(published: Path, open_page: Open) -> None:
    app = open_page(published, "orders", order="O-0000123")
    next(button for button in app.button if button.label == "All orders").click().run()
    assert app.title[0].value == "Orders"
    assert "O-0000123" not in said(app)


def test_picked_row_in_quarantine_shows_its_commands(published: Path, open_page: Open) -> None:
    app = open_page(published, "data_quality")
    app.selectbox(key="state").set_value("patched").run()
    app.session_state["quarantine"] = picked(0)
    app.run()
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
    app.session_state["quarantine"] = picked(0)
    app.run()
    assert f"ada {decision}: The provider sends refunds as negative captures." in said(app)
