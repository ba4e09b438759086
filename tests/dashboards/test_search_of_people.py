"""Tests of the search for people on the page of orders: an address finds the orders that hold its token."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import polars as pl
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import entries
from orderhouse.operations.finding import ACTION, MOST_SEARCHES, token_of_person
from orderhouse.settings import Settings
from orderhouse.vault.vault import open_vault

from tests.dashboards.conftest import Open, said
from tests.dashboards.published_home import publish
from tests.dashboards.test_finding import found

ADDRESS, PHONE = "anna.quittenbaum@example.com", "+49 171 5550199"


def test_address_and_telephone_number_find_the_orders_of_their_tokens(tmp_path: Path, open_page: Open) -> None:
    path = publish(tmp_path, orders=50)
    settings = Settings(home=tmp_path)
    with open_vault(settings) as vault:
        of_address = vault.tokens_of("email", pl.DataFrame({"value": [ADDRESS]}))["token"].item()
        of_phone = vault.tokens_of("phone", pl.DataFrame({"value": [PHONE]}))["token"].item()
    with duckdb.connect(str(path)) as published:
        ids = [row[0] for row in published.execute("select order_id from ops.orders order by 1 limit 4").fetchall()]
        for order, column, value in (
            (ids[0], "customer_id", of_address),
            (ids[1], "customer_id", f"eu-{of_address}"),
            (ids[2], "customer_token", of_address),
            (ids[3], "customer_id", of_phone),
        ):
            published.execute(f"update marts.fct_orders set {column} = ? where order_id = ?", [value, order])
    for asked, number in ((ADDRESS, 3), (ADDRESS.upper(), 3), (PHONE, 1), (of_address, 3), ("b@c.de", 0)):
        app = open_page(tmp_path, "orders", q=asked)
        assert found(app) == set(ids[:3] if number == 3 else ids[3:4] if number else []), asked


def test_role_that_does_not_reveal_finds_the_orders_and_nothing_of_the_person(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared import people

    path = publish(tmp_path, orders=50)
    settings = Settings(home=tmp_path)
    with open_vault(settings) as vault:
        token = vault.tokens_of("email", pl.DataFrame({"value": [ADDRESS]}))["token"].item()
    with duckdb.connect(str(path)) as published:
        ((order,),) = published.execute("select max(order_id) from ops.orders").fetchall()
        published.execute("update marts.fct_orders set customer_token = ? where order_id = ?", [token, order])
    (tmp_path / "access.yaml").write_text("mode: oidc\npeople: {eve@example.com: viewer}\n")
    signed = {"is_logged_in": True, "email": "eve@example.com", "sub": "eve", "iat": time.time()}
    monkeypatch.setattr(people, "claims", lambda: signed)
    app = open_page(tmp_path, "orders", q=ADDRESS)
    assert found(app) == {order} and ADDRESS not in said(app)
    assert app.query_params["q"] in (token, [token])
    searches = [entry for entry in entries(settings) if entry.action == ACTION]
    assert [(each.actor, each.role, each.subject, each.detail) for each in searches] == [
        ("eve@example.com", "viewer", token, "{}")
    ]
    viewer = BUILT_IN["viewer"]
    for number in range(MOST_SEARCHES - 1):
        token_of_person(settings, actor="eve@example.com", role=viewer, written=f"guess{number}@example.com")
    app = open_page(tmp_path, "orders", q=ADDRESS)
    assert "The role viewer may search for 30 people in an hour" in said(app)
    assert len(found(app)) == 50 and app.query_params["q"] in ("", [""])


def test_searches_are_counted_by_person_and_hour_and_only_for_roles_that_do_not_reveal(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    open_vault(settings).connection.close()

    def search(actor: str, role: str) -> str | None:
        return token_of_person(settings, actor=actor, role=BUILT_IN[role], written=ADDRESS)

    assert token_of_person(settings, actor="ann", role=BUILT_IN["viewer"], written="C-1042") is None
    for _ in range(MOST_SEARCHES):
        search("ann", "viewer")
    with pytest.raises(OrderhouseError, match="in an hour"):
        search("ann", "viewer")
    assert search("joann", "viewer") and search("ann", "agent")
    now = datetime.now(UTC) + timedelta(hours=2)
    with patch("orderhouse.operations.finding.datetime") as clock:
        clock.now.return_value = now
        assert search("ann", "viewer")
